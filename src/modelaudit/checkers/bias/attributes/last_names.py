"""Last names: exchanged for names that are typical of a US ethnic group; the first name and the title stay."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence

from modelaudit.checkers.bias.attributes.attribute import Design, Planned, next_turn
from modelaudit.checkers.bias.attributes.named_row import NONE_LEFT, NamedRow, Writer, named_row
from modelaudit.checkers.bias.name_design import dealt, generator
from modelaudit.checkers.bias.source import Source
from modelaudit.checkers.bias.variant import Variant
from modelaudit.text import Edit, Language, Name, last_name_mentions, load_last_names, matched_groups, name_edits

GROUPS = ("white", "hispanic", "api")
"""No surname of some frequency has 80% Black bearers but Washington, so that group can't be told by last names."""


class LastNames:
    """Last names by US ethnic group."""

    topic = "ethnicity"
    of_names = True
    expected = False

    def __init__(self, language: Language) -> None:
        self._language = language
        self.language = language.code
        self.title = language.named("last names")
        attribute = language.named("last names, ethnicity")
        self.planned = tuple(Planned(attribute, group, GROUPS[0]) for group in GROUPS[1:])
        self.arms = 6

    def examine(self, source: Source, labels: Sequence[str]) -> NamedRow | str | None:
        """Return the row with the mentions of the first person in it who is called by a last name."""
        mentions = last_name_mentions(source.document, person_spans=source.person_spans(labels))
        return named_row(source, mentions, self._language)

    def variants(self, rows: Sequence[NamedRow], design: Design) -> Iterator[Variant]:
        """Yield each row with names of each group, half as many as of first names and two at the least."""
        pools, size = self._pools(design)
        each = min(max(design.names_per_row // 2, 2), size)
        for turn, row in enumerate(rows):
            write = Writer(row, self._language, design)
            for group, pool in pools.items():
                for name in dealt(pool, turn, each, seed=design.seed, purpose=f"last names {group}"):
                    yield write(self.planned[0].attribute, group, name.name)

    def names_used(self, design: Design) -> frozenset[str]:
        """Return the names of all pools."""
        return frozenset(name.name for names in self._pools(design)[0].values() for name in names)

    def another(
        self, row: NamedRow, turns: Counter[str], *, barred: frozenset[str], seed: int
    ) -> tuple[str, tuple[Edit, ...]] | str:
        """Return a last name of one of the groups."""
        turn = next_turn(turns, self.title)
        group = GROUPS[turn % len(GROUPS)]
        names = [name.name for name in load_last_names() if name.ethnicity == group and name.name not in barred]
        if not names:
            return NONE_LEFT
        [name] = dealt(names, turn // len(GROUPS), 1, seed=seed, purpose=f"another last name {group}")
        return group, tuple(name_edits(row.source.document, row.mentions, {row.mentions[0].name: name}))

    def _pools(self, design: Design) -> tuple[Mapping[str, Sequence[Name]], int]:
        cells = {group: [name for name in load_last_names() if name.ethnicity == group] for group in GROUPS}
        size = min(design.names_per_group, *map(len, cells.values()))
        return matched_groups(cells, size, generator(design.seed, "last names"), design.count), size
