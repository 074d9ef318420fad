"""The blind guard: can members be told from non-members without the model?

Where they can, the two tables differ by themselves (time, source, length, labels), and an attack that succeeds may
have read that difference instead of the model's memory (Das, Zhang and Tramer 2024, arXiv 2406.16201).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.special import expit, logit
from scipy.stats import rankdata
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from modelaudit.checkers.privacy.folds import cross_folds, drawn, unit
from modelaudit.checkers.privacy.media_traits import traits
from modelaudit.checkers.privacy.record import whole_text
from modelaudit.rows import Row
from modelaudit.statistics import Estimate, delong

FOLDS = 5
MOST_ROWS = 2_000
"""A side; more would cost minutes and show no smaller difference that matters."""
MOST_CHARACTERS = 2_000
"""A row; the guard is after differences between tables, which show early in a text."""
MOST_FEATURES = 20_000
WIDER = (1.0 + FOLDS / (FOLDS - 1)) ** 0.5
"""Folds share training rows, so their scores are not independent (Nadeau and Bengio 2003, Machine Learning 52:239)."""
_EVERY_TEXT = "\x02"
# A word that every text has keeps the vocabulary from being empty where all texts are, and tells nothing.


@dataclass(frozen=True, slots=True, eq=False)
class BlindGuard:
    """How well members and non-members are told apart by what they hold, their size and labels alone.

    `auc` has no value, and a reason, where there are too few documents to cross-validate; `members` and `nonmembers`
    are the out-of-fold scores (within-fold ranks), empty then.
    """

    auc: Estimate
    members: NDArray[np.float64]
    nonmembers: NDArray[np.float64]

    def fooled(self, *, margin: float) -> bool:
        """Say whether the lower 95% bound is above .5 by more than the margin."""
        return bool(self.auc.bounds) and self.auc.interval(0.95)[0] > 0.5 + margin


def blind_guard(members: Sequence[Row], nonmembers: Sequence[Row], *, n_labels: int, seed: int) -> BlindGuard:
    """Cross-validate a logistic regression that never sees the model, and return its AUC.

    DeLong's interval is widened by Nadeau and Bengio's factor: without it a guard on two halves of one table would
    cry wolf, since the AUC of such halves varies by 1.4 times DeLong's standard error.

    Features: TF-IDF of words (1-2) and of character n-grams (3-4), lengths, share of digits and capitals, and labels
    (or the share of each tag); where answers stand; size, colours, sharpness and format of pictures; length, loudness,
    spectrum and format of sounds. Scores are ranked within their fold, so that folds with another offset are
    comparable.
    """
    inside, outside = (drawn(rows, MOST_ROWS, seed=seed) for rows in (members, nonmembers))
    fewest = min(len({unit(row) for row in side}) for side in (inside, outside))
    if fewest < 2 * FOLDS:
        reason = f"Too few distinct documents ({fewest}) for {FOLDS}-fold cross-validation; {2 * FOLDS} are needed."
        none = Estimate(value=None, n=len(inside) + len(outside), method="blind-classifier", reason=reason)
        return BlindGuard(none, np.empty(0), np.empty(0))
    features = _features([*inside, *outside], n_labels=n_labels)
    is_member = np.arange(len(inside) + len(outside)) < len(inside)
    folds = cross_folds(inside, outside, FOLDS, seed=seed)
    scores = np.zeros(len(folds))
    for fold in range(FOLDS):
        held = folds == fold
        scores[held] = _ranked(_fitted_scores(features[~held], is_member[~held], features[held]))
    found = _widened(delong(scores[is_member], scores[~is_member]))
    return BlindGuard(found, scores[is_member], scores[~is_member])


def _widened(estimate: Estimate) -> Estimate:
    """Return an AUC whose interval is wider by the factor, on the logit scale."""
    value = estimate.value
    if value is None or value in (0.0, 1.0):
        # A perfect separation has an exact bound of its own.
        return estimate

    def reach(bound: float) -> float:
        return float(expit(logit(value) + WIDER * (logit(bound) - logit(value))))

    smallest = estimate.smallest_detectable
    return Estimate(
        value=value,
        n=estimate.n,
        method=f"{estimate.method}, cross-validated, Nadeau-Bengio",
        bounds=tuple((level, reach(low), reach(high)) for level, low, high in estimate.bounds),
        smallest_detectable=None if smallest is None else min(1.0, 0.5 + WIDER * (smallest - 0.5)),
        reason=estimate.reason,
    )


def _fitted_scores(
    features: sparse.csr_matrix, is_member: NDArray[np.bool_], asked: sparse.csr_matrix
) -> NDArray[np.float64]:
    classifier = LogisticRegression(solver="liblinear", random_state=0, max_iter=500)
    classifier.fit(features, is_member)
    return np.asarray(classifier.decision_function(asked), dtype=np.float64)


def _ranked(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    # Rounding first: sums of sparse products may differ in the last bit between machines, and ties must stay ties.
    return np.asarray(rankdata(scores.round(9)) / (len(scores) + 1))


def _features(rows: Sequence[Row], *, n_labels: int) -> sparse.csr_matrix:
    texts = [f"{whole_text(row, MOST_CHARACTERS)} {_EVERY_TEXT}" for row in rows]
    words = TfidfVectorizer(
        token_pattern=r"\S+", ngram_range=(1, 2), max_features=MOST_FEATURES, sublinear_tf=True, lowercase=False
    )
    pieces = TfidfVectorizer(
        analyzer="char_wb", ngram_range=(3, 4), max_features=MOST_FEATURES, sublinear_tf=True, lowercase=False
    )
    plain = np.array([[*_shape_of(whole_text(row)), float(row.answer is not None)] for row in rows])
    plain = _scaled(plain)
    blocks = [words.fit_transform(texts), pieces.fit_transform(texts), plain, _label_shares(rows, n_labels)]
    blocks += [_scaled(other) for other in (_answer_shapes(rows), traits(rows)) if other.shape[1]]
    return sparse.hstack([sparse.csr_matrix(block) for block in blocks], format="csr")


def _scaled(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray((values - values.mean(axis=0)) / np.maximum(values.std(axis=0), 1e-9))


def _answer_shapes(rows: Sequence[Row]) -> NDArray[np.float64]:
    """Return (n, 3): whether a context holds the answer, where, and how long it is; nothing for other tasks."""
    if all(row.answers is None for row in rows):
        return np.empty((len(rows), 0))
    spans = [(row.spans or ((0, 0),))[0] for row in rows]
    return np.array(
        [
            (float(bool(row.answers)), start / max(1, len(row.text)), np.log1p(end - start))
            for row, (start, end) in zip(rows, spans, strict=True)
        ]
    )


def _shape_of(text: str) -> list[float]:
    length = max(len(text), 1)
    return [
        float(np.log1p(len(text))),
        float(np.log1p(len(text.split()))),
        sum(character.isdigit() for character in text) / length,
        sum(character.isupper() for character in text) / length,
    ]


def _label_shares(rows: Sequence[Row], n_labels: int) -> NDArray[np.float64]:
    shares = np.zeros((len(rows), n_labels))
    for place, row in enumerate(rows):
        labels = row.tags if row.tags is not None else () if row.label is None else (row.label,)
        np.add.at(shares[place], list(labels), 1.0 / max(len(labels), 1))
    return shares
