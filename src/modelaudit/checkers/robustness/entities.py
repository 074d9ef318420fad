"""Entities of a tagged sentence, and what became of them when the sentence was edited."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from modelaudit.text.tags import entity_spans

WordMap = Sequence[Sequence[int]]


@dataclass(frozen=True, slots=True, order=True)
class Entity:
    """An entity: the words [start, end) and its type."""

    start: int
    end: int
    type: str


@dataclass(frozen=True, slots=True)
class Fates:
    """What became of the entities that a model saw before an edit; `spurious` were seen only after it.

    `kept` have the same words and the same type; `changed` overlap with an entity of other words or type; `lost`
    overlap with none.
    """

    kept: int = 0
    changed: int = 0
    lost: int = 0
    spurious: int = 0

    @property
    def before(self) -> int:
        """Entities seen before the edit."""
        return self.kept + self.changed + self.lost


def entities(tags: Iterable[str]) -> list[Entity]:
    """Return the entities of one sentence in order; BIO, IOB1, BIOES, BILOU and bare types are read alike.

    An entity begins at B, S or U, where the type changes, or after an end (E, L, S, U), as in CoNLL's scoring.
    """
    return [Entity(*span) for span in entity_spans(list(tags))]


def moved(entity: Entity, word_map: WordMap) -> Entity | None:
    """Return where an entity stands after an edit, or None where all its words were deleted."""
    places = [place for word in range(entity.start, entity.end) for place in word_map[word]]
    return Entity(min(places), max(places) + 1, entity.type) if places else None


def fates(before: Sequence[Entity], after: Sequence[Entity], word_map: WordMap) -> Fates:
    """Compare the entities that were seen before and after an edit; deleted entities are not counted."""
    expected = [place for entity in before if (place := moved(entity, word_map)) is not None]
    seen = set(after)
    kept = sum(entity in seen for entity in expected)
    missing = [entity for entity in expected if entity not in seen]
    changed = sum(any(_overlap(entity, other) for other in after) for entity in missing)
    spurious = sum(not any(_overlap(other, entity) for entity in expected) for other in after)
    return Fates(kept=kept, changed=changed, lost=len(missing) - changed, spurious=spurious)


def _overlap(one: Entity, other: Entity) -> bool:
    return one.start < other.end and other.start < one.end
