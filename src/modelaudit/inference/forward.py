"""One batch through the model: logits, hidden states or gradients of the rows in it."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray

from modelaudit.errors import CapabilityError
from modelaudit.inference.batches import Batch, fill
from modelaudit.inference.inputs import ModelInput

if TYPE_CHECKING:
    from transformers import PreTrainedModel

__all__ = ["Forward", "Want", "is_out_of_memory"]

Floats = NDArray[np.float32]
Want = Literal["logits", "hidden", "gradients"]

_CPU_ALLOCATOR = ("defaultcpuallocator", "not enough memory", "can't allocate memory")


def is_out_of_memory(error: RuntimeError) -> bool:
    """Tell whether a device ran out of memory; the CPU allocator has no exception type of its own."""
    if isinstance(error, torch.cuda.OutOfMemoryError):
        return True
    message = str(error).lower()
    return any(sign in message for sign in _CPU_ALLOCATOR)


class Forward:
    """Runs batches of a model on its device; every answer is a read-only float32 array."""

    def __init__(self, model: PreTrainedModel, device: str) -> None:
        self._model = model
        self._device = torch.device(device)
        self._base = getattr(model, model.base_model_prefix, model) if model.base_model_prefix else model

    def run(
        self, want: Want, inputs: Sequence[ModelInput], batch: Batch, *, classes: Sequence[int], pad_id: int | None
    ) -> list[Floats]:
        """Return one answer for each of `batch.rows`.

        Raises:
            CapabilityError: the model does not have what is wanted.
            RuntimeError: whatever torch raises; see `is_out_of_memory`.
        """
        ids, mask, types = (self._tensor(part) for part in fill(inputs, batch, pad_id=pad_id))
        rows = [inputs[row] for row in batch.rows]
        masked = mask if batch.shape.masked else None
        if want == "gradients":
            return self._gradients(rows, [classes[row] for row in batch.rows], ids, masked, types)
        with torch.inference_mode():
            if want == "logits":
                return _answers(_field(self._ask(self._model, ids, masked, types), "logits"), rows)
            states = _field(self._ask(self._base, ids, masked, types), "last_hidden_state")
            weight = mask.to(torch.float64)
            mean = torch.einsum("blh,bl->bh", states.to(torch.float64), weight) / weight.sum(1, keepdim=True)
        return list(_array(mean[: len(rows)]))

    def _tensor(self, part: NDArray[np.int64] | None) -> Any:
        return None if part is None else torch.from_numpy(part).to(self._device)

    def _ask(self, module: Any, ids: Any, mask: Any, types: Any) -> Any:
        taken = inspect.signature(module.forward).parameters
        arguments = {"input_ids": ids}
        if mask is not None:
            arguments["attention_mask"] = mask
        if types is not None and "token_type_ids" in taken:
            arguments["token_type_ids"] = types
        if "return_dict" in taken:
            arguments["return_dict"] = True
        if "use_cache" in taken:
            arguments["use_cache"] = False
        return module(**arguments)

    def _gradients(
        self, rows: Sequence[ModelInput], classes: Sequence[int], ids: Any, mask: Any, types: Any
    ) -> list[Floats]:
        """Differentiate at the output of the input embedding, so that ids still set positions and masks."""
        captured: list[torch.Tensor] = []

        def capture(_module: object, _args: object, output: torch.Tensor) -> torch.Tensor:
            captured.append(output.detach().requires_grad_(True))
            return captured[-1]

        hook = _input_embedding(self._model).register_forward_hook(capture)
        try:
            with torch.inference_mode(False), torch.enable_grad():
                logits = _field(self._ask(self._model, ids, mask, types), "logits")
                score = torch.stack(
                    [_score(logits[i], row, c) for i, (row, c) in enumerate(zip(rows, classes, strict=True))]
                )
                (slope,) = torch.autograd.grad(score.sum(), captured[:1])
        finally:
            hook.remove()
        table = _array(slope)
        return [_frozen(table[i, : len(row)].copy()) for i, row in enumerate(rows)]


def _score(logits: Any, row: ModelInput, class_: int) -> Any:
    """One number a row: its logit, or the mean logit over the wanted positions."""
    if logits.dim() == 1:
        return logits[class_]
    positions = np.arange(len(row)) if row.gather is None else row.gather
    return logits[torch.from_numpy(positions.astype(np.int64)).to(logits.device), class_].mean()


def _answers(logits: Any, rows: Sequence[ModelInput]) -> list[Floats]:
    table = _array(logits[: len(rows)])
    if table.ndim == 2 and all(row.gather is None for row in rows):
        return list(table)
    if table.ndim == 2:
        raise CapabilityError("single positions were asked for, but this model gives one answer a row")
    # Copies, so that the memo does not hold the outputs of the padding.
    return [
        _frozen(table[i, : len(row)].copy() if row.gather is None else table[i, row.gather])
        for i, row in enumerate(rows)
    ]


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
