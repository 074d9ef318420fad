"""Counterfactual rows: what speaks of a person's group written once more for another group.

As rows of their own with the labels of their originals (counterfactual data augmentation; names, Hall Maudslay et al.
2019, "It's all in the name"), or as partners whose logits are held to the row's (counterfactual logit pairing, Garg et
al. 2019, "Counterfactual Fairness in Text Classification through Robustness").
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from modelaudit.checkers.bias.attributes import attributes_of
from modelaudit.checkers.bias.attributes.attribute import TOPICS
from modelaudit.checkers.bias.augmentation import Counterfactual, counterfactuals, held_out_names
from modelaudit.checkers.bias.source import row_key
from modelaudit.checkers.bias.survey import label_that_speaks
from modelaudit.errors import InputError
from modelaudit.rows import Row
from modelaudit.text import LANGUAGES, language_of
from modelaudit.training.examples import Example, Step, TrainingData

ANOTHER_LANGUAGE = "rows in a language without word lists"
HELD_OUT = (
    "Half of the names of each group were put into no row. An audit draws from all of them by its seed, so about half "
    "of the names that it asks about are new to the model."
)


def augmented(data: TrainingData, *, attributes: Collection[str], rng: np.random.Generator) -> TrainingData:
    """Return the data with each row that speaks of an attribute once more for another group, behind all other rows.

    Copies of other measures are not copied again. What a row becomes depends on the set of rows and not on its order.

    Args:
        attributes: topics of the bias checks: gender, ethnicity, intersection, religion, nationality, age, region,
            hukou.

    Raises:
        InputError: an attribute that is none of these.
    """
    written = _write(data, attributes, rng)
    copies = [
        Example(copy.row, weight=example.weight, origin=copy.original)
        for example in _originals(data)
        for copy in written.of(example.row)
    ]
    counts = Counter({"rows written again": len(written.copies), "copies": len(copies)})
    counts.update(f"copies, {copy.attribute}: {copy.group}" for copy in written)
    notes = written.notes or (() if copies else (_nothing(attributes, "added"),))
    step = Step("counterfactual-augmentation", dict(sorted(counts.items())) | written.left_out, notes)
    return data.after(step, [*data.examples, *copies])


def paired(data: TrainingData, *, attributes: Collection[str], rng: np.random.Generator) -> TrainingData:
    """Return the data with one copy for another group as the partner of each row that has any, drawn among several.

    A tagged row takes only a copy with as many words under the same tags, so that logits are compared word by word.
    Copies of other measures get no partner.

    Args:
        attributes: as for `augmented`.

    Raises:
        InputError: an attribute that there is not.
    """
    written, seed = _write(data, attributes, rng), int(rng.integers(2**63))
    counts = Counter({"rows with a partner": 0})
    examples: list[Example] = []
    for example in data.examples:
        copies = written.of(example.row)
        fitting = [copy for copy in copies if copy.row.tags == example.row.tags]
        if len(fitting) < len(copies):
            counts["copies left out, other words under the tags"] += len(copies) - len(fitting)
        if fitting:
            turn = int.from_bytes(row_key(example.row, seed=seed, purpose="partner")[:8], "big")
            chosen = fitting[turn % len(fitting)]
            counts["rows with a partner"] += 1
            counts[f"partners, {chosen.attribute}: {chosen.group}"] += 1
            example = replace(example, partner=chosen.row)
        examples.append(example)
    notes = written.notes or (() if counts["rows with a partner"] else (_nothing(attributes, "paired"),))
    return data.after(
        Step("counterfactual-logit-pairing", dict(sorted(counts.items())) | written.left_out, notes), examples
    )


@dataclass(frozen=True, slots=True)
class _Written:
    """The copies by the id of their row, why others were not made, and what to mind."""

    copies: dict[str, list[Counterfactual]]
    left_out: dict[str, int]
    notes: tuple[str, ...]

    def of(self, row: Row) -> Sequence[Counterfactual]:
        return self.copies.get(row.id, [])

    def __iter__(self) -> Iterator[Counterfactual]:
        return (copy for copies in self.copies.values() for copy in copies)


def _originals(data: TrainingData) -> list[Example]:
    return [example for example in data.examples if example.origin is None]


def _write(data: TrainingData, attributes: Collection[str], rng: np.random.Generator) -> _Written:
    unknown = [each for each in attributes if each not in TOPICS]
    if unknown or not attributes:
        raise InputError(f"attributes has {unknown or 'nothing'!r:.60}; choose from {', '.join(TOPICS)}")
    seed, rows = int(rng.integers(2**63)), [example.row for example in _originals(data)]
    # Groups take turns: in an order that content decides, so that a table that is sorted anew is written alike.
    rows.sort(key=lambda row: (row_key(row, seed=seed, purpose="counterfactual"), row.id))
    spoken = {code: [row for row in rows if language_of(row.text) == code] for code in LANGUAGES}
    left_out: Counter[str] = Counter()
    copies: dict[str, list[Counterfactual]] = {}
    for code, those in spoken.items():
        for copy in counterfactuals(
            those, attributes, data.labels, barred=held_out_names(), seed=seed, language=code, left_out=left_out
        ):
            copies.setdefault(copy.original, []).append(copy)
    counts = {f"left out, {reason}": count for reason, count in sorted(left_out.items())}
    if others := len(rows) - sum(map(len, spoken.values())):
        counts[ANOTHER_LANGUAGE] = others
    return _Written(copies, counts, _notes(data.labels, attributes, copies))


def _notes(
    labels: Sequence[str], attributes: Collection[str], copies: dict[str, list[Counterfactual]]
) -> tuple[str, ...]:
    known = [each for language in LANGUAGES.values() for each in attributes_of(language, attributes)]
    speaking = ((each.title, label_that_speaks(each, labels)) for each in known)
    notes = [
        f"{title}: left alone, for the label {label!r:.40} is itself such a word." for title, label in speaking if label
    ]
    names = {each.title for each in known if each.of_names}
    if any(copy.attribute in names for those in copies.values() for copy in those):
        notes.append(HELD_OUT)
    return tuple(notes)


def _nothing(attributes: Collection[str], done: str) -> str:
    return f"No row could be written for another group ({', '.join(attributes)}), so nothing was {done}."
