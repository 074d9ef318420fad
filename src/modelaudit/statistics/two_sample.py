"""The classifier two-sample test: how well a classifier tells which of two tables a row comes from.

Lopez-Paz and Oquab 2017 (arXiv 1610.06545). Each row is scored by a classifier that was fitted without it. Where the
tables are two draws of one source the AUC is .5 on average, and above it where they differ.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from numpy.typing import ArrayLike
from scipy.special import expit, logit

from .confidence import Estimate
from .suite import clustered_auc


def cross_fitted_auc(
    pos: ArrayLike, neg: ArrayLike, *, folds: int, pos_units: Any = None, neg_units: Any = None
) -> Estimate:
    """Return the AUC of out-of-fold scores with an interval that allows for the folds' common training rows.

    DeLong's standard error (Obuchowski's with units) takes the classifiers as given. Those of two folds share most of
    their rows, and where there is nothing to learn the AUC's variance is twice as large (each pair of folds counts in
    both directions). So the interval is wider by sqrt(1 + folds / (folds - 1)) on the logit scale (Nadeau and Bengio
    2003, Machine Learning 52:239): about right without a difference; too wide with one, where classifiers agree.

    Args:
        pos, neg: out-of-fold scores of the two sides, [n1] and [n0]; folds: how many folds, 2 at the least.
        pos_units, neg_units: the document of each, of the same lengths.

    Raises:
        ValueError: fewer than two folds.
    """
    if folds < 2:
        raise ValueError(f"Cross-fitting needs two folds, not {folds}.")
    found = clustered_auc(pos, neg, pos_units=pos_units, neg_units=neg_units)
    value, wider = found.value, (1.0 + folds / (folds - 1)) ** 0.5
    smallest = found.smallest_detectable
    widened = None if smallest is None else min(1.0, 0.5 + wider * (smallest - 0.5))
    method = f"{found.method}, {folds} folds, Nadeau-Bengio"
    if value is None or not found.bounds or value in (0.0, 1.0):
        # A perfect order has an exact bound of its own.
        return replace(found, method=method, smallest_detectable=widened)

    def reach(bound: float) -> float:
        return float(expit(logit(value) + wider * (logit(bound) - logit(value))))

    bounds = tuple((level, reach(low), reach(high)) for level, low, high in found.bounds)
    return replace(found, method=method, bounds=bounds, smallest_detectable=widened)
