"""Membership signals: how well the model knows the true label of a record."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import logsumexp

from modelaudit.checker import ModelHandle
from modelaudit.rows import Row

Vector = NDArray[np.float64]

OUTSIDE = "O"
"""The tag of words that belong to no entity."""


@dataclass(frozen=True, slots=True, eq=False)
class Signals:
    """One score a record and attack, shape (n,); higher speaks for membership, NaN where a record has none.

    Attributes:
        log_odds: log p - log(1 - p) of the true label; for token classification the mean over the words of gold
            entities, NaN for a record without any.
        log_odds_all_words: the mean over all words; None for text classification.
        negative_loss: minus the cross-entropy of the true label, the mean over words for token classification.
    """

    log_odds: Vector
    negative_loss: Vector
    log_odds_all_words: Vector | None = None


def signals(model: ModelHandle, rows: Sequence[Row]) -> Signals:
    """Ask the model once about labelled rows and return their membership signals."""
    answers = model.predict(rows)
    if answers.offsets is None:
        labels = np.array([-1 if row.label is None else row.label for row in rows], dtype=np.int64)
        log_odds, loss = true_label_scores(answers.logits, labels)
        return Signals(log_odds=log_odds, negative_loss=-loss)
    tags = np.array([tag for row in rows for tag in row.tags or ()], dtype=np.int64)
    log_odds, loss = true_label_scores(answers.logits, tags)
    owner = np.repeat(np.arange(len(rows)), np.diff(answers.offsets))
    outside = model.labels.index(OUTSIDE) if OUTSIDE in model.labels else -1
    known = ~np.isnan(loss)
    return Signals(
        log_odds=_mean_by_row(log_odds, owner, known & (tags != outside), len(rows)),
        negative_loss=-_mean_by_row(loss, owner, known, len(rows)),
        log_odds_all_words=_mean_by_row(log_odds, owner, known, len(rows)),
    )


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
    others = given.copy()
    np.put_along_axis(others, index, -np.inf, axis=1)
    log_odds[known] = true - logsumexp(others, axis=1)
    loss[known] = logsumexp(given, axis=1) - true
    return log_odds, loss


def _mean_by_row(values: Vector, owner: NDArray[np.int64], chosen: NDArray[np.bool_], rows: int) -> Vector:
    count = np.bincount(owner[chosen], minlength=rows)
    total = np.bincount(owner[chosen], weights=values[chosen], minlength=rows)
    means = np.full(rows, np.nan)
    np.divide(total, count, out=means, where=count > 0)
    return means
