"""The tag map: the tags that a model learns, always BIO: "O", then B and I of each type of entity."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from modelaudit.errors import DataInputError
from modelaudit.subject.tag_faults import typed
from modelaudit.subject.tasks.tagged_cells import TaggedCells
from modelaudit.text.tags import OUTSIDE, split_tag, type_of
from modelaudit.training.label_map import checked, listed

_LETTERS = frozenset("BIESLU")
_MISSPELLED = re.compile(r"o|[biesluo][-_].+|.+[-_][BIESLU]", re.DOTALL)
"""What tags look like whose prefix is a small letter, or stands behind the type."""


def tag_labels(
    train: TaggedCells, dev: TaggedCells | None, given: tuple[str, ...] | None, *, places: Sequence[str]
) -> tuple[str, ...]:
    """Return the tags of the rows in BIO, both tags of each type whether the rows have them or not.

    Types are sorted, unless the column declares BIO tags or the user gives tags or types, which keep their order.

    Args:
        train, dev: the sentences. given: BIO tags, or types of entities, that the user names.
        places: the columns of both, as messages call them.

    Raises:
        DataInputError: integers without names, tags without types or with prefixes that can't be read, words without
            tags, or tags beyond those given.
    """
    parts = [(cells, place) for cells, place in zip((train, dev), places, strict=False) if cells is not None]
    fixed = _fixed(given, place=places[0]) if given is not None else None
    types: dict[str, None] = {}
    for cells, place in parts:
        types |= dict.fromkeys(_types(cells, place, given))
    declared = next((bio for bio in [train.class_names] if _is_bio(bio)), ())
    if fixed is None:
        if not types and not declared:
            raise DataInputError(f"{places[0]}: every word is tagged {OUTSIDE}, so there is nothing to learn; tag some")
        more = sorted(set(types) - {type_of(tag) for tag in declared})
        return checked((*(declared or (OUTSIDE,)), *bio_tags(more)[1:]), place=places[0])
    beyond = [kind for kind in types if kind not in {type_of(tag) for tag in fixed}]
    if beyond:
        raise DataInputError(
            f"{places[0]}: the data tags {listed(beyond)}, which labels= lacks; it has {listed(fixed)}: add them"
        )
    return fixed


def bio_tags(types: Iterable[str]) -> tuple[str, ...]:
    """Return "O", and B and I of each type."""
    return (OUTSIDE, *(f"{letter}-{kind}" for kind in types for letter in "BI"))


def _types(cells: TaggedCells, place: str, given: tuple[str, ...] | None) -> tuple[str, ...]:
    """The types of entities that the sentences and their declared names have, sorted."""
    named = cells.named(cells.written)
    if named is None:
        if given is None or not _is_bio(given):
            raise DataInputError(
                f"{place}: tags by number, and nothing says which is which; give their names in the order of their "
                'numbers, as labels=["O", "B-PER", "I-PER"], or write them by name'
            )
        return ()
    missing = next((row for row, tags in enumerate(cells.tags) if None in tags), None)
    if missing is not None:
        raise DataInputError(f"{place}: row {cells.positions[missing] + 1} has a word without a tag; give it one")
    distinct = {tag for sentence in typed(named) for tag in sentence} | set(cells.class_names if cells.numbered else ())
    if distinct - {OUTSIDE} and distinct - {OUTSIDE} <= _LETTERS:
        raise DataInputError(
            f"{place}: the tags {listed(sorted(distinct))} name no type of entity; write them with one, as B-PER"
        )
    if distinct - {OUTSIDE} and all(map(_MISSPELLED.fullmatch, distinct - {OUTSIDE})):
        raise DataInputError(
            f"{place}: the tags {listed(sorted(distinct))} are spelled as in no scheme, and each would be a type of "
            f"entity; write them with a capital prefix before the type, as B-PER, and {OUTSIDE} outside of any"
        )
    return checked(sorted({kind for tag in distinct if (kind := type_of(tag)) is not None}), place=place)


def _fixed(given: tuple[str, ...], *, place: str) -> tuple[str, ...]:
    """The BIO tags that the user names, as tags or as types."""
    if _is_bio(given):
        return given
    if any(split_tag(tag)[0] for tag in given):
        raise DataInputError(
            f"{place}: labels= is {listed(given)}; name types of entities, or all tags in BIO: O, and B and I of each"
        )
    return bio_tags(name for name in given if name != OUTSIDE)


def _is_bio(names: Sequence[str]) -> bool:
    """Whether names are "O" and both tags of each of one or more types, with a hyphen between."""
    tags = set(names) - {OUTSIDE}
    types = {split_tag(tag)[1] for tag in tags}
    return bool(tags) and OUTSIDE in names and tags == set(bio_tags(types)[1:])
