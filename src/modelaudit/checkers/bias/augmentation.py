"""Counterfactual augmentation: rows written once more for another group, with their labels, to train on.

Names that the test uses are held out: after training on the copies, the test still asks about names that are new to
the model (names intervention, Hall Maudslay et al. 2019, "It's all in the name").
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from modelaudit.checkers.bias.attributes import attributes_of
from modelaudit.checkers.bias.attributes.attribute import TOPICS, Attribute, Design
from modelaudit.checkers.bias.passage import joined, rebuilt
from modelaudit.checkers.bias.source import Source
from modelaudit.checkers.bias.survey import examined, label_that_speaks
from modelaudit.rows import Row
from modelaudit.text import LANGUAGES, Document, Edit, apply, language_of, load_last_names
from modelaudit.text.tags import type_of


@dataclass(frozen=True, slots=True)
class Counterfactual:
    """One row written for another group.

    `row` has the text or words, and the label, tags and other cells of the row that it was made of; its id is that
    row's with the attribute behind it.
    """

    row: Row
    original: str
    attribute: str
    group: str


def counterfactuals(
    rows: Sequence[Row],
    topics: Collection[str],
    labels: Sequence[str],
    *,
    barred: frozenset[str],
    seed: int,
    language: str | None = None,
    left_out: Counter[str],
) -> Iterator[Counterfactual]:
    """Yield each row once more for each attribute that it speaks of, for another group; groups take turns.

    Args:
        labels: the model's; where one of them is itself a word of an attribute, that attribute is left alone.
        barred: names that are not put in, those of the test.
        language: of all rows, or None to tell each row's.
        left_out: counts, by reason, the rows that speak of an attribute and were not written.
    """
    attributes = [each for known in LANGUAGES.values() for each in attributes_of(known, topics)]
    attributes = [each for each in attributes if label_that_speaks(each, labels) is None]
    turns: Counter[str] = Counter()
    for row in rows:
        spoken = language or language_of(row.text)
        for attribute in attributes:
            if attribute.language == spoken:
                yield from _written(row, attribute, labels, barred, turns, left_out, seed)


def names_of_test(topics: Collection[str], design: Design) -> frozenset[str]:
    """Return the names that a test of these topics puts into rows."""
    attributes = [each for language in LANGUAGES.values() for each in attributes_of(language, topics)]
    return frozenset().union(*(each.names_used(design) for each in attributes))


@cache
def held_out_names() -> frozenset[str]:
    """Return half of the names of each gender and ethnic group, always the same: those that training puts in no row.

    Which names an audit takes depends on its seed and on the model's tokenizer, and there is no name that no audit
    takes. So a training that knows of no audit keeps half of each group back: about half of the names that an audit
    asks about are then new to the model, whatever its seed.
    """
    groups: dict[tuple[str, ...], list[str]] = {}
    for code, language in LANGUAGES.items():
        for name in language.names():
            groups.setdefault((code, name.gender or "", name.ethnicity or ""), []).append(name.name)
    for name in load_last_names():
        groups.setdefault(("last", name.ethnicity or ""), []).append(name.name)
    return frozenset(name for names in groups.values() for name in sorted(names, key=_digest)[: len(names) // 2])


def topics_of(titles: Collection[str]) -> frozenset[str]:
    """Return the topics of comparisons, by the titles that findings name them by ("religion: Muslim - Christian")."""
    found: set[str] = set()
    for language in LANGUAGES.values():
        for topic in TOPICS:
            for attribute in attributes_of(language, {topic}):
                named = {planned.attribute for planned in attribute.planned}
                if any(title == name or title.startswith(f"{name}: ") for title in titles for name in named):
                    found.add(topic)
    return frozenset(found)


def _written(
    row: Row,
    attribute: Attribute[Any],
    labels: Sequence[str],
    barred: frozenset[str],
    turns: Counter[str],
    left_out: Counter[str],
    seed: int,
) -> Iterator[Counterfactual]:
    text, parts = joined(row, with_answer=False)
    document = Document(text) if row.words is None else Document.from_words(row.words)
    source = Source(row, document, row.tags, language=attribute.language, parts=parts)
    found = examined(attribute, source, labels)
    if found is None:
        return
    other = found if isinstance(found, str) else attribute.another(found, turns, barred=barred, seed=seed)
    if isinstance(other, str):
        left_out[f"{attribute.title}: {other}"] += 1
        return
    group, edits = other
    if edits:
        rewritten = _rewritten(source, edits, labels, attribute.title)
        yield Counterfactual(rewritten, row.id, attribute.title, group)


def _rewritten(source: Source, edits: Sequence[Edit], labels: Sequence[str], title: str) -> Row:
    row, edited = source.row, apply(source.document, edits)
    named = replace(row, id=f"{row.id} {title}")
    if source.parts:
        return rebuilt(named, source.parts, edited)
    if row.words is None:
        return named.with_text(edited.document.text)
    tags = None
    if row.tags is not None:
        carried = edited.carry([labels[tag] for tag in row.tags])
        tags = tuple(_index(labels, tag) for tag in carried)
    return named.with_words(edited.document.word_texts(), tags)


def _digest(name: str) -> bytes:
    return hashlib.blake2b(f"held out\x1f{name}".encode(), digest_size=16).digest()


def _index(labels: Sequence[str], tag: str) -> int:
    """Return the index of a tag, or of one of its type where the scheme has no such prefix."""
    if tag in labels:
        return labels.index(tag)
    return next(index for index, label in enumerate(labels) if type_of(label) == type_of(tag))
