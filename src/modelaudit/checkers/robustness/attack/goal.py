"""Goal: what a search wants of the model's answer, and how near an answer is to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from modelaudit.checker import Predictions
from modelaudit.checkers.robustness.entities import Entity, entities

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]


class Goal(Protocol):
    """A predicted label, or the predicted entities of a sentence, that the search wants the model to leave."""

    @property
    def label(self) -> int:
        """The class whose logit holds the answer where it is (for gradients)."""
        ...

    def scores(self, answers: Predictions) -> tuple[Floats, Flags]:
        """Return for each answer the margin by which it still holds, in logits, and whether the goal is reached."""
        ...

    def reached(self, answers: Predictions, place: int) -> bool:
        """Tell whether one answer, among those to other rows, reaches the goal."""
        ...

    def confidence(self, answers: Predictions, place: int) -> float:
        """Return the probability of what was predicted for the original, in one answer."""
        ...

    def outcome(self, answers: Predictions, place: int) -> str:
        """Return in words what became of the answer."""
        ...


@dataclass(frozen=True, slots=True)
class LabelGoal:
    """The predicted class of a text; any other is a flip."""

    label: int
    labels: tuple[str, ...]

    def scores(self, answers: Predictions) -> tuple[Floats, Flags]:
        """Return the logit of the label less the largest other one."""
        others = np.delete(answers.logits, self.label, axis=1)
        return answers.logits[:, self.label] - others.max(axis=1), answers.labels != self.label

    def reached(self, answers: Predictions, place: int) -> bool:
        """Tell whether another class is predicted."""
        return bool(answers.labels[place] != self.label)

    def confidence(self, answers: Predictions, place: int) -> float:
        """Return the probability of the label."""
        return float(answers.probabilities[place, self.label])

    def outcome(self, answers: Predictions, place: int) -> str:
        """Name both classes."""
        return f"{self.labels[self.label]} became {self.labels[answers.labels[place]]}"


@dataclass(frozen=True, slots=True, eq=False)
class EntityGoal:
    """The predicted entities of a sentence; one that is not kept, in its words and its type, is a flip.

    The edits of an attack leave the number of words alone, so an entity that is kept stands where it stood. A sentence
    of which some word has no answer any more, since it grew too long, is no flip: what was not seen was not lost.

    Attributes:
        tags: int64 (words,), as predicted for the original.
        seen: its entities.
        labels: the model's.
    """

    tags: NDArray[np.int64]
    seen: tuple[Entity, ...]
    labels: tuple[str, ...]

    @property
    def label(self) -> int:
        """The tag of the first word of the first entity."""
        return int(self.tags[self.seen[0].start])

    @property
    def _places(self) -> list[int]:
        """The words of the entities and the words beside them, which could join one."""
        inside = {place for one in self.seen for place in range(one.start - 1, one.end + 1)}
        return [place for place in sorted(inside) if 0 <= place < len(self.tags)]

    def scores(self, answers: Predictions) -> tuple[Floats, Flags]:
        """Return the smallest margin by which a word of an entity, or one beside it, keeps its tag."""
        places = self._places
        tags = self.tags[places]
        logits = answers.logits.reshape(-1, len(self.tags), answers.logits.shape[1])
        near = logits[:, places]
        held = np.take_along_axis(near, tags[None, :, None], axis=2)[:, :, 0]
        others = near.copy()
        np.put_along_axis(others, np.broadcast_to(tags[None, :, None], (len(near), len(tags), 1)), -np.inf, axis=2)
        margins = (held - others.max(axis=2)).min(axis=1)
        cut = np.isnan(logits).any(axis=(1, 2))
        predicted = answers.labels.reshape(-1, len(self.tags))
        lost = [not set(self.seen) <= set(self._entities(row)) for row in predicted]
        return np.where(cut, np.inf, margins), ~cut & np.array(lost, dtype=np.bool_)

    def reached(self, answers: Predictions, place: int) -> bool:
        """Tell whether an entity is not kept, and every word has an answer."""
        tags = _tags_of(answers, place)
        return bool((tags >= 0).all()) and not set(self.seen) <= set(self._entities(tags))

    def confidence(self, answers: Predictions, place: int) -> float:
        """Return the mean probability of the entities' tags."""
        words = [word for one in self.seen for word in range(one.start, one.end)]
        return float(answers.words_of(place)[words, self.tags[words]].mean())

    def outcome(self, answers: Predictions, place: int) -> str:
        """Count the entities that were kept."""
        kept = len(set(self.seen) & set(self._entities(_tags_of(answers, place))))
        return f"{kept} of {len(self.seen)} entities kept"

    def _entities(self, tags: NDArray[np.int64]) -> Sequence[Entity]:
        return entities(self.labels[tag] for tag in tags)


def _tags_of(answers: Predictions, place: int) -> NDArray[np.int64]:
    assert answers.offsets is not None
    return answers.labels[answers.offsets[place] : answers.offsets[place + 1]]
