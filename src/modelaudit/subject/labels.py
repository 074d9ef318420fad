"""Labels: the data's names for classes matched to the model's, or an error that shows both."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from modelaudit.errors import DataInputError
from modelaudit.subject.schemes import mark_of, respelled, scheme_of

SHOWN = 20
_GENERIC = re.compile(r"LABEL_\d+")
_NUMBER = re.compile(r"\s*-?\d+(\.0+)?\s*")
_NUMBERS = re.compile(r"\d+", re.ASCII)


@dataclass(frozen=True, slots=True)
class _Match:
    """Class indices by value, and whether they are the values themselves."""

    indexes: Mapping[Any, int]
    by_index: bool = False


def match_labels(
    values: Sequence[Any], labels: Sequence[str], *, place: str, class_names: Sequence[str] = ()
) -> list[int]:
    """Return the model's class index of each value.

    One rule holds for a whole column, the first of these by which every value has a class: the declared name of
    a `datasets.ClassLabel`; the model's label name, as written or else without case where that is unambiguous;
    the model's class index (integers, also written as text; false and true for two classes). `labels` are the
    model's names by index, `place` says where the column is. Raises DataInputError that lists both sides, and for
    integers that the numbers in the model's label names contradict.
    """
    distinct = list(dict.fromkeys(map(_key, values)))
    matched = _matched(distinct, labels, class_names)
    if matched is None:
        raise _mismatch(distinct, labels, place=place, class_names=class_names)
    if matched.by_index:
        _check_numbers(matched.indexes, labels, place=place)
    return [matched.indexes[_key(value)] for value in values]


def match_tags(
    sentences: Sequence[Sequence[Any]], labels: Sequence[str], *, place: str, class_names: Sequence[str] = ()
) -> list[tuple[int, ...]]:
    """Return the model's tag index of each word.

    Integers are the model's indices, unless a `datasets.ClassLabel` declares their names. Names are read as spans of
    entities and spelled in the model's scheme (BIO, BIOES, BILOU, I- alone or bare types) before they are matched.
    """
    distinct = list(dict.fromkeys(_key(tag) for sentence in sentences for tag in sentence))
    indexes = _by_index(distinct, range(len(class_names) or len(labels)))
    if indexes is not None and not class_names:
        _check_numbers(indexes, labels, place=place)
        return [tuple(indexes[_key(tag)] for tag in sentence) for sentence in sentences]
    named = [
        tuple(class_names[indexes[_key(tag)]] if indexes is not None else str(tag) for tag in sentence)
        for sentence in sentences
    ]
    found = _matched_tags(named, labels)
    if found is not None:
        return found
    if indexes is not None and _all_generic(labels) and len(class_names) == len(labels):
        return [tuple(indexes[_key(tag)] for tag in sentence) for sentence in sentences]
    raise _mismatch(list(dict.fromkeys(_flat(named))), labels, place=place)


def _matched_tags(sentences: Sequence[Sequence[str]], labels: Sequence[str]) -> list[tuple[int, ...]] | None:
    """Tag indices through spans in the model's scheme, else name by name; None where neither has every tag."""
    scheme = scheme_of(labels)
    bare = scheme == "plain" and scheme_of(_flat(sentences)) == "plain"
    in_scheme = sentences if bare else respelled(sentences, scheme, mark=mark_of(labels))
    for spelling in (in_scheme, sentences):
        matched = _by_name(list(dict.fromkeys(_flat(spelling))), labels)
        if matched is not None:
            return [tuple(matched[tag] for tag in sentence) for sentence in spelling]
    return None


def _flat(sentences: Iterable[Sequence[str]]) -> Iterable[str]:
    return (tag for sentence in sentences for tag in sentence)


def _check_numbers(indexes: Mapping[Any, int], labels: Sequence[str], *, place: str) -> None:
    """Raise DataInputError where an integer may mean the number in a label's name (`2 stars`) and not the index.

    It may where each integer of the column is the number in some name; a 0 where no name has one can only be an index.
    """
    numbers = [_NUMBERS.findall(label) for label in labels]
    sole = [int(found[0]) if len(found) == 1 and len(found[0]) < 20 else None for found in numbers]
    named = {number: index for index, number in enumerate(sole) if number is not None and sole.count(number) == 1}
    used = set(indexes.values())
    crossed = next((index for index in sorted(used) if named.get(index, index) != index), None)
    if crossed is not None and used <= named.keys():
        raise DataInputError(
            f"{place}: it is not clear what {crossed} means: as the model's index it is {labels[crossed]!r}, by the "
            f"number in a label's name {labels[named[crossed]]!r}; write the labels by name, of the model's "
            f"{_listed(labels)}"
        )


def _key(value: Any) -> Any:
    """What stands for a value in a dict: `1.0` is the integer 1, `True` and a list are their text."""
    if isinstance(value, str | int) and not isinstance(value, bool):
        return value
    if isinstance(value, float) and value.is_integer():
        return int(value)
    return value if isinstance(value, float) else repr(value)


def _matched(distinct: Sequence[Any], labels: Sequence[str], class_names: Sequence[str]) -> _Match | None:
    if class_names:
        declared = _by_index(distinct, range(len(class_names)))
        if declared is not None:
            named = _by_name([class_names[index] for index in declared.values()], labels)
            if named is not None:
                return _Match({value: named[class_names[index]] for value, index in declared.items()})
            return _Match(declared) if _all_generic(labels) and len(class_names) == len(labels) else None
    named = _by_name(distinct, labels)
    if named is not None:
        return _Match(named)
    indexes = _by_index(distinct, range(len(labels)))
    return None if indexes is None else _Match(indexes, by_index=True)


def _by_name(distinct: Sequence[Any], labels: Sequence[str]) -> Mapping[Any, int] | None:
    texts = {value: str(value) for value in distinct}
    for fold in _FOLDS:
        known: dict[str, list[int]] = {}
        for index, label in enumerate(labels):
            known.setdefault(fold(label), []).append(index)
        found = {value: known.get(fold(text), []) for value, text in texts.items()}
        if all(len(indexes) == 1 for indexes in found.values()):
            return {value: indexes[0] for value, indexes in found.items()}
    return None


def _folded(text: str) -> str:
    return text.strip().casefold()


_TRUTHS = {"false": 0, "true": 1}
_FOLDS: tuple[Callable[[str], str], ...] = (str, _folded)


def _by_index(distinct: Sequence[Any], indexes: range) -> Mapping[Any, int] | None:
    found: dict[Any, int] = {}
    for value in distinct:
        index = _TRUTHS.get(value.strip().casefold(), value) if isinstance(value, str) and len(indexes) == 2 else value
        if isinstance(index, str) and _NUMBER.fullmatch(index) and len(index) < 20:
            index = int(float(index))
        if not isinstance(index, int) or index not in indexes:
            return None
        found[value] = index
    return found


def _all_generic(labels: Sequence[str]) -> bool:
    return all(_GENERIC.fullmatch(label) for label in labels)


def _mismatch(
    distinct: Sequence[Any], labels: Sequence[str], *, place: str, class_names: Sequence[str] = ()
) -> DataInputError:
    shown = class_names or sorted(distinct, key=str)
    lists = f"the data has {_listed(shown)}, the model has {_listed(labels)}"
    if _all_generic(labels) and any(isinstance(value, str) for value in shown):
        return DataInputError(
            f"{place}: these label names can't be told from the model's generic ones: {lists}; set "
            "model.config.id2label and label2id to the real names and save the model, or give integer labels "
            f"0 to {len(labels) - 1}"
        )
    indexes = _by_index(distinct, range(len(labels) + 1))
    if indexes is not None and 0 not in indexes.values():
        return DataInputError(
            f"{place}: labels don't match: {lists}; the data seems to count its classes from 1, the model counts from "
            "0: write the labels by name"
        )
    return DataInputError(
        f"{place}: labels don't match: {lists}; rename the data's labels, or use the model's indices "
        f"0 to {len(labels) - 1}"
    )


def _listed(values: Sequence[Any]) -> str:
    more = f" and {len(values) - SHOWN} more" if len(values) > SHOWN else ""
    return "[" + ", ".join(str(value)[:60] for value in values[:SHOWN]) + "]" + more
