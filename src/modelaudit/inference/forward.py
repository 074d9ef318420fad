"""One unit through the model: logits, single tokens, hidden states or gradients of the rows in it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from contextlib import nullcontext
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from modelaudit.errors import CapabilityError
from modelaudit.inference.half import half
from modelaudit.inference.inputs import ModelInput
from modelaudit.inference.packing import Packing, padded
from modelaudit.inference.tokens import at_places, fills, generates, log_probs, next_tokens, token_statistics
from modelaudit.inference.units import OF_STATES, OF_TOKENS, Unit, Want

if TYPE_CHECKING:
    from transformers import PreTrainedModel

__all__ = ["Answers", "Forward", "is_out_of_memory", "parameters_of"]

Floats = NDArray[np.float32]
Answers = Callable[[], list[Floats]]

_OF_TOKENS: dict[Want, Callable[[Any, Sequence[ModelInput]], Any]] = {
    "log_probs": log_probs,
    "next_tokens": next_tokens,
    "token_statistics": token_statistics,
}

# Of torch and of ONNX Runtime.
_CPU_ALLOCATOR = (
    "defaultcpuallocator",
    "not enough memory",
    "can't allocate memory",
    "failed to allocate memory",
    "bad_alloc",
)


def is_out_of_memory(error: RuntimeError) -> bool:
    """Tell whether a device ran out of memory; the CPU allocator has no exception type of its own."""
    if isinstance(error, torch.cuda.OutOfMemoryError):
        return True
    message = str(error).lower()
    return any(sign in message for sign in _CPU_ALLOCATOR)


class Forward:
    """Runs units of a model on its device; every answer is a read-only float32 array.

    Attributes:
        packing: the packed encoder, set once a probe has found that the model has one.
        per_token: whether the model answers per token; known once it has been asked for logits.
    """

    def __init__(self, model: PreTrainedModel, device: str) -> None:
        self.packing: Packing | None = None
        self.per_token = False
        self._model = model
        self._device = torch.device(device)
        self._base = getattr(model, model.base_model_prefix, model) if model.base_model_prefix else model
        self._fill = int(getattr(model.config, "pad_token_id", None) or 0)

    @property
    def generates(self) -> bool:
        """Whether the model is a language model, whose head gives the next token."""
        return generates(self._model)

    @property
    def fills(self) -> bool:
        """Whether the model is a masked language model, whose head gives the token at each place."""
        return fills(self._model)

    @property
    def headless(self) -> bool:
        """Whether the head can't be told from the rest, and so has half precision wherever the encoder has."""
        return self._base is self._model

    def run(self, unit: Unit) -> list[Floats]:
        """Return one answer for each row of the unit; `start` and wait."""
        return self.start(unit)()

    def start(self, unit: Unit) -> Answers:
        """Ask the model, and return a function that waits for the answers, one for each row of the unit.

        On a CUDA device answers are on their way to the host while the next unit runs.

        Raises:
            CapabilityError: the model does not have what is wanted.
            RuntimeError: whatever torch raises; see `is_out_of_memory`.
        """
        if unit.want == "gradients":
            answers = self._gradients(unit)
            return lambda: answers
        with torch.inference_mode(), half(self._base, self._device) if unit.half else nullcontext():
            return self._packed(unit) if unit.packed else self._plain(unit)

    def _plain(self, unit: Unit) -> Answers:
        filled = self._filled(unit)
        if unit.want in OF_TOKENS:
            return self._of_tokens(unit, filled)
        if unit.want in OF_STATES:
            states = _field(self._ask(self._base, *filled), "last_hidden_state")
            if unit.want == "states":
                return self._wanted(states.flatten(0, 1), unit.inputs)
            means = self._host(states.to(torch.float64).mean(dim=1)[: len(unit.inputs)])
            return lambda: list(means())
        logits = _field(self._ask(self._model, *filled), "logits")
        self.per_token = logits.dim() == 3
        if self.per_token:
            return self._wanted(logits.flatten(0, 1), unit.inputs)
        _refuse_positions(unit.inputs)
        table = self._host(logits[: len(unit.inputs)])
        return lambda: list(table())

    def _of_tokens(self, unit: Unit, filled: tuple[Any, Any, Any]) -> Answers:
        if self.fills:
            logits, rows = self._at_places(unit, filled)
        elif self.generates:
            logits = _field(self._ask(self._model, *filled, tail=unit.inputs[0].tail), "logits")
            rows = unit.inputs
        else:
            raise CapabilityError("this model is no language model and knows no next token")
        found = _OF_TOKENS[unit.want](logits, rows)
        ends = np.cumsum([len(_positions(row)) for row in unit.inputs])[:-1]
        landed = self._host(found)
        return lambda: [_frozen(piece.copy()) for piece in np.split(landed(), ends)]

    def _at_places(self, unit: Unit, filled: tuple[Any, Any, Any]) -> tuple[Any, Sequence[ModelInput]]:
        """Return the logits at the wanted places alone, and the rows as they then are: these places of each."""
        wanted = [_positions(row) for row in unit.inputs]
        places = np.stack([*wanted, *wanted[-1:] * (unit.width - len(wanted))])
        with at_places(self._model, self._tensor(places)):
            logits = _field(self._ask(self._model, *filled), "logits")
        if logits.shape[1] != places.shape[1]:
            return logits, unit.inputs
        every = np.arange(places.shape[1], dtype=np.int32)
        return logits, [
            ModelInput(row.ids[at], gather=every, targets=row.targets) if at.size else row
            for row, at in zip(unit.inputs, wanted, strict=True)
        ]

    def _packed(self, unit: Unit) -> Answers:
        assert self.packing is not None
        lengths = [len(row) for row in unit.inputs]
        rows = unit.want == "logits" and not self.per_token
        ids, types = (self._tensor(part) for part in padded(unit.inputs, fill=self._fill))
        module, field = (self._base, "last_hidden_state") if unit.want in OF_STATES else (self._model, "logits")
        with self.packing.packed(lengths, slots=unit.slots, heads=unit.width if rows else None):
            output = _field(self._ask(module, ids, types), field)
        if rows:
            _refuse_positions(unit.inputs)
            table = self._host(output[: len(lengths)])
            return lambda: list(table())
        real = output[0, : sum(lengths)]
        if unit.want == "hidden":
            means = self._host(torch.stack([piece.to(torch.float64).mean(dim=0) for piece in real.split(lengths)]))
            return lambda: list(means())
        return self._wanted(real, unit.inputs)

    def _wanted(self, positions: Any, rows: Sequence[ModelInput]) -> Answers:
        """Return the answers at the wanted positions of rows that lie end to end in (n, C); no others are copied."""
        wanted = [_positions(row) for row in rows]
        starts = np.cumsum([0, *map(len, rows)])
        places = np.concatenate([start + one for start, one in zip(starts, wanted, strict=False)])
        chosen = self._host(positions[torch.from_numpy(places).to(self._device)])
        ends = np.cumsum(list(map(len, wanted)))[:-1]
        # Copies, so that the memo does not hold the whole unit's outputs.
        return lambda: [_frozen(piece.copy()) for piece in np.split(chosen(), ends)]

    def _host(self, tensor: Any) -> Callable[[], Floats]:
        """Start the copy to the host, and return a function that waits for it."""
        if self._device.type != "cuda":
            answer = _array(tensor)
            return lambda: answer
        landed = torch.empty(tensor.shape, dtype=torch.float32, pin_memory=True)
        landed.copy_(tensor, non_blocking=True)
        done: Any = torch.cuda.Event()  # type: ignore[no-untyped-call]
        done.record()

        def wait() -> Floats:
            done.synchronize()
            return _frozen(landed.numpy().copy())

        return wait

    def _filled(self, unit: Unit) -> tuple[Any, Any | None, Any | None]:
        """Ids, type ids and positions of a unit of one length, filled up to its width with copies of the last row."""
        rows = [*unit.inputs, *[unit.inputs[-1]] * (unit.width - len(unit.inputs))]
        ids, types = padded(rows, fill=self._fill)
        moved = [row.positions for row in rows if row.positions is not None]
        positions = np.stack(moved).astype(np.int64) if moved else None
        return self._tensor(ids), self._tensor(types), self._tensor(positions)

    def _tensor(self, part: NDArray[np.int64] | None) -> Any:
        if part is None:
            return None
        tensor = torch.from_numpy(part)
        if self._device.type == "cuda":
            return tensor.pin_memory().to(self._device, non_blocking=True)
        return tensor

    def _ask(self, module: Any, ids: Any, types: Any, positions: Any = None, *, tail: int = 0) -> Any:
        taken = parameters_of(type(module).forward)
        arguments: dict[str, Any] = {"input_ids": ids}
        if positions is not None:
            if "position_ids" not in taken:
                raise CapabilityError("this model counts positions itself and can't be told them")
            # Without a mask, positions that jump are taken for several rows laid end to end.
            arguments |= {"position_ids": positions, "attention_mask": torch.ones_like(ids)}
        if tail and "logits_to_keep" in taken:
            arguments["logits_to_keep"] = tail
        if types is not None and "token_type_ids" in taken:
            arguments["token_type_ids"] = types
        if "return_dict" in taken:
            arguments["return_dict"] = True
        if "use_cache" in taken:
            arguments["use_cache"] = False
        return module(**arguments)

    def _gradients(self, unit: Unit) -> list[Floats]:
        """Differentiate at the output of the input embedding, so that ids still set positions and masks."""
        captured: list[torch.Tensor] = []

        def capture(_module: object, _args: object, output: torch.Tensor) -> torch.Tensor:
            captured.append(output.detach().requires_grad_(True))
            return captured[-1]

        hook = _input_embedding(self._model).register_forward_hook(capture)
        try:
            with torch.inference_mode(False), torch.enable_grad():
                logits = _field(self._ask(self._model, *self._filled(unit)), "logits")
                score = torch.stack(
                    [
                        _score(logits[i], row, class_)
                        for i, (row, class_) in enumerate(zip(unit.inputs, unit.classes, strict=True))
                    ]
                )
                (slope,) = torch.autograd.grad(score.sum(), captured[:1])
        finally:
            hook.remove()
        table = _array(slope)
        return [_frozen(table[i].copy()) for i in range(len(unit.inputs))]


@cache
def parameters_of(forward: Callable[..., Any]) -> frozenset[str]:
    """Return the names of a method's parameters."""
    return frozenset(inspect.signature(forward).parameters)


def _score(logits: Any, row: ModelInput, class_: int) -> Any:
    """One number a row: its logit, or the mean logit over the wanted positions."""
    if logits.dim() == 1:
        return logits[class_]
    return logits[torch.from_numpy(_positions(row)).to(logits.device), class_].mean()


def _positions(row: ModelInput) -> NDArray[np.int64]:
    """Return the wanted positions of a row, all where none are named."""
    every = np.arange(len(row))
    # Picked from the row's own: beyond its end its neighbour lies.
    return every if row.gather is None else every[row.gather]


def _refuse_positions(rows: Sequence[ModelInput]) -> None:
    if any(row.gather is not None for row in rows):
        raise CapabilityError("single positions were asked for, but this model gives one answer a row")


def _array(tensor: Any) -> Floats:
    return _frozen(np.ascontiguousarray(tensor.detach().to("cpu", torch.float32).numpy()))


def _frozen(array: Floats) -> Floats:
    # Answers are shared by all who ask; nobody may write into them.
    array.flags.writeable = False
    return array


def _field(output: Any, name: str) -> Any:
    value = getattr(output, name, None)
    if value is None:
        raise CapabilityError(
            f"this model gives no {name}; ask a model that has a head for logits, an encoder for states"
        )
    return value


def _input_embedding(model: PreTrainedModel) -> Any:
    try:
        return model.get_input_embeddings()
    except NotImplementedError as error:
        raise CapabilityError("this model has no input embeddings to differentiate by") from error
