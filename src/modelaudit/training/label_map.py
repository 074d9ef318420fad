"""The label map: the classes or tags that a model learns, found from the data or fixed by the user."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from modelaudit.errors import DataInputError
from modelaudit.evidence import storable
from modelaudit.subject.cells import written_list
from modelaudit.subject.labels import match_labels

MOST_LABELS = 1_000
LONGEST_LABEL = 200
SHOWN = 40
_FEW = 20
_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d{1,3})?", re.ASCII)
_TRAINED = "this trainer trains models that choose one class of several, or tag words"


@dataclass(frozen=True, slots=True)
class LabelCells:
    """The labels of a table's rows that have a text.

    Attributes:
        cells: one a row, none missing. class_names: names that the column declares for integers.
        place: the column, as messages call it.
    """

    cells: Sequence[Any]
    class_names: tuple[str, ...]
    place: str


def given_labels(labels: Sequence[str]) -> tuple[str, ...]:
    """Return the labels that the user names, in their order; raise DataInputError for names that can't be used."""
    if isinstance(labels, str | Mapping) or not isinstance(labels, Iterable):
        raise DataInputError(f'labels is {labels!r:.40}; give the names in their order, as labels=["no", "yes"]')
    names = tuple(storable(str(label)) for label in labels)
    if not names or any(not name.strip() for name in names):
        raise DataInputError("labels holds an empty name, or none at all; give a name for each class or tag")
    twice = next((name for name in names if names.count(name) > 1), None)
    if twice is not None:
        raise DataInputError(f"labels gives the name {twice!r:.60} twice; name each class or tag once")
    return checked(names, place="labels", limit=None)


def class_labels(train: LabelCells, dev: LabelCells | None) -> tuple[str, ...]:
    """Return the names of the classes that the rows have.

    Names that the column declares keep their order; else integers are in numeric order, named by their text, and text
    is sorted. A label that only the dev rows have joins the others.

    Raises:
        DataInputError: cells that are no single classes (numbers with fractions, lists of labels, texts of their own),
            or dev labels of another kind than those of the training rows.
    """
    names = _declared(train) or _ordered(_distinct(train))
    if dev is None:
        return names
    theirs = _said(dev)
    more = [name for name in theirs if name not in names and _folded(name) not in set(map(_folded, names))]
    if not more:
        return names
    if not dev.class_names and all(map(_is_whole, theirs)) and not all(map(_is_whole, names)):
        # Indices of named classes; the error for those that are beyond says so.
        match_labels(dev.cells, names, place=dev.place)
        return names
    if len(more) == len(theirs):
        raise DataInputError(
            f"{dev.place}: no label of the dev rows ({listed(theirs)}) is one of the training rows ({listed(names)}); "
            "write them in the same way"
        )
    joined = (*names, *more)
    return checked(joined if train.class_names else _ordered(joined), place=dev.place)


def checked(names: Sequence[str], *, place: str, limit: int | None = MOST_LABELS) -> tuple[str, ...]:
    """Return the names; raise DataInputError where one is too long for a name, or where there are too many."""
    long = next((len(name) for name in names if len(name) > LONGEST_LABEL), None)
    if long is not None:
        raise DataInputError(
            f"{place}: a label has {long:,} characters, and a name has {LONGEST_LABEL} at most; name another column"
        )
    if limit is not None and len(names) > limit:
        raise DataInputError(
            f"{place}: there are {len(names):,} different labels, and a label column has {limit:,} at most; name "
            "another column with --label-column (label_column= in Python)"
        )
    return tuple(names)


def listed(names: Sequence[str]) -> str:
    """Return the first names as a message shows them."""
    shown = ", ".join(f"{name!r:.{SHOWN}}" for name in names[:_FEW])
    return f"{shown} and {len(names) - _FEW} more" if len(names) > _FEW else shown


def _declared(labelled: LabelCells) -> tuple[str, ...]:
    _check_single(labelled)
    return checked(labelled.class_names, place=labelled.place)


def _said(labelled: LabelCells) -> tuple[str, ...]:
    """The names that the cells of a column say, through those that it declares where they are integers."""
    distinct = _distinct(labelled)
    declared = dict(enumerate(labelled.class_names))
    if declared and all(_is_whole(name) and int(name) in declared for name in distinct):
        return tuple(declared[int(name)] for name in distinct)
    return _ordered(distinct)


def _distinct(labelled: LabelCells) -> list[str]:
    """The texts of a column's cells, each once; DataInputError where they are no classes."""
    _check_single(labelled)
    texts = [_text(cell) for cell in labelled.cells]
    names = list(dict.fromkeys(text.strip() for text in texts))
    place = labelled.place
    checked(names, place=place)
    if all(map(_NUMBER.fullmatch, names)) and not all(map(_is_whole, names)):
        raise DataInputError(
            f"{place}: these are numbers with fractions, as in a regression ({listed(names[:3])}); {_TRAINED}: name "
            "another column, or name the classes with labels="
        )
    if len(names) > _FEW and 2 * len(names) > len(texts):
        raise DataInputError(
            f"{place}: {len(texts):,} rows have {len(names):,} different labels, which are hardly classes; "
            "name another with --label-column (label_column= in Python), or name the classes with labels="
        )
    same = len(set(map(int, names))) if all(map(_is_whole, names)) else len(set(map(_folded, names)))
    if same < len(names) and (all(map(_is_whole, names)) or any(text != text.strip() for text in texts)):
        raise DataInputError(
            f"{place}: labels are written in more than one way ({listed(names)}); write each label in one way"
        )
    return names


def _check_single(labelled: LabelCells) -> None:
    for cell in labelled.cells:
        if isinstance(cell, list) or (isinstance(cell, str) and cell[:1] == "[" and written_list(cell) is not None):
            raise DataInputError(
                f"{labelled.place}: a row has a list of labels, as in multi-label classification; {_TRAINED}: name a "
                "column with one label a row"
            )
        if not isinstance(cell, str | int | float):
            raise DataInputError(
                f"{labelled.place}: a label is a {type(cell).__name__}; write it as text or as an integer"
            )


def _ordered(names: Sequence[str]) -> tuple[str, ...]:
    return tuple(sorted(names, key=int) if all(map(_is_whole, names)) else sorted(names))


def _text(cell: Any) -> str:
    whole = isinstance(cell, float) and cell.is_integer()
    return str(int(cell)) if whole else str(cell)


def _is_whole(name: str) -> bool:
    return len(name) < SHOWN and re.fullmatch(r"[-+]?\d+", name, re.ASCII) is not None


def _folded(name: str) -> str:
    return name.strip().casefold()
