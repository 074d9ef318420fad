"""How well a model knows the true label: log-odds and cross-entropy, from logits."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

Vector = NDArray[np.float64]


def true_label_scores(logits: Vector, labels: NDArray[np.int64]) -> tuple[Vector, Vector]:
    """Return log-odds and cross-entropy (nats) of the true label, from (n, C) logits and (n,) label indices.

    The log-odds are the true logit less the log-sum-exp of the others (Carlini et al. 2022, section IV), which does
    not saturate where p rounds to 1. Rows with NaN logits, or a negative label (not known), give NaN.
    ValueError where there is one class only.
    """
    if logits.ndim != 2 or logits.shape[1] < 2:
        raise ValueError(f"log-odds need logits of two or more classes, not the shape {logits.shape}")
    if len(logits) != len(labels):
        raise ValueError(f"{len(logits)} rows of logits for {len(labels)} labels")
    log_odds, loss = np.full(len(labels), np.nan), np.full(len(labels), np.nan)
    known = (labels >= 0) & np.isfinite(logits).all(axis=1)
    given, index = logits[known], labels[known][:, None]
    if not len(given):
        return log_odds, loss
    true = np.take_along_axis(given, index, axis=1)[:, 0]
    log_odds[known] = true - logsumexp(without_true(given, index), axis=1)
    loss[known] = logsumexp(given, axis=1) - true
    return log_odds, loss


def without_true(logits: Vector, index: NDArray[np.int64]) -> Vector:
    """Return (n, C) logits with -inf in the place of the true class."""
    others = logits.copy()
    np.put_along_axis(others, index, -np.inf, axis=1)
    return others
