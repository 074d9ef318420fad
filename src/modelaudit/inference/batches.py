"""Batches of constant shape: a row's shape depends on its own length alone.

Floating point sums depend on the shape of the product they are part of. With shapes that depend on nothing but the
row itself, its answer is the same to the last bit, whatever its neighbours, the order and the size of the call.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelaudit.inference.inputs import ModelInput

__all__ = ["Batch", "Layout", "Shape", "batches_of", "fill"]

STEP = 8


@dataclass(frozen=True, slots=True, order=True)
class Shape:
    """What a batch looks like to the model: tokens a row, rows, and which arguments it gets."""

    tokens: int
    rows: int
    masked: bool
    typed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """How a row's length becomes a shape.

    Attributes:
        batch_tokens: token slots a batch.
        pad_id: token id of the padding; None for exact lengths, without padding and without a mask.
        longest: length that padding may not go beyond, or None.
        single: one row a batch, for models that can't take more.
    """

    batch_tokens: int
    pad_id: int | None
    longest: int | None = None
    single: bool = False

    def shape(self, length: int, *, typed: bool) -> Shape:
        """Return the shape of a row of `length` tokens.

        Padding goes to the next multiple of 8 that is strictly larger, so that a batch always has a mask that hides
        something: models drop a mask that hides nothing, and then a row's kernel would depend on its neighbours.
        """
        tokens = length
        if self.pad_id is not None:
            tokens = (length // STEP + 1) * STEP
            if self.longest is not None:
                tokens = max(length, min(tokens, self.longest))
        rows = 1 if self.single else max(1, self.batch_tokens // tokens)
        return Shape(tokens, rows, masked=tokens > length, typed=typed)

    def describe(self) -> str:
        """Return the rule in a few words, for the numerics of the report."""
        width = "exact length" if self.pad_id is None else f"next multiple of {STEP}"
        return f"{'1 row' if self.single else 'batch_tokens // width rows'} x {width}"


@dataclass(frozen=True, slots=True)
class Batch:
    """Rows that go through the model together.

    Attributes:
        shape: their common shape.
        rows: at most `shape.rows` indices into the inputs; the rest of the batch is filled with copies of the last.
    """

    shape: Shape
    rows: tuple[int, ...]


def batches_of(inputs: Sequence[ModelInput], layout: Layout) -> Iterator[Batch]:
    """Yield batches that hold every input once, the widest first, so that memory runs out early or not at all."""
    shapes: dict[tuple[int, bool], Shape] = {}
    buckets: dict[Shape, list[int]] = {}
    for index, item in enumerate(inputs):
        kind = (item.ids.size, item.type_ids is not None)
        shape = shapes.get(kind)
        if shape is None:
            shape = shapes[kind] = layout.shape(kind[0], typed=kind[1])
        buckets.setdefault(shape, []).append(index)
    for shape in sorted(buckets, reverse=True):
        members = buckets[shape]
        for start in range(0, len(members), shape.rows):
            yield Batch(shape, tuple(members[start : start + shape.rows]))


def fill(
    inputs: Sequence[ModelInput], batch: Batch, *, pad_id: int | None
) -> tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.int64] | None]:
    """Return ids, mask (1 on real tokens) and type ids (or None), each int64 (rows, tokens) of the batch's shape."""
    shape = batch.shape
    lengths = np.array([inputs[row].ids.size for row in batch.rows])
    source = np.minimum(np.arange(shape.rows), len(batch.rows) - 1)
    real = np.arange(shape.tokens) < lengths[:, None]
    ids = np.full(real.shape, pad_id or 0, dtype=np.int64)
    ids[real] = np.concatenate([inputs[row].ids for row in batch.rows])
    types = None
    if shape.typed:
        types = np.zeros(real.shape, dtype=np.int64)
        types[real] = np.concatenate([inputs[row].type_ids for row in batch.rows])
        types = types[source]
    return ids[source], real.astype(np.int64)[source], types
