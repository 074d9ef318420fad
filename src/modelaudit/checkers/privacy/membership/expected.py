"""What is to be expected of a record by traits that no fine-tuning has touched: the difficulty that is taken off.

A ridge regression gives a score from traits of the record, fitted on non-members alone, so it knows how hard such
records are for the audited model and nothing of what it remembers (Watson et al. 2022, arXiv 2111.08440; Bertran et al.
2023, arXiv 2307.03694). Each record, member or not, is answered by a fit on those non-members that are not in its own
fold, so both sides are treated alike.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from modelaudit.checkers.privacy.folds import cross_folds
from modelaudit.checkers.privacy.membership.sides import Sides

Vector = NDArray[np.float64]
FOLDS = 10
PENALTIES = tuple(10.0**power for power in (0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0))
"""Ridge penalties as shares of a trait's weight, the best by what is left of the non-members in their own folds."""
FEWEST = 20
"""Non-members with a score below which nothing is fitted."""


def expected(traits: Vector, scores: Vector, sides: Sides, *, seed: int) -> Vector:
    """Return (n,) what the scores of like non-members let expect of each record, members first.

    All are NaN where fewer than 20 non-members have a score; of a record without a score there is an expectation.

    Args:
        traits: (n, t). scores: (n,), NaN where there is none. seed: of the folds.
    """
    fitted = np.isfinite(scores) & (np.arange(len(scores)) >= len(sides.members))
    fold = cross_folds(sides.members, sides.nonmembers, FOLDS, seed=seed)
    if int(fitted.sum()) < FEWEST or not traits.shape[1]:
        return np.full(len(scores), np.nan)
    inputs = _scaled(traits, fitted)
    sums = []
    for place in range(FOLDS):
        own = fitted & (fold == place)
        sums.append((inputs[own].T @ inputs[own], inputs[own].T @ scores[own]))
    gram, moment = np.sum([part for part, _ in sums], axis=0), np.sum([part for _, part in sums], axis=0)
    size = float(np.trace(gram)) / inputs.shape[1]
    best, left = np.full(len(scores), np.nan), np.inf
    for penalty in PENALTIES:
        ridge = np.eye(inputs.shape[1]) * penalty * size / 10.0
        ridge[-1, -1] = 1e-6 * size
        found = np.empty(len(scores))
        for place, (own_gram, own_moment) in enumerate(sums):
            here = fold == place
            found[here] = inputs[here] @ np.linalg.solve(gram - own_gram + ridge, moment - own_moment)
        missed = float(((scores - found)[fitted] ** 2).sum())
        if missed < left * (1.0 - 1e-6):
            best, left = found, missed
    # Rounded, so that a sum's order of a billionth does not reach the ranks.
    return best.round(6)


def _scaled(traits: Vector, fitted: NDArray[np.bool_]) -> Vector:
    """Return (n, t + 1) traits on the scale of the fitted records, the last column 1."""
    centre, spread = traits[fitted].mean(axis=0), traits[fitted].std(axis=0)
    inputs = np.ones((len(traits), traits.shape[1] + 1))
    inputs[:, :-1] = (traits - centre) / np.where(spread > 1e-6, spread, 1.0)
    return inputs
