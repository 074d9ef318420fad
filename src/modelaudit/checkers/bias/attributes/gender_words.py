"""Gendered words and pronouns: every row female, male, and with other words changed as the control."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from modelaudit.checkers.bias.attributes.attribute import Design, Planned
from modelaudit.checkers.bias.attributes.control import CONTROL, neutral_control, unedited_entity_words
from modelaudit.checkers.bias.source import Source
from modelaudit.checkers.bias.variant import Variant, variant_of
from modelaudit.text import Edit, GenderEdits, Language, Span

GENDER_WORDS = "gender words"


@dataclass(frozen=True, slots=True)
class GenderedRow:
    """A row whose gendered words can be made female and male; exactly one of the two leaves it as it is."""

    source: Source
    female: GenderEdits
    male: GenderEdits
    second_choice: bool = False

    @property
    def edits(self) -> tuple[Edit, ...]:
        """The edits of both arms: every gendered word is in one of them."""
        return (*self.female.edits, *self.male.edits)

    @property
    def places(self) -> Sequence[Span]:
        """The characters of every gendered word."""
        return [(edit.start, edit.end) for edit in self.edits]


class GenderWords:
    """Female and male forms of all gendered words of a row."""

    topic = "gender"
    arms = 3
    of_names = False
    expected = True

    def __init__(self, language: Language) -> None:
        self._language = language
        self.language = language.code
        self.title = language.named(GENDER_WORDS)
        self.planned: tuple[Planned, ...] = (Planned(self.title, "female", "male", fixed=True),)

    def examine(self, source: Source, labels: Sequence[str]) -> GenderedRow | str | None:
        """Return the row with both arms. A row that names a person too is second choice: its name is kept."""
        to_group = self._language.to_group
        female, male = to_group(source.document, "female"), to_group(source.document, "male")
        named = (female.skipped | male.skipped).keys() == {"first_name"}
        if named:
            female = to_group(source.document, "female", named="keep")
            male = to_group(source.document, "male", named="keep")
        reasons = female.skipped | male.skipped
        if reasons:
            return next(iter(reasons)).replace("_", " ")
        if not (female.edits or male.edits):
            return None
        row = GenderedRow(source, female, male, second_choice=named)
        if source.tags is not None and not unedited_entity_words(source, row.edits, labels):
            return "no entity besides the edited words"
        if not source.goes_on(max(edit.end for edit in row.edits)):
            return "too little text behind the edit"
        return row

    def variants(self, rows: Sequence[GenderedRow], design: Design) -> Iterator[Variant]:
        """Yield each row with its words female, male, and with other words changed, as many at the most.

        Rows where no word can be changed without harm have no control.
        """
        for row in rows:
            female, male = row.female.edits, row.male.edits
            control = self._control(row, design.labels)
            arms: list[tuple[str, tuple[Edit, ...], tuple[Edit, ...]]]
            arms = [("female", female, male), ("male", male, female), (CONTROL, control, ())]
            for group, edits, others in arms if control else arms[:2]:
                yield variant_of(
                    row.source,
                    self.title,
                    group,
                    edits,
                    others=others,
                    scored=unedited_entity_words(row.source, row.edits, design.labels),
                    entity_words=row.source.entity_words(design.labels),
                    split=max(edit.end for edit in row.edits),
                )

    def names_used(self, design: Design) -> frozenset[str]:
        """Return no names."""
        return frozenset()

    def another(
        self, row: GenderedRow, turns: Counter[str], *, barred: frozenset[str], seed: int
    ) -> tuple[str, tuple[Edit, ...]] | str:
        """Return the other gender's words."""
        return ("female", row.female.edits) if row.female.edits else ("male", row.male.edits)

    def _control(self, row: GenderedRow, labels: Sequence[str]) -> tuple[Edit, ...]:
        """Return same-gender synonyms, filled up with neutral words to as many edits as the swap makes."""
        document, swapped = row.source.document, row.edits
        synonyms = self._language.same_gender_edits(document, named="keep").edits[: len(swapped)]
        return (*synonyms, *neutral_control(row.source, self._language, swapped, labels, taken=synonyms))
