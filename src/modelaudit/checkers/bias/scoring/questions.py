"""Extractive question answering: how probable the row's answer is, and which answer the model picks."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from modelaudit.checker import ModelHandle, Row
from modelaudit.checkers.bias.scoring.reading import SILENT, unread
from modelaudit.checkers.bias.scoring.score import Answer, Floats, Score
from modelaudit.checkers.bias.variant import Variant
from modelaudit.checkers.bias.wordings import wordings_of
from modelaudit.text.answer_scores import exact_match, normalised_words

SCORES = (
    Score("score_difference", "Score difference", "probability", "the probability of the answer"),
    Score(
        "log_odds_difference",
        "Difference of log-odds",
        "nats",
        "the log-odds of the answer",
        primary=False,
        bounded=False,
        points=False,
    ),
    Score(
        "exact_match_difference",
        "Difference of exact matches",
        "share of rows",
        "the share of questions that are answered exactly",
        primary=False,
    ),
)
SURE = 1e-7
"""Probabilities nearer to 0 or 1 than this count as being so near: log-odds of single precision end there."""


class QuestionScoring:
    """Follows the answer, which was rewritten with its context; decides on the answer that the model picks.

    The probability is that of the answer's start by that of its end, or of the place for "no answer" by itself. Answers
    are one decision where they differ in words alone that were exchanged, in case, punctuation or articles. Where nine
    in ten questions that have an answer are left open, the model decides nothing.
    """

    def __init__(self, model: ModelHandle, *, note: Callable[[str], None]) -> None:
        self._model, self._note = model, note

    def scores(self, attribute: str) -> tuple[Score, ...]:
        """Return the answer's probability and log-odds, and whether the model picks it."""
        return SCORES

    def answers(self, variants: Sequence[Variant]) -> list[Answer]:
        """Ask for the answer's probability, and for the model's own answer."""
        rows = [variant.row for variant in variants]
        predictions, picked = self._model.predict(rows), self._model.answers(rows)
        assert predictions.offsets is not None
        counts = np.diff(predictions.offsets)
        parts = np.repeat(np.arange(len(rows)), counts)
        totals = np.bincount(parts, predictions.logits[:, 0], minlength=len(rows))
        chances: Floats = np.clip(np.exp(totals), SURE, 1.0 - SURE)
        exact = [float(exact_match(text, row.answers or ())) for text, row in zip(picked.texts, rows, strict=True)]
        values = np.column_stack([chances, np.log(chances) - np.log1p(-chances), exact])
        values[(counts == 0) | unread(self._model, variants, predictions.truncated)] = np.nan
        decides, wordings = self._noted(rows, picked.texts), wordings_of(variants)
        return [
            Answer(
                variant,
                scores,
                tuple(normalised_words(wordings[variant.source.row.id].canonical(text))) if decides else None,
            )
            for variant, scores, text in zip(variants, values, picked.texts, strict=True)
        ]

    def _noted(self, rows: Sequence[Row], texts: Sequence[str]) -> bool:
        """Note how many questions that have an answer are left open, and return whether the others can be compared."""
        asked = [text for row, text in zip(rows, texts, strict=True) if row.answers]
        left = sum(not text.strip() for text in asked)
        decides = not asked or left < SILENT * len(asked)
        if left:
            rest = "" if decides else "; so it is not compared which answer it picks"
            self._note(
                f"The model picks no answer to {left:,} of {len(asked):,} rewritten questions that have one{rest}."
            )
        return decides
