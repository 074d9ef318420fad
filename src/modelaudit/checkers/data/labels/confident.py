"""Confident learning: labels that are contradicted with confidence, by a threshold for each class.

Northcutt, Jiang and Chuang 2021 (Journal of Artificial Intelligence Research 70:1373). The threshold of a class is the
mean probability that rows with its label get for it, so a class of which the model is seldom sure is not held against
the others. A row counts where some class reaches its threshold, and is contradicted where the most probable of these
classes is not its label.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]
_CERTAIN = 1e-7


@dataclass(frozen=True, slots=True, eq=False)
class Contradictions:
    """What confident learning says of n rows and C classes.

    Attributes:
        thresholds: float64 (C,), infinite for a class that no row has as its label.
        confident: bool (n,), rows in which a class reaches its threshold. suggested: int64 (n,), that class, or -1.
        contradicted: bool (n,). margin: float64 (n,), probability of the label less that of the best other class.
    """

    thresholds: Floats
    confident: NDArray[np.bool_]
    suggested: NDArray[np.int64]
    contradicted: NDArray[np.bool_]
    margin: Floats


def contradictions(probabilities: Floats, given: NDArray[np.int64]) -> Contradictions:
    """Return which labels are contradicted; `probabilities` (n, C) come from a model that never saw them."""
    n, classes = probabilities.shape
    rows = np.arange(n)
    own = probabilities[rows, given]
    sizes = np.bincount(given, minlength=classes)
    sums = np.bincount(given, weights=own, minlength=classes)
    thresholds = np.where(sizes > 0, sums / np.maximum(sizes, 1), np.inf)
    # A mean of equal numbers may come out a hair above each of them.
    reached = np.where(probabilities >= thresholds - 1e-12, probabilities, -np.inf)
    confident = np.asarray(np.isfinite(reached).any(axis=1), dtype=np.bool_)
    suggested = np.where(confident, reached.argmax(axis=1), -1)
    others = probabilities.copy()
    others[rows, given] = -np.inf
    return Contradictions(
        thresholds=thresholds,
        confident=confident,
        suggested=suggested,
        contradicted=confident & (suggested != given),
        margin=own - others.max(axis=1),
    )


def log_odds(probabilities: Floats) -> tuple[Floats, NDArray[np.int64]]:
    """Return the log-odds of each row's most probable class, and that class (both (n,))."""
    best = probabilities.argmax(axis=1)
    top = np.clip(probabilities[np.arange(len(best)), best], _CERTAIN, 1.0 - _CERTAIN)
    return np.log(top) - np.log1p(-top), best
