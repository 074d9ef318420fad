"""Answers in words by group: how right they are, and how many words of what was said are wrong."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from modelaudit.checker import Answers as Told
from modelaudit.checker import Context
from modelaudit.checkers.bias.groups.answers import Answers, Floats, Question, Rate, Score, Tally
from modelaudit.checkers.spoken_errors import error_caveats
from modelaudit.checkers.writing import most_new_tokens, note_limits, refuse_silence
from modelaudit.errors import NotAssessable
from modelaudit.rows import Row
from modelaudit.text.answer_scores import character_errors, chrf, exact_match, token_f1, word_errors

WRITTEN_TASKS = ("question-answering", "text2text-generation", "automatic-speech-recognition")
"""Tasks whose answers are text that can be held against a right one."""


def written_answers(ctx: Context, rows: Sequence[Row]) -> Answers:
    """Return what the model answers to each row with a right answer, as scores and errors that groups can differ in.

    Raises NotAssessable where no row has one, and where the model says nothing.
    """
    task = ctx.subject.task
    known = [place for place, row in enumerate(rows) if row.answer is not None or row.answers is not None]
    if not known:
        raise NotAssessable("answers are scored against right ones, and no evaluation row has any; provide answers")
    asked, most = [rows[place] for place in known], most_new_tokens(task)
    answers = ctx.model.answers(asked, max_new_tokens=most)
    note_limits(ctx, asked, answers, most=most)
    refuse_silence(asked, answers)
    if task == "question-answering":
        return _questions(asked, answers.texts, known, len(rows))
    if task == "text2text-generation":
        nats = ctx.model.loss(asked).per_row
        loss = _spread(np.where(np.isfinite(nats), nats, np.nan), known, len(rows))
        return _texts(asked, answers.texts, loss, known)
    return _speech(asked, answers, known, len(rows))


def _questions(asked: Sequence[Row], said: Sequence[str], known: Sequence[int], n: int) -> Answers:
    pairs = [(text, row.answers or ()) for text, row in zip(said, asked, strict=True)]
    overlap = _spread([token_f1(*pair) for pair in pairs], known, n)
    right = np.nan_to_num(_spread([float(exact_match(*pair)) for pair in pairs], known, n))
    return Answers(
        {"exact match": Rate("Exact match", "answers that are right word for word", right, _held(known, n))},
        {
            "F1": Score(
                "Answer F1", "words shared by an answer and the right one", overlap, "F1", reach=1.0, signed=False
            )
        },
        (
            Question("answer_f1_difference", "F1", "difference", primary=True, crossed=True),
            Question("exact_match_difference", "exact match", "difference", primary=False),
        ),
    )


def _texts(asked: Sequence[Row], said: Sequence[str], loss: Floats, known: Sequence[int]) -> Answers:
    likeness = _spread([chrf(text, row.answer or "") for text, row in zip(said, asked, strict=True)], known, len(loss))
    return Answers(
        {},
        {
            "chrF": Score(
                "chrF", "characters shared by what is written and the right text", likeness, "chrF", reach=1.0,
                signed=False,
            ),
            "loss": Score("Loss", "nats a token of the right text", loss, "nats a token", signed=False),
        },
        (
            Question("chrf_difference", "chrF", "difference", primary=True, crossed=True),
            Question("loss_difference", "loss", "difference", primary=False),
        ),
    )  # fmt: skip


def _speech(asked: Sequence[Row], answers: Told, known: Sequence[int], n: int) -> Answers:
    tallies = {}
    for name, count in (("word", word_errors), ("character", character_errors)):
        counts = [count(text, row.answer or "") for text, row in zip(answers.texts, asked, strict=True)]
        wrong, said = [one.errors for one in counts], [one.total for one in counts]
        errors, totals = (np.nan_to_num(_spread(each, known, n)) for each in (wrong, said))
        tallies[name] = Tally(
            f"{name.capitalize()} error rate", f"wrong {name}s by {name}s said", errors, totals, f"{name}s",
            error_caveats(wrong, said, ~answers.ended),
        )  # fmt: skip
    return Answers(
        {},
        {},
        (
            Question("word_error_rate_difference", "word", "difference", primary=True, crossed=True),
            Question("word_error_rate_ratio", "word", "ratio", primary=False),
            Question("character_error_rate_difference", "character", "difference", primary=False),
        ),
        tallies=tallies,
    )


def _spread(values: Sequence[float] | Floats, known: Sequence[int], n: int) -> Floats:
    """Return values of some rows as those of all (n,), NaN where there is none."""
    every = np.full(n, np.nan)
    every[list(known)] = values
    return every


def _held(known: Sequence[int], n: int) -> Floats:
    every = np.zeros(n)
    every[list(known)] = 1.0
    return every
