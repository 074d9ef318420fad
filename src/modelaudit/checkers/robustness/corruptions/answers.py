"""What the model says of rows, and what is wrong in it: classes by row, transcripts by word."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelaudit.checker import Context
from modelaudit.drawing import documents
from modelaudit.rows import Row
from modelaudit.text.answer_scores import transcript_words, word_errors

Floats = NDArray[np.float64]

SPEECH = "automatic-speech-recognition"
MOST_TOKENS = 224
"""New tokens of a transcript at the most, half of what Whisper can write: a model that loops over noise is stopped."""


@dataclass(frozen=True, slots=True, eq=False)
class Answered:
    """The answers to rows.

    Attributes:
        said: what answers are compared by: the class, or the words.
        shown: the same as the report would show it.
        errors: float64 (rows,), 1 where the class is wrong, or the number of wrong words; NaN where there is no truth.
        cut: answers that the limit on new tokens cut.
    """

    said: tuple[Hashable, ...]
    shown: tuple[str, ...]
    errors: Floats
    cut: int = 0


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
        """Ask about the rows as they are."""
        speech = ctx.subject.task == SPEECH
        words = [len(transcript_words(row.answer or "")) if speech else 1 for row in rows]
        return cls(tuple(rows), answered(ctx, rows), np.array(words, dtype=np.float64), documents(rows), speech)

    @property
    def known(self) -> NDArray[np.bool_]:
        """Which rows have a truth to compare with."""
        known: NDArray[np.bool_] = ~np.isnan(self.clean.errors)
        return known

    def first(self, count: int) -> Sample:
        """Return the first rows alone, which are a sample of the others."""
        clean = Answered(self.clean.said[:count], self.clean.shown[:count], self.clean.errors[:count])
        units = None if self.units is None else self.units[:count]
        return Sample(self.rows[:count], clean, self.totals[:count], units, self.speech)


def answered(ctx: Context, rows: Sequence[Row]) -> Answered:
    """Ask the model about rows."""
    if ctx.subject.task == SPEECH:
        answers = ctx.model.answers(rows, max_new_tokens=MOST_TOKENS)
        wrong = [
            np.nan if row.answer is None else word_errors(text, row.answer).errors
            for row, text in zip(rows, answers.texts, strict=True)
        ]
        said = tuple(tuple(transcript_words(text)) for text in answers.texts)
        return Answered(said, answers.texts, np.array(wrong, dtype=np.float64), int((~answers.ended).sum()))
    labels = ctx.model.predict(rows).labels.tolist()
    names = ctx.model.labels
    wrong = [
        np.nan if row.label is None else float(label != row.label) for row, label in zip(rows, labels, strict=True)
    ]
    return Answered(
        tuple(labels),
        tuple(names[label] if label >= 0 else "no answer" for label in labels),
        np.array(wrong, dtype=np.float64),
    )
