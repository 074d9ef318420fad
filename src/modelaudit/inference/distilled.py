"""A distilled reference: what the audited model would say of a row, by what it says of other rows it never saw.

A ridge regression gives the audited model's logits from states of the base model. It is fitted on the audited model's
answers to non-members alone, so it knows how the model generalises and nothing of what it remembers; that is quantile
regression's idea (Bertran et al. 2023, arXiv 2307.03694) put to all logits at once. Each record, member or not, is
answered by a fit on those non-members that are not in its own fold, so both sides are treated alike.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from modelaudit.inference.heads import one_thread, true_label_scores

__all__ = ["FOLDS", "distilled_scores"]

Floats = NDArray[np.float64]
FOLDS = 10
PENALTIES = tuple(10.0**power for power in (0.0, 0.5, 1.0, 1.5, 2.0, 2.5, 3.0))
"""Ridge penalties as shares of a feature's weight, the best by what is left of the non-members in their own folds."""


def distilled_scores(
    features: NDArray[np.float32],
    logits: Floats,
    labels: NDArray[np.int64],
    *,
    fitted: NDArray[np.bool_],
    fold: NDArray[np.int64],
) -> tuple[Floats, Floats]:
    """Return log-odds and log-probabilities (nats) of the true labels by distillation, each (n,).

    Args:
        features: (n, d), states of the base model. logits: (n, C), of the audited model. labels: (n,).
        fitted: (n,), the records that may be fitted on. fold: (n,), below FOLDS; records that hang together share one.

    Raises:
        ValueError: some fold leaves no record to fit on.
    """
    centred = logits - logits.mean(axis=1, keepdims=True)
    inputs = _scaled(features, fitted)
    with one_thread():
        expected = _expected(inputs, centred, fitted, fold)
    # Rounded, so that a sum's order of a billionth does not reach the ranks.
    odds, probs = true_label_scores(expected.round(6)[:, :, None], labels)
    return odds[:, 0], probs[:, 0]


def _expected(inputs: Floats, target: Floats, fitted: NDArray[np.bool_], fold: NDArray[np.int64]) -> Floats:
    sums = []
    for place in range(FOLDS):
        own = fitted & (fold == place)
        sums.append((inputs[own].T @ inputs[own], inputs[own].T @ target[own]))
    gram, moment = sum(part for part, _ in sums), sum(part for _, part in sums)
    if any(not (fitted & (fold != place)).any() for place in range(FOLDS)):
        raise ValueError("each fold needs records outside of it to fit on")
    best: tuple[float, Floats] | None = None
    size = float(np.trace(np.asarray(gram))) / inputs.shape[1]
    for penalty in PENALTIES:
        ridge = np.eye(inputs.shape[1]) * penalty * size / 10.0
        ridge[-1, -1] = 1e-6 * size
        found = np.empty_like(target)
        for place, (own_gram, own_moment) in enumerate(sums):
            here = fold == place
            weights = np.linalg.solve(gram - own_gram + ridge, moment - own_moment)
            found[here] = inputs[here] @ weights
        left = float(((target - found)[fitted] ** 2).sum())
        if best is None or left < best[0] * (1.0 - 1e-6):
            best = left, found
    assert best is not None
    return best[1]


def _scaled(features: NDArray[np.float32], fitted: NDArray[np.bool_]) -> Floats:
    """Return (n, d + 1) float64 features on the scale of the fitted records, the last column 1."""
    values = features.astype(np.float64)
    centre, spread = values[fitted].mean(axis=0), values[fitted].std(axis=0)
    inputs = np.ones((len(values), values.shape[1] + 1))
    inputs[:, :-1] = (values - centre) / np.where(spread > 1e-6, spread, 1.0)
    return inputs
