"""Answering: the answer of each row that is explained, its own or, where the data has none, the model's."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from modelaudit.checker import Context
from modelaudit.checkers.opacity.solving import split
from modelaudit.rows import Row

CONTINUED = 8
"""Tokens of a continuation that a language model is asked for, where the rows have none."""

WRITTEN = 32
"""Tokens of a summary, a translation or a transcript that a model is asked for, where the rows have none."""

MOST_PLACES = 8
"""Places of a context where the text of an answer is looked for, the first ones."""


def new_tokens(task: str) -> int:
    """Return how many tokens a model of the task is asked for where a row has no answer; 0 where it writes none."""
    if task == "text-generation":
        return CONTINUED
    return WRITTEN if task in {"text2text-generation", "automatic-speech-recognition"} else 0


def answered(ctx: Context, rows: Sequence[Row]) -> tuple[Sequence[Row], frozenset[str]]:
    """Return the rows with an answer to explain, and the ids of those whose answer was cut, so that it has no end.

    A row to which the model says nothing keeps none.
    """
    task, none = ctx.subject.task, frozenset[str]()
    if task == "question-answering":
        return _marked(ctx, rows), none
    most = new_tokens(task)
    open_ = [place for place, row in enumerate(rows) if row.answer is None]
    if not most or not open_:
        return rows, none
    asked = [rows[place] for place in open_]
    said, cut = _written(ctx, asked, most)
    given = {place: text or None for place, text in zip(open_, said, strict=True)}
    # Models that understand speech at once (CTC) have no limit.
    at_once = task == "automatic-speech-recognition" and "token_statistics" not in ctx.model.capabilities
    limit = "" if at_once else f", {most} tokens at most"
    ctx.note(f"{len(open_)} of the rows drawn have no answer; the model's own were explained, chosen greedily{limit}.")
    if cut:
        ctx.note(f"{len(cut)} answers were cut there and are explained as far as they go, without an end.")
    return [replace(row, answer=given.get(place, row.answer)) for place, row in enumerate(rows)], cut


def _written(ctx: Context, rows: Sequence[Row], most: int) -> tuple[Sequence[str], frozenset[str]]:
    """Return what the model writes to the rows, and the ids of those where it was cut before its end."""
    if ctx.subject.task == "text-generation":
        # A continuation keeps the white space between a prompt and itself, which decides how it is spelt; none has an
        # end that is explained.
        return ctx.model.generate(rows, max_new_tokens=most), frozenset()
    answers = ctx.model.answers(rows, max_new_tokens=most)
    ended = zip(rows, answers.texts, answers.ended.tolist(), strict=True)
    return answers.texts, frozenset(row.id for row, text, end in ended if text and not end)


def _marked(ctx: Context, rows: Sequence[Row]) -> Sequence[Row]:
    """Return the rows with a span to explain: where the data marks none, the model's own answer is looked for."""
    open_ = [place for place, row in enumerate(rows) if not row.spans and row.answers != ()]
    if not open_:
        return rows
    said = ctx.model.answers([rows[place] for place in open_]).texts
    found = {place: list(_places(rows[place], text)) for place, text in zip(open_, said, strict=True)}
    asked = [row for place in open_ for row in found[place]]
    likely = [float(one.logits.sum()) if one.logits.size else -np.inf for one in split(ctx.model.predict(asked))]
    marked, start = list(rows), 0
    for place in open_:
        stop = start + len(found[place])
        if stop > start:
            marked[place] = found[place][int(np.argmax(likely[start:stop]))]
        start = stop
    told = sum(bool(places) for places in found.values())
    ctx.note(
        f"In {len(open_)} of the rows drawn no answer is marked in the context; the model's own were explained in the "
        f"{told} whose context holds them, and of an answer that stands there more than once the likeliest place."
    )
    return marked


def _places(row: Row, text: str) -> Iterator[Row]:
    """Yield the row with each place of its context where the answer stands; with none where the context has none."""
    if not text:
        yield replace(row, answers=(), spans=())
        return
    start = row.text.find(text)
    for _ in range(MOST_PLACES):
        if start < 0:
            return
        yield replace(row, answers=(text,), spans=((start, start + len(text)),))
        start = row.text.find(text, start + 1)
