"""Name-diverse rows: sentences that name a person once more with other names, of each group as many."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache

import numpy as np

from modelaudit.checkers.bias.augmentation import held_out_names
from modelaudit.checkers.bias.name_design import dealt
from modelaudit.checkers.bias.source import row_key
from modelaudit.errors import DataInputError
from modelaudit.rows import Row
from modelaudit.text import LANGUAGES, Document, apply, language_of, load_last_names, row_rng
from modelaudit.text.chinese.surnames import surnames, wordlike_surnames
from modelaudit.text.personal_data.named import person_words
from modelaudit.training.examples import Example, Step, TrainingData
from modelaudit.training.measures.counterfactual import HELD_OUT
from modelaudit.training.measures.persons import Person, Role, chinese_persons, edits_of, english_persons

_READERS = {"en": english_persons, "zh": chinese_persons}


@dataclass(frozen=True, slots=True)
class _Cell:
    """A gender and an ethnic group, or an ethnic group alone, with its names that training may use.

    `lasts` is empty where no last name is typical of the group: there last names stay. `by_length` says that a last
    name gives way to one as long.
    """

    title: str
    firsts: tuple[str, ...]
    lasts: tuple[str, ...]
    by_length: bool = False


@dataclass(frozen=True, slots=True)
class _Sentence:
    """A sentence whose persons can have other names."""

    example: Example
    document: Document
    tags: tuple[str, ...]
    language: str
    persons: tuple[Person, ...]


def name_diverse(data: TrainingData, *, copies: int, rng: np.random.Generator) -> TrainingData:
    """Return the data with each sentence that names a person `copies` more times, behind all other rows.

    Every person of a copy gets the names of a group. Groups take turns: over all copies each (gender, ethnicity) is as
    frequent as every other, up to one, and so is each ethnicity of last names that stand alone. Tags are kept, and
    pronouns stay: what is learned is that a name of any group is a person's. Copies of other measures are not copied.

    Raises:
        DataInputError: the task has no tags of persons.
    """
    if data.task != "token-classification":
        raise DataInputError(
            "name-diverse augmentation finds persons by their tags, which a text classification does not have; use "
            "counterfactual augmentation instead"
        )
    seed = int(rng.integers(2**63))
    counts: Counter[str] = Counter({"sentences that name a person": 0, "copies": 0})
    sentences = _sentences(data, counts)
    turns: Counter[str] = Counter()
    made: dict[str, list[Example]] = {}
    # Groups take turns in an order that content decides, so that a table that is sorted anew is written alike.
    for sentence in sorted(sentences, key=lambda each: _order(each.example.row, seed)):
        for number in range(1, copies + 1):
            row = _renamed(sentence, data.labels, number, turns, counts, seed=seed)
            if row is None:
                counts["copies left out, the data lack a tag for them"] += 1
                continue
            counts["copies"] += 1
            origin = sentence.example.row.id
            made.setdefault(origin, []).append(Example(row, weight=sentence.example.weight, origin=origin))
    added = [copy for sentence in sentences for copy in made.get(sentence.example.row.id, ())]
    note = HELD_OUT if added else "No sentence names a person in a way that could be rewritten, so nothing was added."
    return data.after(Step("name-augmentation", dict(sorted(counts.items())), (note,)), [*data.examples, *added])


def _sentences(data: TrainingData, counts: Counter[str]) -> list[_Sentence]:
    """Return the sentences of the data that can be written with other names, and count the others."""
    found = []
    for example in data.examples:
        row = example.row
        tags = tuple(data.labels[tag] for tag in row.tags or ())
        if example.origin is not None or row.words is None or not person_words(tags):
            continue
        counts["sentences that name a person"] += 1
        language = language_of(row.text)
        if language is None:
            counts["left out, in a language without names"] += 1
            continue
        document = Document.from_words(row.words)
        persons = _READERS[language](document, tags)
        if persons:
            found.append(_Sentence(example, document, tags, language, tuple(persons)))
        else:
            counts["left out, no name that can be exchanged"] += 1
    return found


def _renamed(
    sentence: _Sentence, labels: Sequence[str], number: int, turns: Counter[str], counts: Counter[str], *, seed: int
) -> Row | None:
    """Return the sentence with other names, and count its groups; None where the data have no tag for a new word."""
    row, taking = sentence.example.row, turns.copy()
    rng = row_rng(seed, "other names", 1, number, repr(row.words))
    taken = {word.lower() for word in sentence.document.word_texts()}
    new: dict[tuple[Person, Role, str], str] = {}
    groups = []
    for person in sentence.persons:
        group, cell = _next_cell(sentence.language, person, taking, seed=seed)
        groups.append(group)
        for role, old in person.names:
            if name := _drawn(cell, role, old, taken, rng):
                new[person, role, old] = name
                taken.add(name.lower())
    edits = edits_of(sentence.document, sentence.persons, new, language=sentence.language)
    if edits is None:
        return None
    edited = apply(sentence.document, edits)
    carried = edited.carry(sentence.tags)
    if not set(carried) <= set(labels):
        return None
    turns.update(taking - turns)
    counts.update(groups)
    named = replace(row, id=f"{row.id} other names {number}")
    return named.with_words(edited.document.word_texts(), tuple(map(labels.index, carried)))


def _next_cell(language: str, person: Person, turns: Counter[str], *, seed: int) -> tuple[str, _Cell]:
    """Return the group whose turn it is for a person, as it is counted and as it is."""
    kind = "first names" if person.has_first else "last names alone"
    purpose = f"{kind}, {language}"
    [cell] = dealt(_cells(language, last_alone=not person.has_first), turns[purpose], 1, seed=seed, purpose=purpose)
    turns[purpose] += 1
    return f"persons with {kind}, {cell.title}", cell


def _drawn(cell: _Cell, role: Role, old: str, taken: set[str], rng: np.random.Generator) -> str | None:
    """Return a name of the group that stands nowhere in the sentence; None where it has none."""
    names = cell.firsts
    if role == "last":
        names = tuple(name for name in cell.lasts if not cell.by_length or len(name) == len(old))
    order = (names[place] for place in rng.permutation(len(names)).tolist())
    return next((name for name in order if name.lower() not in taken), None)


@cache
def _cells(language: str, *, last_alone: bool) -> tuple[_Cell, ...]:
    """Return the groups of a language, without the names that are held out; last names alone have no gender."""
    lasts: dict[str, list[str]] = {}
    if language == "zh":
        lasts[""] = sorted(surnames() - wordlike_surnames())
    else:
        _gather(lasts, ((name.ethnicity or "", name.name) for name in load_last_names()))
    if last_alone:
        return tuple(_Cell(group, (), tuple(names)) for group, names in lasts.items())
    firsts: dict[str, list[str]] = {}
    names = LANGUAGES[language].names()
    _gather(firsts, ((f"{name.ethnicity or ''} {name.gender}".strip(), name.name) for name in names))
    return tuple(
        _Cell(title, tuple(those), tuple(lasts.get(title.rpartition(" ")[0], ())), by_length=language == "zh")
        for title, those in firsts.items()
    )


def _gather(groups: dict[str, list[str]], named: Iterable[tuple[str, str]]) -> None:
    """Add each name to its group, unless it is held out."""
    for group, name in named:
        if name not in held_out_names():
            groups.setdefault(group, []).append(name)


def _order(row: Row, seed: int) -> tuple[bytes, str]:
    return row_key(row, seed=seed, purpose="names"), row.id
