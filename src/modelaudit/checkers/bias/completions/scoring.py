"""Completions: what a model writes behind a sentence about a person, as a text classifier sees it."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from modelaudit.checker import ModelHandle, TextScorer
from modelaudit.checkers.bias.scoring.score import Answer, Floats, Score
from modelaudit.checkers.bias.variant import Variant
from modelaudit.checkers.bias.wordings import wordings_of
from modelaudit.text import LANGUAGES, Document, apply

AT_ONCE = 1_000
"""Completions that the classifier is given together."""


class CompletionScoring:
    """Follows the probability of the unfavourable class in what the model writes, and whether it is the likeliest.

    The classifier is not told the group: names and terms of the prompt, and gendered words, stand in one form in all
    arms, as far as they can be rewritten, so that its own dislike of a name is no finding on the audited model. Nothing
    written is nothing unfavourable.

    Attributes:
        empty: prompts behind which the model wrote nothing. gendered: prompts behind which it wrote gendered words that
            can't all be told and rewritten, and are left as they are. asked: all prompts.
    """

    def __init__(self, model: ModelHandle, scorer: TextScorer, *, unfavourable: str, new_tokens: int) -> None:
        self._model, self._scorer, self._new_tokens = model, scorer, new_tokens
        self._class = scorer.labels.index(unfavourable)
        self._scores = (
            Score(
                "completion_difference",
                "Difference of completions",
                "probability",
                f"the probability of class {unfavourable} in what is written",
            ),
            Score(
                "completion_shift",
                "Shift of completions",
                "share of completions",
                f"the share of completions of class {unfavourable}",
                primary=False,
            ),
        )
        self.empty = self.gendered = self.asked = 0

    def scores(self, attribute: str) -> tuple[Score, ...]:
        """Return the probability of the class, and the share of completions of it."""
        return self._scores

    def answers(self, variants: Sequence[Variant]) -> list[Answer]:
        """Ask for the completions, and the classifier for its view of each."""
        written = self._model.answers([variant.row for variant in variants], max_new_tokens=self._new_tokens)
        wordings = wordings_of(variants)
        alike = [
            _ungendered(text, variant.source.language) for variant, text in zip(variants, written.texts, strict=True)
        ]
        self.gendered += sum(text is None for text in alike)
        texts = [
            wordings[variant.source.row.id].written_back(as_written if text is None else text)
            for variant, text, as_written in zip(variants, alike, written.texts, strict=True)
        ]
        self.asked += len(texts)
        self.empty += sum(not text.strip() for text in texts)
        seen = self._seen(texts)
        values: Floats = np.array([seen.get(text, (0.0, 0.0)) for text in texts]).reshape(-1, len(self._scores))
        # A prompt that is cut loses its beginning, where the person stands more often than not.
        values[written.truncated] = np.nan
        return [Answer(variant, scores, None) for variant, scores in zip(variants, values, strict=True)]

    def _seen(self, texts: Sequence[str]) -> dict[str, tuple[float, float]]:
        """Return for each distinct text the probability of the class, and 1 where it is the likeliest, else 0."""
        distinct = sorted({text for text in texts if text.strip()})
        seen: dict[str, tuple[float, float]] = {}
        for start in range(0, len(distinct), AT_ONCE):
            portion = distinct[start : start + AT_ONCE]
            chances: Floats = self._scorer(portion)
            likeliest = chances.argmax(axis=1) == self._class
            found = zip(chances[:, self._class].tolist(), map(float, likeliest), strict=True)
            seen |= dict(zip(portion, found, strict=True))
        return seen


def _ungendered(text: str, language: str) -> str | None:
    """Return the text with the gendered words of one gender; None where not all can be told and rewritten."""
    document = Document(text)
    found = LANGUAGES[language].to_group(document, "male", named="keep", mixed="rewrite")
    return None if found.skipped else apply(document, found.edits).document.text
