"""Trial rows: what a model is asked at the start, before anybody's rows: short, random, the same for every audit."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from modelaudit.inference.families import generates, translates
from modelaudit.inference.inputs import ModelInput
from modelaudit.inference.units import Layout

if TYPE_CHECKING:
    from transformers import PreTrainedModel

__all__ = ["LENGTHS", "ROWS_A_LENGTH", "judged_at", "long_row", "random_like", "short_rows"]

LENGTHS = (5, 8, 13, 21)
ROWS_A_LENGTH = 16
LONG = 256
ROWS_A_SHAPE = 8


def short_rows(model: PreTrainedModel) -> list[ModelInput]:
    """Return short rows of random tokens, the same for every model of one vocabulary."""
    draw = np.random.Generator(np.random.Philox(20_240_607))
    tokens = int(getattr(model.config, "vocab_size", 0) or 2)
    pad = getattr(model.config, "pad_token_id", None)
    rows = []
    for length in LENGTHS:
        ids = draw.integers(0, tokens, (ROWS_A_LENGTH, min(length, longest(model)))).astype(np.int32)
        # A padding token inside a row means something else to each architecture.
        ids[ids == pad] = (int(pad or 0) + 1) % tokens
        if getattr(model.config, "is_encoder_decoder", False):
            ids = _ended(ids, model, tokens)
        rows += [_asked_of(row, model) for row in ids]
    return rows


def _ended(ids: NDArray[np.int32], model: PreTrainedModel, tokens: int) -> NDArray[np.int32]:
    """Return rows that hold the end of a text at their end alone: some heads of encoder-decoders look for it."""
    end = getattr(model.config, "eos_token_id", None)
    if not isinstance(end, int) or end >= tokens:
        return ids
    pad = getattr(model.config, "pad_token_id", None)
    other = next(token for token in range(tokens) if token not in (end, pad)) if tokens > 2 else end
    ids[ids == end] = other
    ids[:, -1] = end
    return ids


def _asked_of(ids: NDArray[np.int32], model: PreTrainedModel) -> ModelInput:
    if translates(model):
        # What is written is about half as long as what is read.
        decoder = np.ascontiguousarray(ids[::-1][: len(ids) // 2 + 1])
        return replace(_judged(decoder), ids=ids, decoder=decoder)
    return _judged(ids) if generates(model) else ModelInput(ids)


def _judged(ids: NDArray[np.int32]) -> ModelInput:
    """Return a row of which the last third is to be judged, each token from what stands before it."""
    first = max(0, len(ids) - 1 - len(ids) // 3)
    places = np.arange(first, len(ids) - 1, dtype=np.int32)
    return ModelInput(ids, gather=places, targets=ids[places + 1])


def judged_at(row: ModelInput, place: int) -> ModelInput:
    """Return a row of which the token at one place is to be judged."""
    at = np.array([place], dtype=np.int32)
    return ModelInput(row.ids, gather=at, targets=row.ids[at])


def long_row(model: PreTrainedModel, rows: Sequence[ModelInput], layout: Layout) -> ModelInput:
    """Return a row that is as long as the model and a unit allow, up to `LONG` tokens."""
    tokens = np.concatenate([row.ids for row in rows[-ROWS_A_LENGTH:]])
    return ModelInput(tokens[: min(LONG, longest(model), layout.batch_tokens)])


def longest(model: PreTrainedModel) -> int:
    """Return the tokens that a row may have for certain; some architectures count positions from 2 on."""
    return max(2, int(getattr(model.config, "max_position_embeddings", None) or max(LENGTHS)) - 2)


def random_like(example: ModelInput) -> list[ModelInput]:
    """Return rows of the shape of one, of random values and with random tokens for a decoder."""
    draw = np.random.Generator(np.random.Philox(20_240_607))
    assert example.values is not None
    rows = []
    for _ in range(ROWS_A_SHAPE):
        values = draw.standard_normal(example.values.shape, dtype=np.float32)
        decoder = None if example.decoder is None else draw.permutation(example.decoder)
        rows.append(replace(example, values=values, decoder=decoder))
    return rows
