"""Which rows can be rewritten, in what way, and why others can't."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from modelaudit.checkers.bias.attributes.attribute import Attribute, Editable
from modelaudit.checkers.bias.source import Source
from modelaudit.rows import Row
from modelaudit.text import Document, language_of

OTHER_LANGUAGE = "in a language that there is no word list for (not assessed)"
MOST_EXAMINED = 50
"""Rows that are looked at, for each row that is wanted: words of a rare kind are not looked for without an end."""


@dataclass
class Kind:
    """The rows of one attribute, in drawn order, the first choice before the second."""

    attribute: Attribute[Any]
    first: list[Editable] = field(default_factory=list)
    second: list[Editable] = field(default_factory=list)

    def rows(self, wanted: int) -> list[Editable]:
        """Return up to so many rows."""
        return [*self.first, *self.second][:wanted]


@dataclass
class Survey:
    """What was found among the rows examined."""

    kinds: list[Kind]
    examined: int = 0
    by_language: Counter[str] = field(default_factory=Counter)
    left_out: Counter[str] = field(default_factory=Counter)


def survey(
    sources: Iterable[Source],
    attributes: Mapping[str, Sequence[Attribute[Any]]],
    labels: Sequence[str],
    *,
    wanted: int,
    language: str | None = None,
) -> Survey:
    """Return the rows that can be rewritten, up to `wanted` of each attribute, with the reasons why others can't.

    Args:
        attributes: by language; rows of other languages are counted and left alone.
        language: what the user says that all rows are in, or None to look at each.
    """
    found = Survey([Kind(each) for every in attributes.values() for each in every])
    for source in sources:
        if found.examined >= MOST_EXAMINED * wanted or all(len(kind.first) >= wanted for kind in found.kinds):
            break
        found.examined += 1
        spoken = language or language_of(source.row.text)
        if spoken is None or spoken not in attributes:
            found.left_out[OTHER_LANGUAGE] += 1
            continue
        found.by_language[spoken] += 1
        told = replace(source, language=spoken)
        if unfit := told.unfit():
            found.left_out[unfit] += 1
            continue
        for kind in found.kinds:
            if kind.attribute.language == spoken and len(kind.first) < wanted:
                _look(kind, told, labels, found.left_out)
    return found


def examined(attribute: Attribute[Any], source: Source, labels: Sequence[str]) -> Any:
    """Return how the row can be changed, why it is left alone, or None; an answer that speaks of it is a reason."""
    row = attribute.examine(source, labels)
    if row is None or isinstance(row, str):
        return row
    if _in_answer(attribute, source, labels):
        return "the answer speaks of it too"
    return "a word to be exchanged reaches over the edge of the answer" if source.torn(row.places) else row


def _look(kind: Kind, source: Source, labels: Sequence[str], left_out: Counter[str]) -> None:
    row = examined(kind.attribute, source, labels)
    if isinstance(row, str):
        left_out[f"{kind.attribute.title}: {row}"] += 1
    elif row is not None:
        (kind.second if row.second_choice else kind.first).append(row)


def _in_answer(attribute: Attribute[Any], source: Source, labels: Sequence[str]) -> bool:
    """Whether what a language model is judged by has words of the attribute, which would not be exchanged."""
    answer = source.fixed_answer
    if not answer:
        return False
    alone = replace(source, document=Document(answer), continues=False, parts=())
    return attribute.examine(alone, labels) is not None


def label_that_speaks(attribute: Attribute[Any], labels: Sequence[str]) -> str | None:
    """Return a label that is itself a word of the attribute: what the text says of it may then be the very answer."""
    if attribute.of_names:
        return None
    for label in labels:
        text = label.replace("_", " ")
        if attribute.examine(Source(Row("", text), Document(text), language=attribute.language), ()) is not None:
            return label
    return None
