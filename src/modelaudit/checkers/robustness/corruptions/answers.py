"""What the model says of rows, and what is wrong in it: classes by row, transcripts by word."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelaudit.checker import Answers, Context
from modelaudit.checkers.writing import most_new_tokens, note_limits, refuse_silence
from modelaudit.drawing import documents
from modelaudit.rows import Row
from modelaudit.text.answer_scores import transcript_words, word_errors

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

SPEECH = "automatic-speech-recognition"


@dataclass(frozen=True, slots=True, eq=False)
class Answered:
    """The answers to rows.

    Attributes:
        said: what answers are compared by: the class, or the words.
        shown: the same as the report would show it.
        errors: float64 (rows,), 1 where the class is wrong, or the number of wrong words; NaN where there is no truth.
        truncated: bool (rows,), where the row is longer than the model takes.
        cut: bool (rows,), where the limit on new tokens cut the answer.
    """

    said: tuple[Hashable, ...]
    shown: tuple[str, ...]
    errors: Floats
    truncated: Flags
    cut: Flags

    def at(self, places: Sequence[int]) -> Answered:
        """Return the answers to some of the rows."""
        chosen = np.asarray(places, dtype=np.int64)
        said, shown = tuple(self.said[place] for place in places), tuple(self.shown[place] for place in places)
        return Answered(said, shown, self.errors[chosen], self.truncated[chosen], self.cut[chosen])


@dataclass(frozen=True, slots=True, eq=False)
class Sample:
    """The rows, and what the model says of them as they are.

    Attributes:
        totals: float64 (rows,), what there is to get right: 1 class, or the words that are said.
        units: (rows,) the speaker or document of each row as a number; None where no two rows share one.
    """

    rows: tuple[Row, ...]
    clean: Answered
    totals: Floats
    units: NDArray[np.int64] | None
    speech: bool

    @classmethod
    def of(cls, ctx: Context, rows: Sequence[Row]) -> Sample:
        """Ask about the rows as they are, and note what of them can't be compared; NotAssessable for silence."""
        speech = ctx.subject.task == SPEECH
        if speech:
            told = _transcripts(ctx, rows)
            note_limits(ctx, rows, told, most=most_new_tokens(SPEECH))
            refuse_silence(rows, told)
            clean = _by_word(rows, told)
        else:
            clean = answered(ctx, rows)
            if lost := int(clean.truncated.sum()):
                ctx.note(f"{lost:,} rows are longer than the model takes, and it did not read all of them.")
        if len(set(clean.said)) == 1:
            ctx.note(f"All {len(rows):,} rows as they are get one and the same answer, which changes seldom alter.")
        words = [len(transcript_words(row.answer or "")) if speech else 1 for row in rows]
        return cls(tuple(rows), clean, np.array(words, dtype=np.float64), documents(rows), speech)

    @property
    def known(self) -> Flags:
        """Which rows have a truth to compare with."""
        known: Flags = ~np.isnan(self.clean.errors)
        return known

    def at(self, places: Sequence[int]) -> Sample:
        """Return the sample of some of the rows alone."""
        units = None if self.units is None else self.units[np.asarray(places, dtype=np.int64)]
        rows = tuple(self.rows[place] for place in places)
        return Sample(rows, self.clean.at(places), self.totals[np.asarray(places, dtype=np.int64)], units, self.speech)


def answered(ctx: Context, rows: Sequence[Row]) -> Answered:
    """Ask the model about rows."""
    if ctx.subject.task == SPEECH:
        return _by_word(rows, _transcripts(ctx, rows))
    told = ctx.model.predict(rows)
    labels, names = told.labels.tolist(), ctx.model.labels
    wrong = [
        np.nan if row.label is None else float(label != row.label) for row, label in zip(rows, labels, strict=True)
    ]
    return Answered(
        tuple(labels),
        tuple(names[label] if label >= 0 else "no answer" for label in labels),
        np.array(wrong, dtype=np.float64),
        told.truncated,
        np.zeros(len(rows), dtype=np.bool_),
    )


def _transcripts(ctx: Context, rows: Sequence[Row]) -> Answers:
    return ctx.model.answers(rows, max_new_tokens=most_new_tokens(SPEECH))


def _by_word(rows: Sequence[Row], told: Answers) -> Answered:
    wrong = [
        np.nan if row.answer is None else word_errors(text, row.answer).errors
        for row, text in zip(rows, told.texts, strict=True)
    ]
    said = tuple(tuple(transcript_words(text)) for text in told.texts)
    return Answered(said, told.texts, np.array(wrong, dtype=np.float64), told.truncated, ~told.ended)
