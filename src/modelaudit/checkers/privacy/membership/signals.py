"""Membership signals without training: how well the model knows the truth of a record.

One score a record and attack, higher for membership, NaN where a record has none. All follow from one question to the
model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import log_softmax, logsumexp

from modelaudit.checkers.privacy.true_label import true_label_scores, without_true
from modelaudit.rows import Row
from modelaudit.text.tags import entity_spans

Vector = NDArray[np.float64]
Signal = tuple[str, Vector]

LOG_ODDS = "log-odds attack"
LOSS = "loss attack"
ENTITIES = "log-odds attack, entity words"
EVERY_WORD = "log-odds attack, all words"
OUTSIDE_ONLY = "log-odds attack, words outside entities"


def classification_signals(logits: Vector, labels: NDArray[np.int64]) -> tuple[Signal, ...]:
    """Return the attacks on (n, C) logits and (n,) true labels, the headline first.

    Log-odds (Carlini et al. 2022), loss (Yeom et al. 2018), modified entropy (Song and Mittal 2021, equation 8), hinge
    (true logit less the largest other), and the log-odds of the predicted class, which needs no labels.
    """
    log_odds, loss = true_label_scores(logits, labels)
    entropy, hinge, confidence = (np.full(len(labels), np.nan) for _ in range(3))
    known = np.isfinite(log_odds)
    given, index = logits[known], labels[known][:, None]
    if len(given):
        log_p = log_softmax(given, axis=1)
        # log(1 - p), without the rounding of 1 - p.
        log_q = np.stack([logsumexp(np.delete(log_p, place, axis=1), axis=1) for place in range(given.shape[1])], 1)
        terms = np.exp(log_p) * log_q
        own = np.take_along_axis(log_p, index, axis=1)[:, 0], np.take_along_axis(log_q, index, axis=1)[:, 0]
        others = terms.sum(axis=1) - np.take_along_axis(terms, index, axis=1)[:, 0]
        entropy[known] = np.exp(own[1]) * own[0] + others
        hinge[known] = np.take_along_axis(given, index, axis=1)[:, 0] - without_true(given, index).max(axis=1)
        confidence[known] = (log_p - log_q).max(axis=1)
    return (
        (LOG_ODDS, log_odds),
        (LOSS, -loss),
        ("modified-entropy attack", entropy),
        ("hinge attack", hinge),
        ("confidence attack, without labels", confidence),
    )


@dataclass(frozen=True, slots=True, eq=False)
class Words:
    """The words of n tagged rows, laid end to end.

    Attributes:
        tags: (words,) index of the true tag. owner: (words,) the row of each.
        entity: bool (words,), whether the tag is of an entity.
        span: (words,) number of the gold span, counted over all rows; -1 outside.
        rows: n.
    """

    tags: NDArray[np.int64]
    owner: NDArray[np.int64]
    entity: NDArray[np.bool_]
    span: NDArray[np.int64]
    rows: int

    @classmethod
    def of(cls, rows: Sequence[Row], labels: Sequence[str]) -> Words:
        """Return the words of rows whose tags index the labels, in any of the schemes IOB1, BIO and BIOES."""
        counts = [len(row.tags or ()) for row in rows]
        tags = np.array([tag for row in rows for tag in row.tags or ()], dtype=np.int64)
        span = np.full(len(tags), -1, dtype=np.int64)
        start = found = 0
        for row, count in zip(rows, counts, strict=True):
            for first, end, _ in entity_spans([labels[tag] for tag in row.tags or ()]):
                span[start + first : start + end] = found
                found += 1
            start += count
        return cls(tags, np.repeat(np.arange(len(rows)), counts), span >= 0, span, len(rows))

    def mean(self, values: Vector, chosen: NDArray[np.bool_]) -> Vector:
        """Return (n,) means of a row's chosen words that have a value, NaN where it has none."""
        chosen = chosen & np.isfinite(values)
        count = np.bincount(self.owner[chosen], minlength=self.rows)
        total = np.bincount(self.owner[chosen], weights=values[chosen], minlength=self.rows)
        return np.asarray(np.divide(total, count, out=np.full(self.rows, np.nan), where=count > 0))

    def largest(self, values: Vector, chosen: NDArray[np.bool_]) -> Vector:
        """Return (n,) largest values of a row's chosen words, NaN where it has none."""
        chosen = chosen & np.isfinite(values)
        top = np.full(self.rows, -np.inf)
        np.maximum.at(top, self.owner[chosen], values[chosen])
        return np.where(np.isfinite(top), top, np.nan)

    def spans(self, values: Vector) -> Vector:
        """Return (n,) means over a row's gold spans of the sum over the span's words; cut spans are left out."""
        spans = int(self.span.max(initial=-1)) + 1
        inside = self.span >= 0
        total = np.bincount(self.span[inside], weights=values[inside], minlength=spans)
        owner = np.zeros(spans, dtype=np.int64)
        owner[self.span[inside]] = self.owner[inside]
        whole = np.isfinite(total)
        count = np.bincount(owner[whole], minlength=self.rows)
        sums = np.bincount(owner[whole], weights=total[whole], minlength=self.rows)
        return np.asarray(np.divide(sums, count, out=np.full(self.rows, np.nan), where=count > 0))


def tag_signals(logits: Vector, words: Words) -> tuple[Signal, ...]:
    """Return the attacks on (words, C) logits of tagged rows; the words outside entities alone are a control.

    Words outside entities dilute what a model remembers of names: with 2 entity words of 60 an attack on their mean
    goes from an AUC of .53 to .85 where only these are read.
    """
    log_odds, loss = true_label_scores(logits, words.tags)
    every = np.ones(len(words.tags), dtype=np.bool_)
    return (
        (ENTITIES, words.mean(log_odds, words.entity)),
        (LOSS, words.mean(-loss, every)),
        (EVERY_WORD, words.mean(log_odds, every)),
        ("log-likelihood attack, spans", words.spans(-loss)),
        ("log-odds attack, surest entity word", words.largest(log_odds, words.entity)),
        (OUTSIDE_ONLY, words.mean(log_odds, ~words.entity)),
    )
