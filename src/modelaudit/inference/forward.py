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
from modelaudit.inference.families import IDS, fills, generates, marks_spans, reads, transcribes, translates, two_halves
from modelaudit.inference.fields import field_of, in_a_row, logits_of
from modelaudit.inference.global_attention import attended_from_everywhere
from modelaudit.inference.half import half
from modelaudit.inference.inputs import ModelInput
from modelaudit.inference.packing import Packing, padded
from modelaudit.inference.restoring import restored
from modelaudit.inference.spans import span_log_probs
from modelaudit.inference.tokens import at_places, log_probs, next_tokens, token_statistics
from modelaudit.inference.transcripts import ctc_log_probs, heard
from modelaudit.inference.units import OF_STATES, OF_TOKENS, Unit, Want
from modelaudit.inference.writing import written

if TYPE_CHECKING:
    from transformers import PreTrainedModel

__all__ = ["Answers", "Forward", "is_out_of_memory", "parameters_of"]

Floats = NDArray[np.float32]
Answers = Callable[[], list[Floats]]
Arguments = dict[str, Any]

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
        self._reads = reads(model)
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
    def translates(self) -> bool:
        """Whether the model is an encoder-decoder that writes, whose head gives the next token of its decoder."""
        return translates(self._model)

    @property
    def marks_spans(self) -> bool:
        """Whether the model gives each token of a row as the start and as the end of an answer."""
        return marks_spans(self._model)

    @property
    def transcribes(self) -> bool:
        """Whether the model gives a character at each frame of a sound, or none."""
        return transcribes(self._model)

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
        if unit.want == "generated":
            return self._generated(unit, filled)
        if unit.want == "ctc_log_prob":
            return self._transcribed(unit, filled)
        if unit.want in OF_TOKENS:
            return self._marked(unit, filled) if self.marks_spans else self._of_tokens(unit, filled)
        if unit.want in OF_STATES:
            states = in_a_row(field_of(self._ask(self._encoder, filled), "last_hidden_state"))
            if unit.want == "states":
                return self._wanted(states.flatten(0, 1), unit.inputs, of=states.shape[1])
            means = self._host(states.to(torch.float64).mean(dim=1)[: len(unit.inputs)])
            return lambda: list(means())
        logits = self._logits(filled)
        self.per_token = logits.dim() == 3
        if self.per_token:
            return self._wanted(logits.flatten(0, 1), unit.inputs, of=logits.shape[1])
        _refuse_positions(unit.inputs)
        table = self._host(logits[: len(unit.inputs)])
        return lambda: list(table())

    def _logits(self, filled: Arguments) -> Any:
        try:
            return logits_of(self._ask(self._model, filled))
        except ValueError as error:
            # A base model of two halves, asked for what a head would give, misses what its decoder should read.
            if "decoder_input_ids" in filled or not two_halves(self._model):
                raise
            reason = (str(error).strip().splitlines() or ["its decoder is asked nothing"])[0]
            raise CapabilityError(f"this model gives no logits of what it reads ({reason:.200})") from error

    @property
    def _encoder(self) -> Any:
        """What gives states of a row: the base model, or the half of it that reads."""
        if not two_halves(self._model):
            return self._base
        reader = getattr(self._model, "get_encoder", None)
        # A classifier on the half that reads has this half alone.
        alone = getattr(self._model, "encoder", None) if self._base is self._model else None
        return alone if alone is not None else reader() if reader is not None else self._base

    def _generated(self, unit: Unit, filled: Arguments) -> Answers:
        rows = len(unit.inputs)
        if transcribes(self._model):
            logits = logits_of(self._ask(self._model, filled))
            found = heard(logits[:rows], unit.inputs, blank=self._fill)
        elif self.generates or self.translates:
            found = written(self._model, self._taken(self._model, filled), most=unit.classes[0], rows=rows)
        else:
            raise CapabilityError("this model writes nothing")
        return lambda: [_frozen(piece) for piece in found]

    def _transcribed(self, unit: Unit, filled: Arguments) -> Answers:
        if not transcribes(self._model):
            raise CapabilityError("this model gives no transcript frame by frame")
        logits = logits_of(self._ask(self._model, filled))
        found = ctc_log_probs(logits[: len(unit.inputs)], unit.inputs, blank=self._fill)
        return lambda: [_frozen(piece) for piece in found]

    def _marked(self, unit: Unit, filled: Arguments) -> Answers:
        if unit.want != "log_probs":
            raise CapabilityError("this model marks spans and knows no next token")
        tables = self._host(logits_of(self._ask(self._model, filled))[: len(unit.inputs)])
        return lambda: [_frozen(piece) for piece in span_log_probs(tables(), unit.inputs)]

    def _of_tokens(self, unit: Unit, filled: Arguments) -> Answers:
        rows: Sequence[ModelInput]
        if self.fills:
            logits, rows = self._at_places(unit, filled)
        elif self.translates:
            logits, rows = logits_of(self._ask(self._model, filled)), [row.decoded for row in unit.inputs]
        elif self.generates:
            logits, rows = logits_of(self._ask(self._model, filled, tail=unit.inputs[0].tail)), unit.inputs
        else:
            raise CapabilityError("this model is no language model and knows no next token")
        found = _OF_TOKENS[unit.want](logits, rows)
        ends = np.cumsum([len(_positions(row)) for row in rows])[:-1]
        landed = self._host(found)
        return lambda: [_frozen(piece.copy()) for piece in np.split(landed(), ends)]

    def _at_places(self, unit: Unit, filled: Arguments) -> tuple[Any, Sequence[ModelInput]]:
        """Return the logits at the wanted places alone, and the rows as they then are: these places of each."""
        wanted = [_positions(row) for row in unit.inputs]
        places = np.stack([*wanted, *wanted[-1:] * (unit.width - len(wanted))])
        with at_places(self._model, self._tensor(places)):
            logits = logits_of(self._ask(self._model, filled))
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
        arguments = self._texts(unit.inputs)
        with self.packing.packed(lengths, slots=unit.slots, heads=unit.width if rows else None):
            if unit.want in OF_STATES:
                output = field_of(self._ask(self._base, arguments), "last_hidden_state")
            else:
                output = logits_of(self._ask(self._model, arguments))
        if rows:
            _refuse_positions(unit.inputs)
            table = self._host(output[: len(lengths)])
            return lambda: list(table())
        real = output[0, : sum(lengths)]
        if unit.want == "hidden":
            means = self._host(torch.stack([piece.to(torch.float64).mean(dim=0) for piece in real.split(lengths)]))
            return lambda: list(means())
        return self._wanted(real, unit.inputs)

    def _wanted(self, positions: Any, rows: Sequence[ModelInput], *, of: int | None = None) -> Answers:
        """Return the answers at the wanted positions of rows that lie end to end in (n, C); no others are copied.

        Each row has `of` positions, or as many as it has tokens.
        """
        lengths = [len(row) if of is None else of for row in rows]
        wanted = [_positions(row, of=length) for row, length in zip(rows, lengths, strict=True)]
        starts = np.cumsum([0, *lengths])
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

    def _filled(self, unit: Unit) -> Arguments:
        """What the model is given of a unit of rows that are alike, filled up to its width with copies of the last."""
        rows = [*unit.inputs, *[unit.inputs[-1]] * (unit.width - len(unit.inputs))]
        filled: Arguments = {}
        if rows[0].values is not None:
            filled[self._reads] = self._tensor(np.stack([row.values for row in rows if row.values is not None]))
        else:
            filled |= self._texts(rows)
            moved = [row.positions for row in rows if row.positions is not None]
            if moved:
                filled["position_ids"] = self._tensor(np.stack(moved).astype(np.int64))
        decoders = [row.decoder for row in rows if row.decoder is not None]
        if decoders:
            filled["decoder_input_ids"] = self._tensor(np.stack(decoders).astype(np.int64))
        return filled

    def _texts(self, rows: Sequence[ModelInput]) -> Arguments:
        """Ids of rows, padded to one length, and their type ids where they have them."""
        ids, types = padded(rows, fill=self._fill)
        found = {IDS: self._tensor(ids)}
        if (attended := attended_from_everywhere(self._model, ids)) is not None:
            found["global_attention_mask"] = self._tensor(attended)
        return found if types is None else found | {"token_type_ids": self._tensor(types)}

    def _tensor(self, part: NDArray[Any]) -> Any:
        tensor = torch.from_numpy(part)
        if self._device.type == "cuda":
            return tensor.pin_memory().to(self._device, non_blocking=True)
        return tensor

    def _ask(self, module: Any, filled: Arguments, *, tail: int = 0) -> Any:
        restored(self._base)
        taken = parameters_of(type(module).forward)
        arguments = self._taken(module, filled)
        if "position_ids" in filled:
            if "position_ids" not in taken:
                raise CapabilityError("this model counts positions itself and can't be told them")
            # Without a mask, positions that jump are taken for several rows laid end to end.
            arguments["attention_mask"] = torch.ones_like(filled[IDS])
        if tail and "logits_to_keep" in taken:
            arguments["logits_to_keep"] = tail
        if "return_dict" in taken:
            arguments["return_dict"] = True
        if "use_cache" in taken:
            arguments["use_cache"] = False
        return module(**arguments)

    def _taken(self, module: Any, filled: Arguments) -> Arguments:
        """Return what a module takes of the arguments: its main input, and whatever its method names."""
        taken = parameters_of(type(module).forward)
        # Some call a sound's features by another name inside than the model does.
        main = {self._reads} & filled.keys()
        renamed = {"input_features": "input_values", "input_values": "input_features"}
        found = {name: part for name, part in filled.items() if name in taken}
        for name in main - found.keys():
            found[renamed[name] if renamed.get(name) in taken else name] = filled[name]
        return found

    def _gradients(self, unit: Unit) -> list[Floats]:
        """Differentiate at the output of the input embedding, so that ids still set positions and masks."""
        captured: list[torch.Tensor] = []

        def capture(_module: object, _args: object, output: torch.Tensor) -> torch.Tensor:
            captured.append(output.detach().requires_grad_(True))
            return captured[-1]

        hook = _input_embedding(self._model).register_forward_hook(capture)
        try:
            with torch.inference_mode(False), torch.enable_grad():
                logits = logits_of(self._ask(self._model, self._filled(unit)))
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


def _positions(row: ModelInput, *, of: int | None = None) -> NDArray[np.int64]:
    """Return the wanted positions of a row, all where none are named: `of` so many, or as many as it has tokens."""
    every = np.arange(len(row) if of is None else of)
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


def _input_embedding(model: PreTrainedModel) -> Any:
    try:
        return model.get_input_embeddings()
    except NotImplementedError as error:
        raise CapabilityError("this model has no input embeddings to differentiate by") from error
