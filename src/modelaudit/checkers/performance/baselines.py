"""Baselines for texts: the commonest answer, and a linear model on word counts."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from modelaudit.drawing import content
from modelaudit.rows import Row

Answers = Sequence[object]

FOLDS = 5
FEATURES = 50_000
"""Words and pairs that the linear model heeds at the most, the commonest."""
MANY_CLASSES = 20
"""Classes beyond which a logistic regression takes minutes; naive Bayes, as linear, counts once however many."""
WEIGHTS = 20_000_000
"""Words and pairs times classes at the most: 160 MB."""
# Words of any script; where there is no white space to set them apart, single Han characters and their pairs.
_WORD = re.compile("[\u3400-\u9fff]|[^\\W\u3400-\u9fff]+")


@dataclass(frozen=True, slots=True)
class Baseline:
    """What a baseline answered to the drawn rows; `metric` is the id of the gain over it, `said` names it in words."""

    metric: str
    title: str
    said: str
    answers: Answers


Learner = Callable[[Sequence[Row]], Callable[[Sequence[Row]], Answers]]


def text_baselines(rows: Sequence[Row], training: Sequence[Row]) -> list[Baseline]:
    """Return the answers of both baselines to texts with a class or with values.

    Without training rows the commonest answer is that of the rows themselves. Across folds it would be wrong more often
    than chance, for a class that is common among the others is rarer in the fold, and a model that knows nothing would
    seem to gain.
    """
    numbers = rows[0].values is not None
    linear, said = (_ridge, "ridge regression") if numbers else (_logistic, "logistic regression")
    if len({row.label for row in training or rows}) > MANY_CLASSES:
        linear, said = _naive_bayes, "complement naive Bayes"
    return [
        Baseline(
            "gain_over_commonest",
            "Gain over the mean" if numbers else "Gain over the commonest class",
            "the mean, whatever the text" if numbers else "the commonest class, whatever the text",
            learned(rows, training or rows, _mean if numbers else _commonest),
        ),
        Baseline(
            "gain_over_linear",
            "Gain over a linear model on words",
            f"{said} on TF-IDF of words and pairs of words",
            learned(rows, training, linear),
        ),
    ]


def learned(rows: Sequence[Row], training: Sequence[Row], learn: Learner) -> Answers:
    """Return a learner's answers to rows that it did not learn from: from training rows, or across folds of the rows.

    What is learnt from is ordered by content, so that the order of a file changes nothing. A row's fold hangs on its
    document, or its content where it has none.
    """
    if training:
        return learn(_in_order(training))(rows)
    fold = [_fold(row) for row in rows]
    answers: list[Any] = [None] * len(rows)
    for each in range(FOLDS):
        asked = [place for place in range(len(rows)) if fold[place] == each]
        others = [rows[place] for place in range(len(rows)) if fold[place] != each]
        if asked:
            for place, answer in zip(asked, learn(_in_order(others))([rows[at] for at in asked]), strict=True):
                answers[place] = answer
    return answers


def _commonest(training: Sequence[Row]) -> Callable[[Sequence[Row]], Answers]:
    commonest = int(np.bincount(_labels(training)).argmax())
    return lambda rows: [commonest] * len(rows)


def _mean(training: Sequence[Row]) -> Callable[[Sequence[Row]], Answers]:
    mean = np.array([row.values for row in training], dtype=np.float64).mean(axis=0)
    return lambda rows: [mean] * len(rows)


def _logistic(training: Sequence[Row]) -> Callable[[Sequence[Row]], Answers]:
    from sklearn.linear_model import LogisticRegression

    return _classified(training, LogisticRegression(max_iter=1_000, C=10.0))


def _naive_bayes(training: Sequence[Row]) -> Callable[[Sequence[Row]], Answers]:
    """Return what complement naive Bayes learns (Rennie et al. 2003, ICML)."""
    from sklearn.naive_bayes import ComplementNB

    return _classified(training, ComplementNB())


def _classified(training: Sequence[Row], classifier: Any) -> Callable[[Sequence[Row]], Answers]:
    truth = _labels(training)
    classes = len(np.unique(truth))
    if classes < 2 or _wordless(training):
        return _commonest(training)
    model = _on_words(classifier, outputs=classes).fit([row.text for row in training], truth)
    return lambda rows: cast("Answers", model.predict([row.text for row in rows]))


def _ridge(training: Sequence[Row]) -> Callable[[Sequence[Row]], Answers]:
    from sklearn.linear_model import Ridge

    if _wordless(training):
        return _mean(training)
    values = np.array([row.values for row in training], dtype=np.float64)
    model = _on_words(Ridge(alpha=1.0, solver="lsqr"), outputs=values.shape[1]).fit(
        [row.text for row in training], values
    )
    return lambda rows: cast("Answers", model.predict([row.text for row in rows]).reshape(len(rows), -1))


def _on_words(model: Any, *, outputs: int) -> Any:
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.pipeline import make_pipeline

    words = TfidfVectorizer(
        ngram_range=(1, 2),
        token_pattern=_WORD.pattern,
        max_features=max(1, min(FEATURES, WEIGHTS // outputs)),
        sublinear_tf=True,
        dtype=np.float64,
    )
    return make_pipeline(words, model)


def _wordless(rows: Sequence[Row]) -> bool:
    return not any(_WORD.search(row.text) for row in rows)


def _labels(rows: Sequence[Row]) -> NDArray[np.int64]:
    return np.array([cast("int", row.label) for row in rows], dtype=np.int64)


def _in_order(rows: Sequence[Row]) -> list[Row]:
    return sorted(rows, key=lambda row: (content(row), str(row.label), str(row.tags), str(row.values), row.id))


def _fold(row: Row) -> int:
    named = content(row) if row.group is None else f"group {row.group}"
    return hashlib.blake2b(named.encode("utf-8", "surrogatepass"), digest_size=8).digest()[0] % FOLDS
