"""Baselines for tags: each word's commonest tag, and a linear model on words and their neighbours."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence

from modelaudit.checkers.performance.baselines import Answers, Baseline, learned
from modelaudit.rows import Row
from modelaudit.text.tags import OUTSIDE

MOST_WORDS = 60_000
"""Words that the linear model learns from at the most; it takes the first rows of the training rows' order."""


def token_baselines(rows: Sequence[Row], training: Sequence[Row], labels: Sequence[str]) -> list[Baseline]:
    """Return the answers of both baselines to rows of words, as tags in words."""

    def lookup(known: Sequence[Row]) -> Callable[[Sequence[Row]], Answers]:
        seen: dict[str, Counter[str]] = defaultdict(Counter)
        for row in known:
            for word, tag in zip(row.words or (), row.tags or (), strict=True):
                seen[word][labels[tag]] += 1
        commonest = {word: min(tags, key=lambda tag: (-tags[tag], tag)) for word, tags in seen.items()}
        return lambda asked: [tuple(commonest.get(word, OUTSIDE) for word in row.words or ()) for row in asked]

    def linear(known: Sequence[Row]) -> Callable[[Sequence[Row]], Answers]:
        return _linear(known, labels)

    return [
        Baseline(
            "gain_over_commonest",
            "Gain over each word's commonest tag",
            "the tag that a word had most often among the training rows, and none for other words",
            learned(rows, training, lookup),
        ),
        Baseline(
            "gain_over_linear",
            "Gain over a linear model on words",
            "logistic regression on each word, its form, and its neighbours",
            learned(rows, training, linear),
        ),
    ]


def _linear(known: Sequence[Row], labels: Sequence[str]) -> Callable[[Sequence[Row]], Answers]:
    from sklearn.feature_extraction import FeatureHasher
    from sklearn.linear_model import SGDClassifier

    hasher = FeatureHasher(n_features=2**18, input_type="string", alternate_sign=False)
    features: list[list[str]] = []
    tags: list[str] = []
    for row in known:
        if len(tags) > MOST_WORDS:
            break
        features += _features(row.words or ())
        tags += [labels[tag] for tag in row.tags or ()]
    if len(set(tags)) < 2:
        return lambda rows: [tuple(tags[:1] * len(row.words or ())) for row in rows]
    model = SGDClassifier(loss="log_loss", alpha=1e-6, max_iter=15, tol=None, random_state=0)
    model.fit(hasher.transform(features), tags)

    def answer(rows: Sequence[Row]) -> Answers:
        found = iter(model.predict(hasher.transform([each for row in rows for each in _features(row.words or ())])))
        return [tuple(str(next(found)) for _ in row.words or ()) for row in rows]

    return answer


def _features(words: Sequence[str]) -> Iterator[list[str]]:
    padded = ["<", *words, ">"]
    for place, word in enumerate(words, start=1):
        before, behind = padded[place - 1], padded[place + 1]
        yield [
            f"word {word}",
            f"lower {word.lower()}",
            f"start {word[:3]}",
            f"end {word[-3:]}",
            f"form {_form(word)}",
            f"before {before.lower()}",
            f"behind {behind.lower()}",
            f"forms {_form(before)} {_form(word)} {_form(behind)}",
        ]


def _form(word: str) -> str:
    """Return the kinds of characters in the order in which they come, each once in a run: "Xx", "9", "X.X."."""
    kinds = ["X" if each.isupper() else "x" if each.isalpha() else "9" if each.isdigit() else "." for each in word[:20]]
    return "".join(kind for place, kind in enumerate(kinds) if place == 0 or kinds[place - 1] != kind)
