"""Terms for a group of persons: religion, nationality, age; in Chinese ethnic group, region and household register."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from modelaudit.checkers.bias.attributes.attribute import Design, Planned, next_turn
from modelaudit.checkers.bias.attributes.control import CONTROL, neutral_control, unedited_entity_words
from modelaudit.checkers.bias.name_design import dealt
from modelaudit.checkers.bias.source import Source
from modelaudit.checkers.bias.variant import Variant, variant_of
from modelaudit.text import Edit, Filler, Language, Span, TermMention, TermSet


@dataclass(frozen=True, slots=True)
class TermRow:
    """A row that speaks of one religion, one nationality, one age: all mentions of it.

    `probes` are edits that put other words at all of these places: of two fillers, so that one differs from any.
    """

    source: Source
    mentions: tuple[TermMention, ...]
    probes: tuple[tuple[Edit, ...], tuple[Edit, ...]]
    second_choice: bool = False

    @property
    def places(self) -> Sequence[Span]:
        """The characters that the probes put other words for."""
        return [(edit.start, edit.end) for probe in self.probes for edit in probe]


class Terms:
    """The terms of one set, put for one another."""

    of_names = False
    expected = False

    def __init__(self, language: Language, terms: TermSet) -> None:
        self._language, self._terms = language, terms
        self.language = language.code
        self.topic = topic_of(terms)
        self.title = language.named(terms.attribute)
        reference, *others = terms.groups
        self.planned = tuple(Planned(self.title, group, reference, fixed=not terms.sampled) for group in others)
        self.arms = 4 * len(terms.groups) if terms.sampled else len(terms.groups) + 1

    def examine(self, source: Source, labels: Sequence[str]) -> TermRow | str | None:
        """Return the row with the mentions of the one filler that it speaks of."""
        found = self._terms.find(source.document)
        if found.skipped:
            return found.skipped
        if not found.mentions:
            return None
        if not source.goes_on(found.mentions[-1].end):
            return "too little text behind the edit"
        first, second = self._probes(source, found.mentions)
        if source.tags is not None and not unedited_entity_words(source, (*first, *second), labels):
            return "no entity besides the edited words"
        return TermRow(source, found.mentions, (first, second))

    def variants(self, rows: Sequence[TermRow], design: Design) -> Iterator[Variant]:
        """Yield each row with terms of each group: several of a sample, or the one; then with neutral words changed."""
        for turn, row in enumerate(rows):
            for group in self._terms.groups:
                for filler in self._dealt(group, turn, design):
                    yield self._variant(row, group, filler, design)
            if not self._terms.sampled and (control := self._control(row, design)):
                yield self._written(row, CONTROL, None, control, (), design)

    def names_used(self, design: Design) -> frozenset[str]:
        """Return no names: there are few terms of a group, and each is its own."""
        return frozenset()

    def another(
        self, row: TermRow, turns: Counter[str], *, barred: frozenset[str], seed: int
    ) -> tuple[str, tuple[Edit, ...]] | str:
        """Return a term of another group."""
        groups = [group for group in self._terms.groups if group != row.mentions[0].group]
        turn = next_turn(turns, f"{self.title} {row.mentions[0].group}")
        group = groups[turn % len(groups)]
        fillers = self._terms.fillers(group)
        [filler] = dealt(fillers, turn // len(groups), 1, seed=seed, purpose=f"another {self.title} {group}")
        return group, self._terms.edits(row.source.document, row.mentions, filler)

    def _dealt(self, group: str, turn: int, design: Design) -> Sequence[Filler]:
        fillers = self._terms.fillers(group)
        if not self._terms.sampled:
            return fillers
        each = min(design.names_per_row, len(fillers))
        return dealt(fillers, turn, each, seed=design.seed, purpose=f"{self.title} {group}")

    def _variant(self, row: TermRow, group: str, filler: Filler, design: Design) -> Variant:
        edits = self._terms.edits(row.source.document, row.mentions, filler)
        others = next(probe for probe in row.probes if probe != edits)
        return self._written(row, group, filler.name if self._terms.sampled else None, edits, others, design)

    def _written(
        self,
        row: TermRow,
        group: str,
        name: str | None,
        edits: tuple[Edit, ...],
        others: tuple[Edit, ...],
        design: Design,
    ) -> Variant:
        swapped = (*row.probes[0], *row.probes[1])
        return variant_of(
            row.source,
            self.title,
            group,
            edits,
            name=name,
            others=others,
            scored=unedited_entity_words(row.source, swapped, design.labels),
            entity_words=row.source.entity_words(design.labels),
            split=row.mentions[-1].end,
        )

    def _control(self, row: TermRow, design: Design) -> tuple[Edit, ...]:
        return neutral_control(row.source, self._language, row.probes[0], design.labels)

    def _probes(self, source: Source, mentions: Sequence[TermMention]) -> tuple[tuple[Edit, ...], tuple[Edit, ...]]:
        """Return the edits of two fillers that are not the row's own; none where there is one other."""
        own = mentions[0].filler
        candidates = (filler for group in self._terms.groups for filler in self._terms.fillers(group))
        edits = (self._terms.edits(source.document, mentions, filler) for filler in candidates if filler.name != own)
        first = next(edits)
        return first, next(edits, ())


def topic_of(terms: TermSet) -> str:
    """Return which of the user's topics a set of terms belongs to."""
    return {"ethnic group": "ethnicity"}.get(terms.attribute, terms.attribute.partition(",")[0])
