"""Letting a model answer in its own words: how many tokens at most, what that costs, and what is said of it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from modelaudit.audit_report import SubjectInfo
from modelaudit.checker import Answers, Context, Cost
from modelaudit.errors import NotAssessable
from modelaudit.rows import Row

MOST_NEW_TOKENS = {
    "text-generation": 32,
    "text2text-generation": 128,
    "automatic-speech-recognition": 224,
}
"""New tokens of an answer at the most: of a short answer to a prompt, a summary, half a minute of speech (Whisper's own
limit is twice that)."""
SILENT = 0.9
"""Share of empty answers from which a model says nothing."""


def most_new_tokens(task: str) -> int:
    """Return how many new tokens an answer has at the most; 1 where a model marks an answer and writes none."""
    return MOST_NEW_TOKENS.get(task, 1)


def writing_cost(subject: SubjectInfo, rows: int) -> Cost:
    """Return what answers to so many rows cost: an evaluation a token where one is written after the other."""
    # Models that understand speech at once (CTC) judge no tokens.
    once = subject.task == "automatic-speech-recognition" and "token_statistics" not in subject.capabilities
    steps = 1 if once else most_new_tokens(subject.task)
    return Cost(evaluations=rows * steps, tokens=round(rows * (subject.evaluation.mean_tokens + steps - 1)))


def note_limits(ctx: Context, rows: Sequence[Row], answers: Answers, *, most: int) -> None:
    """Note how many answers are empty or were cut, and how many rows could not be read whole.

    Args:
        ctx: of the check. rows: what was asked. answers: to these rows. most: new tokens that were asked for.
    """
    if silent := int((_empty(answers) & _has_answer(rows)).sum()):
        ctx.note(f"{silent:,} of {len(answers):,} answers are empty, though the right one is not or is not known.")
    if cut := int((~answers.ended & _ends(ctx, rows)).sum()):
        ctx.note(
            f"{cut:,} answers were cut at {most} new tokens, or sooner where the model has no room for so many, and "
            "are judged as far as they go."
        )
    if lost := int(answers.truncated.sum()):
        ctx.note(f"{lost:,} rows are longer than the model takes, and it did not read all of them.")


def refuse_silence(rows: Sequence[Row], answers: Answers) -> None:
    """Raise NotAssessable where the model says nothing: no change of a row, and no group, could alter its answers.

    That is where nine answers in ten are empty, of all and of those whose right answer is not.
    """
    said_nothing, expected = _empty(answers), _has_answer(rows)
    room = ~np.isnan(answers.log_probs)
    silent, asked = int((said_nothing & expected).sum()), int((room & expected).sum())
    if asked and silent >= SILENT * asked and int(said_nothing.sum()) >= SILENT * int(room.sum()):
        raise NotAssessable(
            f"{silent:,} of {asked:,} answers are empty where the right one is not or is not known, and a model that "
            "says nothing can't change its answer; look at what it writes, and at how its rows are put to it"
        )


def _empty(answers: Answers) -> NDArray[np.bool_]:
    """Tell which answers are empty; a prompt that leaves no room for an answer (NaN) has none."""
    return np.array([not text.strip() for text in answers.texts], dtype=np.bool_) & ~np.isnan(answers.log_probs)


def _has_answer(rows: Sequence[Row]) -> NDArray[np.bool_]:
    """Tell which rows have another right answer than silence, as far as is known."""
    known = [(row.answer,) if row.answer is not None else row.answers for row in rows]
    return np.array([truths is None or any(truth.strip() for truth in truths) for truths in known], dtype=np.bool_)


def _ends(ctx: Context, rows: Sequence[Row]) -> NDArray[np.bool_]:
    """Tell which answers end by themselves: plain models write on until they are stopped, chats do not."""
    plain = ctx.subject.task == "text-generation"
    return np.array([not plain or row.turns is not None for row in rows], dtype=np.bool_)
