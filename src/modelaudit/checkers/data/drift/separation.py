"""How well a classifier tells evaluation rows from training rows, each scored by one that was fitted without it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from modelaudit.checkers.data.drawing import documents, whole_text
from modelaudit.checkers.data.drift.profile import worded
from modelaudit.checkers.data.drift.sides import FOLDS, Sides, folds_of
from modelaudit.statistics import Estimate, cross_fitted_auc

MOST_CHARACTERS = 2_000
"""Of a row; differences between tables show early in a text."""
MOST_FEATURES = 20_000
"""Words and word pairs, and pieces of characters: of each the most frequent."""
TELLING = 10
"""Words of either side that are shown."""
_EVERY_TEXT = "\x02"
# A word that every text has keeps the vocabulary from being empty where all texts are, and tells nothing.

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True, eq=False)
class Features:
    """What the classifier sees: a sparse matrix (rows, features), and the words of its first columns."""

    matrix: Any
    words: tuple[str, ...]


def separation(sides: Sides, features: Features, *, seed: int) -> Estimate:
    """Return the cross-fitted AUC of evaluation rows against training rows."""
    inside = np.arange(len(sides.rows)) >= len(sides.training)
    scores = out_of_fold(features.matrix, inside, folds_of(sides, seed=seed))
    units = documents(sides.rows)
    split = len(sides.training)
    return cross_fitted_auc(
        scores[inside],
        scores[~inside],
        folds=FOLDS,
        pos_units=None if units is None else units[split:],
        neg_units=None if units is None else units[:split],
    )


def out_of_fold(matrix: Any, positive: Flags, folds: NDArray[np.int64]) -> Floats:
    """Return each row's score by a classifier fitted on the other folds, as its rank within its fold (rows,).

    Ranks make folds whose classifiers have another offset comparable.
    """
    scores = np.zeros(len(positive))
    for fold in np.unique(folds):
        held = folds == fold
        found = _fitted(matrix[~held], positive[~held]).decision_function(matrix[held])
        # Sums of products may differ in the last bit between machines, and ties must stay ties.
        scores[held] = rankdata(np.round(found, 9)) / (held.sum() + 1)
    return scores


def telling_words(features: Features, positive: Flags) -> tuple[list[tuple[str, float]], list[tuple[str, float]]]:
    """Return the words with the greatest weights for training and for evaluation rows, of a classifier of all rows."""
    weights = _fitted(features.matrix, positive).coef_[0][: len(features.words)]
    known = zip(weights.round(6).tolist(), features.words, strict=True)
    ranked = sorted((weight, word) for weight, word in known if _EVERY_TEXT not in word)
    training = [(word, -weight) for weight, word in ranked[:TELLING] if weight < 0.0]
    evaluation = [(word, weight) for weight, word in ranked[::-1][:TELLING] if weight > 0.0]
    return training, evaluation


def features_of(
    sides: Sides, shape: Floats, embeddings: Floats | None = None, layout: Floats | None = None
) -> Features:
    """Return what is known of each row: its words and pieces (TF-IDF), its shape, and what a base model makes of it.

    `shape` (rows, measures), `layout` of pictures and sounds (rows, places) and `embeddings` (rows, H) are
    standardised. Each block has rows of a length of about 1, so that none drowns the others. No label is looked at.
    """
    from scipy import sparse

    names, blocks = _words(sides) if worded(sides.rows) else ((), [])
    blocks += [_standardised(each) for each in (shape, layout, embeddings) if each is not None]
    return Features(sparse.hstack([sparse.csr_matrix(each) for each in blocks], format="csr"), names)


def _words(sides: Sides) -> tuple[tuple[str, ...], list[Any]]:
    """Return the names of words and their pairs, and the blocks of these and of pieces of characters."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    texts = [f"{whole_text(row, MOST_CHARACTERS)} {_EVERY_TEXT}" for row in sides.rows]
    words = TfidfVectorizer(
        token_pattern=r"\S+", ngram_range=(1, 2), max_features=MOST_FEATURES, sublinear_tf=True, lowercase=False
    )
    pieces = TfidfVectorizer(
        analyzer="char_wb", ngram_range=(2, 4), max_features=MOST_FEATURES, sublinear_tf=True, lowercase=False
    )
    blocks = [words.fit_transform(texts), pieces.fit_transform(texts)]
    names: Sequence[str] = words.get_feature_names_out().tolist()
    return tuple(names), blocks


def _fitted(matrix: Any, positive: Flags) -> Any:
    from sklearn.linear_model import LogisticRegression

    classifier = LogisticRegression(solver="liblinear", class_weight="balanced", random_state=0, max_iter=500)
    return classifier.fit(matrix, positive)


def _standardised(values: Floats) -> Floats:
    spread = values.std(axis=0)
    centred = (values - values.mean(axis=0)) / np.where(spread > 1e-9, spread, np.inf)
    return np.asarray(centred / max(values.shape[1], 1) ** 0.5, dtype=np.float64)
