"""One rewritten row: what the model is asked, and what was changed."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from modelaudit.checkers.bias.passage import rebuilt
from modelaudit.checkers.bias.source import Source
from modelaudit.rows import Row
from modelaudit.text import Edit, WordMap, apply


@dataclass(frozen=True, slots=True)
class Variant:
    """One rewritten row.

    Attributes:
        source: the row that it was made of.
        attribute: what is varied in its arm.
        group: the group that its words speak of, or `control`.
        name: the name, age or other filler that was put in, where it is one of a sample; or None.
        row: what the model is given.
        edits: what was changed.
        others: edits at the same words that put other words there; they tell how far the model reads.
        scored: for token classification the (word, reference tag) pairs whose probability is the score.
        entities: for token classification the (word, reference tag) pairs of all reference entities.
        person: for token classification the words (start, end) of the person whose name was put in.
        also: arms of other attributes that it stands in as well, as (attribute, group).
        split: for a language model the offset in the original behind which the text is judged.
    """

    source: Source
    attribute: str
    group: str
    name: str | None
    row: Row
    edits: tuple[Edit, ...] = ()
    others: tuple[Edit, ...] = ()
    scored: tuple[tuple[int, int], ...] = ()
    entities: tuple[tuple[int, int], ...] = ()
    person: tuple[int, int] | None = None
    also: tuple[tuple[str, str], ...] = ()
    split: int | None = None

    def group_in(self, attribute: str) -> str | None:
        """Return the group whose arm of the attribute it stands in, or None."""
        if attribute == self.attribute:
            return self.group
        return next((group for other, group in self.also if other == attribute), None)

    def probe(self) -> Row:
        """Return the row with other words where this one was edited, and alike elsewhere."""
        return _rewritten(self.source, self.others, self.split)[0]


def variant_of(
    source: Source,
    attribute: str,
    group: str,
    edits: tuple[Edit, ...],
    *,
    name: str | None = None,
    others: tuple[Edit, ...] = (),
    scored: Sequence[int] = (),
    person: tuple[int, int] | None = None,
    also: tuple[tuple[str, str], ...] = (),
    split: int | None = None,
    entity_words: Sequence[int] = (),
) -> Variant:
    """Return the variant that the edits make; words of a token classification are moved along with them."""
    row, word_map = _rewritten(source, edits, split)
    tags = source.tags
    if tags is None or row.words is None:
        return Variant(source, attribute, group, name, row, edits, others, also=also, split=split)

    def moved(words: Sequence[int]) -> tuple[tuple[int, int], ...]:
        return tuple((new, tags[old]) for old in words for new in word_map[old][:1] if tags[old] >= 0)

    held = None
    if person is not None and word_map[person[0]] and word_map[person[1] - 1]:
        held = (word_map[person[0]][0], word_map[person[1] - 1][-1] + 1)
    return Variant(
        source, attribute, group, name, row, edits, others, moved(scored), moved(entity_words), held, also, split
    )


def _rewritten(source: Source, edits: Sequence[Edit], split: int | None) -> tuple[Row, WordMap]:
    edited = apply(source.document, edits)
    text = edited.document.text
    if source.tags is not None and source.row.words is not None:
        return source.row.with_words(edited.document.word_texts(), None), edited.word_map
    if source.parts:
        return rebuilt(source.row, source.parts, edited), ()
    if not source.continues or split is None:
        return source.row.with_text(text), ()
    # An insertion at the split belongs to what stands before it.
    place = edited.offset(split, after_insertion=True)
    return replace(source.row, text=text[:place], answer=text[place:]), ()
