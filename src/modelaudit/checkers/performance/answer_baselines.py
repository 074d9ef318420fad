"""Baselines for answers in words: leave every question open, copy the source, give the commonest answer."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from modelaudit.checkers.performance.baselines import Baseline
from modelaudit.rows import Row
from modelaudit.text.answer_scores import normalised_words


def open_questions(rows: Sequence[Row]) -> list[Baseline]:
    """Return the answer that is right wherever a context holds none; nothing where all of them hold one.

    No other constant is right of questions to different contexts.
    """
    if all(row.answers for row in rows):
        return []
    return [
        Baseline(
            "gain_over_commonest",
            "Gain over leaving every question open",
            "no answer, whatever the question",
            [""] * len(rows),
        )
    ]


def copied(rows: Sequence[Row]) -> list[Baseline]:
    """Return the beginning of each source, as many characters of it as right texts have on average."""
    length = round(sum(len(row.answer or "") for row in rows) / len(rows))
    return [
        Baseline(
            "gain_over_source",
            "Gain over copying the source",
            "the beginning of the source, as long as right texts are on average",
            [row.text[:length] for row in rows],
        )
    ]


def commonest_answer(rows: Sequence[Row], training: Sequence[Row]) -> list[Baseline]:
    """Return the commonest answer of the training rows, or of the rows themselves where there are none."""
    spelled: dict[tuple[str, ...], Counter[str]] = {}
    for row in training or rows:
        answer = row.answer or ""
        spelled.setdefault(tuple(normalised_words(answer)), Counter())[answer] += 1
    words = min(spelled, key=lambda each: (-spelled[each].total(), each))
    answer = min(spelled[words], key=lambda each: (-spelled[words][each], each))
    return [
        Baseline(
            "gain_over_commonest",
            "Gain over the commonest answer",
            "the commonest answer, whatever the prompt",
            [answer] * len(rows),
        )
    ]


def commonest_class(rows: Sequence[Row], training: Sequence[Row]) -> list[Baseline]:
    """Return the commonest class for rows that have no words to learn from: pictures and sounds."""
    counts = Counter(row.label for row in training or rows if row.label is not None)
    commonest = min(counts, key=lambda label: (-counts[label], label))
    return [
        Baseline(
            "gain_over_commonest",
            "Gain over the commonest class",
            "the commonest class, whatever is shown or heard",
            [commonest] * len(rows),
        )
    ]
