"""How far the model leans on a cue: answers with the cue put in, and log-odds with it hidden."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from modelaudit.drawing import documents
from modelaudit.rows import Row
from modelaudit.statistics import (
    Estimate,
    detectable_proportion_difference,
    mean_difference,
    paired_difference,
)

FEWEST_TRIED = 30
"""Rows that a cue must have been put into for its effect to be judged."""

LEAST_RIGHT = 0.1
FEWEST_RIGHT = 10
"""Of these the share, and number, that must be answered rightly without the cue: a wrong answer has nothing to lose."""

Bools = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Tried:
    """Rows into which a cue and its control were put, and which answers were right.

    Attributes:
        control_right, cue_right: bool (rows,). loss: accuracy with the control less accuracy with the cue.
    """

    rows: tuple[Row, ...]
    control_right: Bools
    cue_right: Bools
    loss: Estimate

    @property
    def background(self) -> float:
        """The share of rows whose answers differ without telling for the cue or the control."""
        lost = int((self.control_right & ~self.cue_right).sum())
        gained = int((~self.control_right & self.cue_right).sum())
        return 2.0 * min(lost, gained) / len(self.rows)


def can_lose(control_right: Bools) -> bool:
    """Tell whether enough rows are answered rightly with the control for a loss to show."""
    right = int(control_right.sum())
    return right >= FEWEST_RIGHT and right >= LEAST_RIGHT * len(control_right)


def tried(rows: Sequence[Row], control_right: Bools, cue_right: Bools) -> Tried:
    """Return the accuracy that the cue costs, paired by row; robust to documents where rows share one."""
    return Tried(tuple(rows), control_right, cue_right, accuracy_lost(control_right, cue_right, documents(rows)))


def accuracy_lost(control_right: Bools, cue_right: Bools, units: ArrayLike | None = None) -> Estimate:
    """Return accuracy with the control less accuracy with the cue (bool, n each), with its interval."""
    if units is None:
        lost, gained = int((control_right & ~cue_right).sum()), int((~control_right & cue_right).sum())
        return paired_difference(lost, gained, len(control_right))
    return mean_difference(control_right.astype(float) - cue_right.astype(float), clusters=units, reach=1.0)


def detectable_loss(n: int, background: float, *, family: int) -> float:
    """Return the loss that is told from 0 in 80% of such samples where the largest of `family` is picked."""
    return detectable_proportion_difference(n, background, alpha=0.05 / family)


def log_odds(logits: NDArray[np.float64], label: int) -> NDArray[np.float64]:
    """Return log p - log(1 - p) of one label (n,) from logits (n, C)."""
    others = np.delete(logits, label, axis=1)
    highest = others.max(axis=1, keepdims=True)
    return np.asarray(logits[:, label] - highest[:, 0] - np.log(np.exp(others - highest).sum(axis=1)), dtype=np.float64)


def beyond_others(drops: Sequence[float], rows: Sequence[Row]) -> Estimate | None:
    """Return the mean of drops of log-odds beyond those of other words, with a t interval; None below two rows."""
    finite = [(drop, row) for drop, row in zip(drops, rows, strict=True) if math.isfinite(drop)]
    if len(finite) < 2:
        return None
    return mean_difference([drop for drop, _ in finite], clusters=documents([row for _, row in finite]))
