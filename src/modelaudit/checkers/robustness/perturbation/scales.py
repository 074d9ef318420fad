"""Scales: when two answers in words are the same, how alike they are, and how right one is."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass

from modelaudit.checkers.robustness.perturbation.wording import LONG_PROMPTS, PROMPTS, QUESTIONS, TEXTS, Wording
from modelaudit.rows import Row
from modelaudit.text.answer_scores import (
    chrf,
    exact_match,
    exact_words,
    normalised_words,
    same_answer,
    token_f1,
    units_of,
)

SHORT = 10
"""Words of an answer that is one of few right ones; longer ones are hardly ever given word for word."""
MOSTLY = 0.9
"""Share of answers that must be short for exact match to be asked."""
MOST_NEW_TOKENS = {"text2text-generation": 64, "text-generation": 16}
"""New tokens of an answer at the most, by task; a model that marks a span writes none."""


@dataclass(frozen=True, slots=True)
class Scale:
    """How the answers of one task are held against each other and against the truth.

    Attributes:
        key: what the same answers share. likeness: of two answers, 0 to 1. said: the part of an answer that counts.
        right: how right an answer is, None where the probability of the right one is asked instead.
        overlap: how right it is by its words. most: new tokens at the most.
        known: whether a row has a truth. asks_loss: whether the probability of the right answer is asked as well.
    """

    wording: Wording
    key: Callable[[str], Hashable]
    likeness: Callable[[str, str], float]
    known: Callable[[Row], bool]
    most: int
    right: Callable[[str, Row], float] | None = None
    overlap: Callable[[str, Row], float] | None = None
    asks_loss: bool = False
    said: Callable[[str], str] = str


def scale_of(task: str, rows: Sequence[Row]) -> Scale:
    """Return the scale of a task; prompts whose right answers are short are scored word for word."""
    if task == "question-answering":
        return ON_QUESTIONS
    if task == "text2text-generation":
        return ON_TEXTS
    answers = [row.answer.strip() for row in rows if row.answer is not None]
    short = sum(len(units_of(answer)) <= SHORT and "\n" not in answer for answer in answers)
    return SHORT_ANSWERS if answers and short >= MOSTLY * len(answers) else ON_PROMPTS


def _words(text: str) -> Hashable:
    return tuple(normalised_words(text))


def _exact_words(text: str) -> Hashable:
    return tuple(exact_words(text))


def _overlap(text: str, other: str) -> float:
    return token_f1(text, [other])


def _folded_words(text: str) -> Hashable:
    return tuple(units_of(text.casefold()))


def _folded_chrf(text: str, other: str) -> float:
    return chrf(text.casefold(), other.casefold())


def _answered(row: Row) -> bool:
    return row.answer is not None


def _first_line(text: str) -> str:
    return text.strip().partition("\n")[0]


ON_QUESTIONS = Scale(
    QUESTIONS, _words, _overlap, lambda row: row.answers is not None, most=1,
    right=lambda said, row: float(exact_match(said, row.answers or ())),
    overlap=lambda said, row: token_f1(said, row.answers or ()),
)  # fmt: skip
# A text in capitals is rightly translated in capitals.
ON_TEXTS = Scale(
    TEXTS, _folded_words, _folded_chrf, _answered, most=MOST_NEW_TOKENS["text2text-generation"],
    right=lambda said, row: _folded_chrf(said, row.answer or ""),
)  # fmt: skip
ON_PROMPTS = Scale(
    LONG_PROMPTS, _exact_words, _overlap, _answered, most=MOST_NEW_TOKENS["text-generation"], asks_loss=True
)
# Plain models write on behind a short answer.
SHORT_ANSWERS = Scale(
    PROMPTS, _exact_words, _overlap, _answered, most=MOST_NEW_TOKENS["text-generation"], asks_loss=True,
    said=_first_line,
    right=lambda said, row: float(same_answer(said, row.answer or "")),
)  # fmt: skip
