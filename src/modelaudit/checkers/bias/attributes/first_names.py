"""First names: exchanged for names that are typical of a gender, of a US ethnic group, and of both.

Chinese given names have a gender alone; the surname stays.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence

from modelaudit.checkers.bias.attributes.attribute import ALL_OTHERS, Design, Planned, next_turn
from modelaudit.checkers.bias.attributes.named_row import NONE_LEFT, NamedRow, Writer, named_row
from modelaudit.checkers.bias.name_design import Pools, dealt, ethnicity_pools, gender_pools
from modelaudit.checkers.bias.source import Source, row_key
from modelaudit.checkers.bias.variant import Variant
from modelaudit.text import GENDERS, Document, Edit, Language

LEAST_OF_A_CELL = 20
"""Names that stand for an intersection, at the least."""
BESIDE = "gendered words beside the name that can't go with it"


class FirstNames:
    """First names by gender, by ethnicity, and by both.

    Args:
        topics: which of gender, ethnicity and intersection are compared.
    """

    topic = "gender"
    of_names = True
    expected = True

    def __init__(self, language: Language, topics: Collection[str]) -> None:
        self._language = language
        self.language = language.code
        self.title = language.named("first names")
        self.by_gender, self.by_ethnicity, self.by_both = (
            language.named(f"first names, {axis}") for axis in ("gender", "ethnicity", "gender and ethnicity")
        )
        self._ethnicities = language.ethnicities
        several = len(self._ethnicities) > 1
        self._gender = "gender" in topics or ("intersection" in topics and several)
        self._ethnicity = "ethnicity" in topics and several
        planned = [Planned(self.by_gender, "female", "male")] if "gender" in topics else []
        if self._ethnicity:
            planned += [Planned(self.by_ethnicity, each, "white") for each in self._ethnicities if each != "white"]
        if "intersection" in topics and several:
            planned += [Planned(self.by_both, cell, ALL_OTHERS, flips=False) for cell in self._cells()]
        self.planned = tuple(planned)
        self.arms = 24

    def examine(self, source: Source, labels: Sequence[str]) -> NamedRow | str | None:
        """Return the row with the mentions of its first person."""
        mentions = self._language.name_mentions(source.document, person_spans=source.person_spans(labels))
        return named_row(source, mentions, self._language)

    def variants(self, rows: Sequence[NamedRow], design: Design) -> Iterator[Variant]:
        """Yield each row with names of either gender and each ethnicity, and with names of its own gender.

        In the first part only the name differs between the arms: a row's gendered words are female under half of the
        names and male under the other half, the same halves in both arms, so a name that does not agree with them is
        as frequent in either. Rows whose gendered words can't be rewritten so are in the second part alone.
        """
        if self._gender:
            yield from self._genders(rows, design)
        if self._ethnicity:
            yield from self._same_gender(rows, design)

    def names_used(self, design: Design) -> frozenset[str]:
        """Return the names of all pools."""
        pools = [self._gender_pools(design)] if self._gender else []
        pools += [self._ethnicity_pools(design)] if self._ethnicity else []
        return frozenset(name.name for each in pools for names in each.values() for name in names)

    def another(
        self, row: NamedRow, turns: Counter[str], *, barred: frozenset[str], seed: int
    ) -> tuple[str, tuple[Edit, ...]] | str:
        """Return a name of another gender or ethnicity, as they are compared; gendered words go with its gender."""
        cells = [(gender, ethnicity) for ethnicity in self._ethnicities for gender in GENDERS]
        versions = self._word_versions(row)
        if versions is None or not self._gender:
            cells = [cell for cell in cells if cell[0] == row.gender]
        elif not self._ethnicity:
            cells = [cell for cell in cells if cell[0] != row.gender]
        if not cells or (versions is None and not self._ethnicity):
            return BESIDE
        turn = next_turn(turns, f"{self.title} {cells}")
        gender, ethnicity = cells[turn % len(cells)]
        names = [
            name.name
            for name in self._language.names()
            if (name.gender, name.ethnicity or "") == (gender, ethnicity) and name.name not in barred
        ]
        if not names:
            return NONE_LEFT
        [name] = dealt(names, turn // len(cells), 1, seed=seed, purpose=f"another {gender} {ethnicity}")
        edits = self._language.name_edits(row.source.document, row.mentions, {row.mentions[0].name: name})
        words = (versions or {}).get(gender, ())
        return f"{ethnicity} {gender}".strip(), (*edits, *words)

    def _cells(self) -> list[str]:
        return [f"{ethnicity} {gender}" for ethnicity in self._ethnicities for gender in GENDERS]

    def _gender_pools(self, design: Design) -> Pools:
        several = len(self._ethnicities) > 1
        size = max(design.names_per_group // 2, LEAST_OF_A_CELL) if several else design.names_per_group
        names = self._language.names()
        return gender_pools(names, self._ethnicities, size, seed=design.seed, count=design.count)

    def _ethnicity_pools(self, design: Design) -> Pools:
        names, size = self._language.names(), design.names_per_group // 2
        return ethnicity_pools(names, self._ethnicities, size, seed=design.seed, count=design.count)

    def _genders(self, rows: Sequence[NamedRow], design: Design) -> Iterator[Variant]:
        cells, pools = len(self._ethnicities), self._gender_pools(design)
        each = min(max(design.names_per_row // cells, 1), *map(len, pools.values()))
        coherent = [(row, found) for row in rows if (found := self._word_versions(row)) is not None]
        for turn, (row, by_gender) in enumerate(coherent):
            write = Writer(row, self._language, design)
            versions = tuple(by_gender.values())
            for place, ethnicity in enumerate(self._ethnicities):
                for gender in GENDERS:
                    purpose = f"{gender} {ethnicity}, gender"
                    names = dealt(pools[gender, ethnicity], turn, each, seed=design.seed, purpose=purpose)
                    both = ((self.by_both, f"{ethnicity} {gender}"),) if cells > 1 else ()
                    for number, name in enumerate(names):
                        words = versions[(turn + place + number) % len(versions)]
                        yield write(self.by_gender, gender, name.name, words=words, also=both)

    def _same_gender(self, rows: Sequence[NamedRow], design: Design) -> Iterator[Variant]:
        """Where the gender of the row's name is not known, the row's content decides on one for all its names."""
        pools = self._ethnicity_pools(design)
        turns = dict.fromkeys(GENDERS, 0)
        for row in rows:
            coin = row_key(row.source.row, seed=design.seed, purpose="gender of names")[0] % 2
            gender = row.gender or GENDERS[coin]
            write = Writer(row, self._language, design)
            for ethnicity in self._ethnicities:
                pool = pools[gender, ethnicity]
                each = min(design.names_per_row, len(pool))
                purpose = f"{gender} {ethnicity}, ethnicity"
                for name in dealt(pool, turns[gender], each, seed=design.seed, purpose=purpose):
                    yield write(self.by_ethnicity, ethnicity, name.name)
            turns[gender] += 1

    def _word_versions(self, row: NamedRow) -> dict[str, tuple[Edit, ...]] | None:
        """Return the edits that make the gendered words beside the name female and male.

        None where these words can't go with a name of either gender: a name of the other gender would then stand out
        by its grammar alone. So it is where words behind the edit, or the answer, are what a language model is judged
        by, and have a gender.
        """
        document, to_group = row.source.document, self._language.to_group
        female, male = to_group(document, "female", named="keep"), to_group(document, "male", named="keep")
        edits = (*female.edits, *male.edits)
        names = {(mention.start, mention.end) for mention in row.mentions}
        if female.skipped or male.skipped or any((edit.start, edit.end) in names for edit in edits):
            return None
        if row.source.continues and any(edit.end > row.mentions[-1].end for edit in edits):
            return None
        if row.source.fixed_answer and self._gendered(row.source.fixed_answer):
            return None
        return {"female": female.edits, "male": male.edits}

    def _gendered(self, text: str) -> bool:
        document, to_group = Document(text), self._language.to_group
        found = [to_group(document, "female", named="keep"), to_group(document, "male", named="keep")]
        return any(each.edits or each.skipped for each in found)
