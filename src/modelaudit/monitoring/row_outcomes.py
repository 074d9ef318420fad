"""What the model answered to each evaluation row, from the subject of an audit.

Right after a run this asks the model nothing: the engine remembers its answers.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from modelaudit.errors import InputError
from modelaudit.monitoring.row_file import RowOutcome, RowOutcomes
from modelaudit.monitoring.row_key import RowKey
from modelaudit.rows import Row
from modelaudit.text import entity_spans
from modelaudit.text.tags import OUTSIDE

if TYPE_CHECKING:
    from modelaudit.checker import ModelHandle, Predictions
    from modelaudit.subject.subject import Subject

DIGITS = 6
"""Decimals of what is kept: the last digits of a score hang on the hardware."""
Values = dict[str, Any]


def row_outcomes(subject: Subject, key: RowKey) -> RowOutcomes:
    """Return the outcome of each evaluation row, one of each text; no text is kept, nor any hash without the key.

    Of rows with one text and several truths that one is taken whose truth has the least hash, so that two audits of
    one table with one key take the same.

    Raises:
        InputError: a model of this task has no outcome by row.
    """
    task = subject.info.task
    if task not in _OUTCOMES:
        raise InputError(
            f"no row file is known for {task}: there are those of {', '.join(_OUTCOMES)}. Compare without rows."
        )
    chosen: dict[str, tuple[str, Row]] = {}
    for row in subject.data.evaluation:
        name, lot = key.of_row(row), key.of("lot", _truth(row))
        if name not in chosen or lot < chosen[name][0]:
            chosen[name] = lot, row
    names = sorted(chosen)
    rows = [chosen[name][1] for name in names]
    values = _OUTCOMES[task](subject.model, rows, key) if rows else []
    outcomes = tuple(
        RowOutcome(row=name, document=None if row.group is None else key.of("document", row.group), **found)
        for name, row, found in zip(names, rows, values, strict=True)
    )
    return RowOutcomes(task, key.id, outcomes, repeats=len(subject.data.evaluation) - len(rows))


def _truth(row: Row) -> list[Any]:
    values = None if row.values is None else [repr(value) for value in row.values]
    return [row.label, row.tags, row.label_set, values, row.group]


def _of_classes(model: ModelHandle, rows: Sequence[Row], key: RowKey) -> list[Values]:
    answers = model.predict(rows)
    best = answers.probabilities.max(axis=1)
    return [
        {"answer": int(label), "confidence": _short(confidence)}
        | ({} if row.label is None else {"right": int(label == row.label), "of": 1})
        for row, label, confidence in zip(rows, answers.labels, best, strict=True)
    ]


def _of_label_sets(model: ModelHandle, rows: Sequence[Row], key: RowKey) -> list[Values]:
    found = model.predict(rows).probabilities
    said = [tuple(int(label) for label in np.flatnonzero(row >= 0.5)) for row in found]
    # How sure the model is of a set: the mean over labels of how sure it is of each.
    sure = np.maximum(found, 1.0 - found).mean(axis=1)
    return [
        {"answer": labels, "confidence": _short(confidence)}
        | ({} if row.label_set is None else {"right": int(labels == row.label_set), "of": 1})
        for row, labels, confidence in zip(rows, said, sure, strict=True)
    ]


def _of_tags(model: ModelHandle, rows: Sequence[Row], key: RowKey) -> list[Values]:
    answers = model.predict(rows)
    assert answers.offsets is not None
    found, kept = answers.labels, []
    for place, row in enumerate(rows):
        said = found[answers.offsets[place] : answers.offsets[place + 1]].tolist()
        # A word that was cut off counts as outside of any entity, and as no answer.
        kept.append(
            {"answer": key.of("tags", said), "confidence": _sure(answers, place)}
            | ({} if row.tags is None else _right_tags(said, row.tags, model.labels))
        )
    return kept


def _sure(answers: Predictions, row: int) -> float | None:
    words = answers.words_of(row)
    known = words[~np.isnan(words).any(axis=1)]
    return _short(float(known.max(axis=1).mean())) if len(known) else None


def _right_tags(said: list[int], tags: tuple[int, ...], labels: Sequence[str]) -> Values:
    ours = frozenset(entity_spans([OUTSIDE if tag < 0 else labels[tag] for tag in said]))
    true = frozenset(entity_spans([labels[tag] for tag in tags]))
    right = sum(tag == other for tag, other in zip(said, tags, strict=True))
    return {"right": right, "of": len(tags), "entities": (len(ours & true), len(ours), len(true))}


def _of_numbers(model: ModelHandle, rows: Sequence[Row], key: RowKey) -> list[Values]:
    outputs = model.predict(rows).logits
    return [
        {} if row.values is None else {"loss": _short(float(np.abs(found - np.array(row.values)).mean()))}
        for row, found in zip(rows, outputs, strict=True)
    ]


def _of_tokens(model: ModelHandle, rows: Sequence[Row], key: RowKey) -> list[Values]:
    losses = model.loss(rows).per_row
    return [{} if np.isnan(loss) else {"loss": _short(float(loss))} for loss in losses]


def _short(value: float) -> float:
    return round(float(value), DIGITS)


_OUTCOMES = {
    "text-classification": _of_classes,
    "multi-label-classification": _of_label_sets,
    "token-classification": _of_tags,
    "text-regression": _of_numbers,
    "text-generation": _of_tokens,
    "fill-mask": _of_tokens,
}
