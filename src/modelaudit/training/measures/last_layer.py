"""Writing a temperature into a model: the last layer's weights divided by it, so that every logit is.

Which layer is the last differs by architecture and by adapter, so it is found by trying: a layer is the last one if
dividing its weights divides all logits.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from modelaudit.errors import ModelInputError

if TYPE_CHECKING:
    from transformers import PreTrainedModel

__all__ = ["write_temperature"]

TOLERANCE = 1e-4
"""Largest relative error of a logit that rounding may leave."""
PROBES, LENGTH = 4, 8


def write_temperature(model: PreTrainedModel, value: float) -> None:
    """Divide the logits of a classifier of texts or of words by `value`, in its weights; no answer changes.

    An adapter's own copy of the head is found, too.

    Args:
        model: changed in place.
        value: above 0; 1 leaves the model as it is.

    Raises:
        ValueError: a value that is no temperature.
        ModelInputError: there is no layer whose weights can hold it; the model is as it was.
    """
    if not (math.isfinite(value) and value > 0):
        raise ValueError(f"a temperature is a number above 0, not {value!r:.40}")
    if value == 1.0:
        return
    with _asked_quietly(model), torch.no_grad():
        before = _logits(model)
        for weights in _candidates(model):
            kept = [weight.detach().clone() for weight in weights]
            for weight in weights:
                weight.div_(value)
            if _divided(before, _logits(model), value):
                return
            for weight, old in zip(weights, kept, strict=True):
                weight.copy_(old)
    raise ModelInputError(
        f"the temperature can't be written into a {type(model).__name__}: no last layer of it gives the logits as they "
        "are; train without --temperature, and divide the logits where the model is used"
    )


def _candidates(model: PreTrainedModel) -> Iterator[list[torch.nn.Parameter]]:
    """Yield the weights and biases of the layers that could be the last, the likeliest first."""
    labels = model.config.num_labels
    found = [
        own
        for module in model.modules()
        if (own := list(module.parameters(recurse=False))) and any(labels in weight.shape for weight in own)
    ]
    yield from reversed(found)


def _divided(before: list[Tensor], after: list[Tensor], value: float) -> bool:
    """Whether all logits were divided, none of their order changed, and there was something to divide."""
    if not any(bool(logits.any()) for logits in before):
        return False
    return all(
        bool(((old / value - new).abs() <= TOLERANCE * (old / value).abs().amax(-1, keepdim=True)).all())
        for old, new in zip(before, after, strict=True)
    )


def _logits(model: PreTrainedModel) -> list[Tensor]:
    """Return the logits for a few rows of token ids, asked one by one since not every model has padding."""
    vocabulary = int(model.get_input_embeddings().weight.shape[0])
    steps = torch.arange(PROBES * LENGTH).reshape(PROBES, LENGTH)
    ids = (steps * (vocabulary // (PROBES * LENGTH) or 1) + 1) % vocabulary
    rows = ids.to(next(model.parameters()).device)
    return [
        model(input_ids=row[None], attention_mask=torch.ones_like(row[None])).logits.double().flatten(0, -2)
        for row in rows
    ]


@contextmanager
def _asked_quietly(model: torch.nn.Module) -> Iterator[None]:
    """Ask without dropout, and leave the mode as it was."""
    training = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(training)
