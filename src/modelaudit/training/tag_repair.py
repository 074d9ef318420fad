"""Tag repair: tags that break their scheme, counted and mended, or refused."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from modelaudit.errors import DataInputError
from modelaudit.subject.places import shown
from modelaudit.subject.tables import Table
from modelaudit.subject.tag_faults import TagFaults
from modelaudit.subject.tasks.tagged_cells import TaggedCells
from modelaudit.training.examples import Step

FEW = 10


@dataclass(frozen=True, slots=True)
class TaggedTable:
    """A table of sentences and what its tags break; `part` is put before its counts (`dev `)."""

    table: Table
    cells: TaggedCells
    faults: TagFaults
    part: str = ""

    def number(self, sentence: int) -> int:
        """Return which row of the source a sentence is, counted from 1."""
        return self.table.number(self.cells.positions[sentence])


def repaired(tables: Sequence[TaggedTable], bad_tags: Literal["repair", "refuse"]) -> list[Step]:
    """Return the step that says what was mended, or no step where every tag keeps its scheme.

    Nothing is changed here: tags are read as CoNLL's scorer reads them, so that an entity begins at B and at each
    change of type, and a tag without a type is "O".

    Raises:
        DataInputError: a tag breaks its scheme and `bad_tags` is `refuse`.
    """
    broken = [tagged for tagged in tables if tagged.faults.words]
    if broken and bad_tags == "refuse":
        raise _refusal(broken[0])
    counts: dict[str, int] = {}
    for tagged in broken:
        counts[f"{tagged.part}tags that broke the scheme"] = tagged.faults.tags
        counts[f"{tagged.part}rows with such tags"] = len(tagged.faults.words)
        if tagged.faults.typeless:
            counts[f"{tagged.part}tags without a type (read as O)"] = tagged.faults.typeless
    return [Step("repair", counts, tuple(map(_note, broken)))] if broken else []


def _note(tagged: TaggedTable) -> str:
    numbers = [tagged.number(sentence) for sentence in tagged.faults.words]
    more = f" and {len(numbers) - FEW} more" if len(numbers) > FEW else ""
    return (
        f"The tags of {shown(tagged.table.name)} are written in {tagged.faults.scheme}; some break it, in the rows "
        f"{', '.join(map(str, numbers[:FEW]))}{more}. They were read so that an entity begins at B and at each change "
        "of type."
    )


def _refusal(tagged: TaggedTable) -> DataInputError:
    sentence, places = next(iter(tagged.faults.words.items()))
    named = tagged.cells.named(tagged.cells.written)
    tag = named[sentence][places[0]] if named is not None else ""
    return DataInputError(
        f"{shown(tagged.table.name)}: row {tagged.number(sentence)}, word {places[0] + 1}: the tag {tag!r:.40} breaks "
        f"{tagged.faults.scheme}, in which the table is written; {tagged.faults.tags:,} tag(s) in "
        f"{len(tagged.faults.words):,} row(s) break it: mend them, or take --bad-tags repair (bad_tags='repair')"
    )
