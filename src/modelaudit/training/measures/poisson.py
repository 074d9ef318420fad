"""Poisson sampling: each row is in each batch with the same chance, whatever else is in it.

The accountant of DP-SGD counts on it. A shuffled pass over the rows, batch by batch, is another mechanism, and epsilon
would be stated too low for it (Chua et al. 2024, arXiv 2403.17673).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import torch
from torch.utils.data import Sampler

from modelaudit.training.features import Item

__all__ = ["Chunks", "PoissonBatches"]


class PoissonBatches(Sampler[list[int]]):
    """The batches of one pass: places of rows, perhaps none at all, drawn afresh each time it is gone through.

    Args:
        rows: how many there are to draw from.
        batches: of a pass; each row is in each of them with the chance 1 / batches.
        generator: of the draws. Whoever knows it knows who was in which batch, and then the guarantee is weaker.
    """

    def __init__(self, rows: int, *, batches: int, generator: torch.Generator) -> None:
        self.rows = rows
        self.batches = batches
        self.generator = generator

    def __len__(self) -> int:
        return self.batches

    def __iter__(self) -> Iterator[list[int]]:
        for _ in range(self.batches):
            drawn = torch.rand(self.rows, generator=self.generator, dtype=torch.float64) < 1 / self.batches
            yield drawn.nonzero().flatten().tolist()


class Chunks:
    """Collates a batch as parts of `at_once` rows or fewer, rows of a like length together.

    The parts of one batch make one update; memory grows with the part. A batch without a row has no part.
    """

    def __init__(self, collate: Callable[[Sequence[Item]], dict[str, Any]], *, at_once: int) -> None:
        self.collate = collate
        self.at_once = at_once

    def __call__(self, items: Sequence[Item]) -> dict[str, list[dict[str, Any]]]:
        """Return the parts under one name, as a Trainer's batch has to be a mapping."""
        ordered = sorted(items, key=lambda item: len(item["input_ids"]))
        starts = range(0, len(ordered), self.at_once)
        return {"chunks": [self.collate(ordered[start : start + self.at_once]) for start in starts]}
