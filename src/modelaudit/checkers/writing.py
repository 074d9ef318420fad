"""Letting a model answer in its own words: how many tokens at most, what that costs, and what is said of it."""

from __future__ import annotations

from modelaudit.audit_report import SubjectInfo
from modelaudit.checker import Answers, Context, Cost

MOST_NEW_TOKENS = {
    "text-generation": 32,
    "text2text-generation": 128,
    "automatic-speech-recognition": 224,
}
"""New tokens of an answer at the most: of a short answer to a prompt, a summary, half a minute of speech (Whisper's own
limit is twice that)."""


def most_new_tokens(task: str) -> int:
    """Return how many new tokens an answer has at the most; 1 where a model marks an answer and writes none."""
    return MOST_NEW_TOKENS.get(task, 1)


def writing_cost(subject: SubjectInfo, rows: int) -> Cost:
    """Return what answers to so many rows cost: an evaluation a token where one is written after the other."""
    # Models that understand speech at once (CTC) judge no tokens.
    once = subject.task == "automatic-speech-recognition" and "token_statistics" not in subject.capabilities
    steps = 1 if once else most_new_tokens(subject.task)
    return Cost(evaluations=rows * steps, tokens=round(rows * (subject.evaluation.mean_tokens + steps - 1)))


def note_limits(ctx: Context, answers: Answers, *, most: int) -> None:
    """Note how many answers were cut at the limit, and how many rows could not be read whole."""
    # Plain models write on until they are stopped: a short answer is cut behind its end.
    cut = 0 if ctx.subject.task == "text-generation" else int((~answers.ended).sum())
    if cut:
        ctx.note(f"{cut:,} answers were cut at {most} new tokens and are judged as far as they go.")
    if lost := int(answers.truncated.sum()):
        ctx.note(f"{lost:,} rows are longer than the model takes, and it did not read all of them.")
