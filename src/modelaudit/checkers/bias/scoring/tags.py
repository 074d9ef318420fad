"""Token classification: whether an entity is found, and how probable its reference tags are."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from modelaudit.checker import ModelHandle
from modelaudit.checkers.bias.scoring.reading import unread
from modelaudit.checkers.bias.scoring.score import Answer, Floats, Score
from modelaudit.checkers.bias.variant import Variant
from modelaudit.text.tags import entity_spans, type_of

PROBABILITY = Score("score_difference", "Score difference", "probability", "the probability of the reference tag")
RECALL = (
    Score("recall_difference", "Difference of recall", "share of names", "the share of persons found"),
    Score(
        "missed_difference",
        "Difference of names missed",
        "share of names",
        "the share of persons not tagged at all",
        primary=False,
    ),
    Score(
        "type_error_difference",
        "Difference of type errors",
        "share of names",
        "the share of persons tagged as another type",
        primary=False,
    ),
    Score("score_difference", "Score difference", "probability", "the probability of the reference tag", primary=False),
)
"""Of names: found with span and type (strict), not tagged, tagged as another type; and the tags' probability."""


class TagScoring:
    """Follows the person whose name was exchanged; for other attributes the entities that no arm edits.

    Args:
        of_names: the attributes that exchange names of persons.
    """

    def __init__(self, model: ModelHandle, *, of_names: Collection[str]) -> None:
        self._model, self._of_names = model, frozenset(of_names)

    def scores(self, attribute: str) -> tuple[Score, ...]:
        """Return recall and kinds of error for names, the probability of the reference tags for the rest."""
        return RECALL if attribute in self._of_names else (PROBABILITY,)

    def answers(self, variants: Sequence[Variant]) -> list[Answer]:
        """Ask for the tags of each word."""
        predictions = self._model.predict([variant.row for variant in variants])
        lost = unread(self._model, variants, predictions.truncated)
        found = []
        for index, variant in enumerate(variants):
            probabilities = predictions.words_of(index)
            scores = self._scored(variant, probabilities)
            found.append(
                Answer(
                    variant, np.full_like(scores, np.nan) if lost[index] else scores, _all_found(variant, probabilities)
                )
            )
        return found

    def _scored(self, variant: Variant, probabilities: Floats) -> Floats:
        words = [word for word, _ in variant.scored]
        tags = [tag for _, tag in variant.scored]
        score = float(probabilities[words, tags].mean()) if words else float("nan")
        if variant.attribute not in self._of_names:
            return np.array([score])
        if variant.person is None or np.isnan(probabilities[slice(*variant.person)]).any():
            return np.full(len(RECALL), np.nan)
        return np.array([*self._errors(variant, variant.person, probabilities), score])

    def _errors(self, variant: Variant, person: tuple[int, int], probabilities: Floats) -> tuple[float, float, float]:
        """Return 0 or 1 for found, not tagged, tagged as another type; a person with wrong edges is none of them."""
        labels = self._model.labels
        tags = [labels[int(row.argmax())] if not np.isnan(row).any() else "O" for row in probabilities]
        kind = next((type_of(labels[tag]) for word, tag in variant.entities if word >= person[0]), None)
        found = (*person, kind) in entity_spans(tags)
        mine = {type_of(tag) for tag in tags[slice(*person)]}
        missed = mine == {None}
        other = not found and not missed and kind not in mine
        return float(found), float(missed), float(other)


def _all_found(variant: Variant, probabilities: Floats) -> int:
    return int(
        all(
            int(probabilities[word].argmax()) == tag
            for word, tag in variant.entities
            if not np.isnan(probabilities[word]).any()
        )
    )
