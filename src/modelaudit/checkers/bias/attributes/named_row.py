"""A row that names a person, and how it is written with another name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from modelaudit.checkers.bias.attributes.attribute import Design
from modelaudit.checkers.bias.source import Source
from modelaudit.checkers.bias.variant import Variant, variant_of
from modelaudit.text import Edit, Language, Mention, Span

ANOTHER_NAME = {"en": "Xqz", "zh": "囧囧"}
"""A name of no group, put in to see how far the model reads."""
NONE_LEFT = "no name of that group is left that the test does not use"


@dataclass(frozen=True, slots=True)
class NamedRow:
    """A row that names a person: all mentions of the first person in it who is named."""

    source: Source
    mentions: tuple[Mention, ...]
    second_choice: bool = False

    @property
    def gender(self) -> str | None:
        """The gender that the original name is known for, or None."""
        return self.mentions[0].gender

    @property
    def places(self) -> Sequence[Span]:
        """The characters of all mentions."""
        return [(mention.start, mention.end) for mention in self.mentions]


def named_row(source: Source, mentions: Sequence[Mention], language: Language) -> NamedRow | str | None:
    """Return the row with all mentions of its first person, why it is left alone, or None where nobody is named."""
    if not mentions:
        return "real person" if language.names_real_person(source.document) else None
    mine = tuple(mention for mention in mentions if mention.name == mentions[0].name)
    return NamedRow(source, mine) if source.goes_on(mine[-1].end) else "too little text behind the edit"


class Writer:
    """Writes one row with other names."""

    def __init__(self, row: NamedRow, language: Language, design: Design) -> None:
        self._row = row
        self._language = language
        source, first = row.source, row.mentions[0]
        self._others = self._edits(ANOTHER_NAME[language.code])
        spans = source.document.words or ()
        self._scored = [
            word
            for word, (start, end) in enumerate(spans)
            if any(start < mention.end and mention.start < end for mention in row.mentions)
        ]
        self._person = next(
            (
                (start, end)
                for start, end in source.person_words(design.labels)
                if spans[start][0] <= first.start < spans[end - 1][1]
            ),
            None,
        )
        self._entities = source.entity_words(design.labels)

    def __call__(
        self,
        attribute: str,
        group: str,
        name: str,
        *,
        words: tuple[Edit, ...] = (),
        also: tuple[tuple[str, str], ...] = (),
    ) -> Variant:
        """Return the row with a name, and with some gendered words changed."""
        return variant_of(
            self._row.source,
            attribute,
            group,
            (*self._edits(name), *words),
            name=name,
            others=(*self._others, *words),
            scored=self._scored,
            person=self._person,
            also=also,
            split=self._row.mentions[-1].end,
            entity_words=self._entities,
        )

    def _edits(self, name: str) -> tuple[Edit, ...]:
        row = self._row
        return tuple(self._language.name_edits(row.source.document, row.mentions, {row.mentions[0].name: name}))
