"""Scores of a trained model: whole entities and single words, each under a title that the other can't be taken for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from modelaudit.errors import DataInputError
from modelaudit.reports.text import visible
from modelaudit.rows import Row
from modelaudit.statistics.class_scores import (
    Average,
    ClassCount,
    counted_classes,
    counted_entities,
    macro,
    micro,
    weighted,
)
from modelaudit.text.strict_tags import strict_reader
from modelaudit.text.tags import OUTSIDE
from modelaudit.training.record import ClassScore, TrainingScores

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from modelaudit.training.compact import TaskName

__all__ = ["CLASSES", "ENTITIES", "WORDS", "score_text", "scored", "scores_of"]

ENTITIES = "Whole entities, strict (entity F1)"
WORDS = "Word by word, O included (not entity F1)"
CLASSES = "Each class"
AVERAGES = ("micro", "macro", "weighted")
_NAME = 40

Ints = NDArray[np.int64]


def scored(
    model: PreTrainedModel,
    tokenizer: Any,
    rows: Sequence[Row],
    labels: Sequence[str],
    *,
    task: TaskName,
    of: str,
    device: str | None = None,
) -> TrainingScores:
    """Return the scores of a model on rows with their truth; the engine asks it as an audit does, in float32.

    It runs where the model lies, or on `device`.

    Raises:
        DataInputError: a row without a truth, or no rows.
        ModelInputError: the model answers with NaN or infinity.
    """
    from modelaudit.inference.engine import Engine
    from modelaudit.subject.model import Model
    from modelaudit.subject.opened import OpenedModel
    from modelaudit.subject.tasks import task_of

    truth = _truth(rows, task)
    engine = Engine(model, model_id="", device=device or model.device.type, numerics="strict")
    try:
        handle = Model(OpenedModel(model=model, tokenizer=tokenizer, name="the trained model"), task_of(model), engine)
        found = handle.predict(rows).labels
    finally:
        engine.close()
    return scores_of(truth, found, labels, task=task, of=of, rows=rows)


def _truth(rows: Sequence[Row], task: TaskName) -> Ints:
    answers = [row.tags if task == "token-classification" else row.label for row in rows]
    missing = next((row.id for row, answer in zip(rows, answers, strict=True) if answer is None), None)
    if missing is not None or not rows:
        which = "there are no rows" if missing is None else f"row {visible(missing, most=_NAME)} has no label"
        raise DataInputError(f"{which}, so nothing can be scored; hand in rows with their labels")
    flat = [tag for row in rows for tag in row.tags or ()] if task == "token-classification" else answers
    return np.array(flat, dtype=np.int64)


def scores_of(
    truth: Ints, said: Ints, labels: Sequence[str], *, task: TaskName, of: str, rows: Sequence[Row]
) -> TrainingScores:
    """Return the scores of answers.

    Args:
        truth, said: indices of labels, shape [units]: words of all rows, one after the other, for token classification,
            else rows. An answer below 0 is none (a word that was cut off): it counts as "O", where there is such a tag.
        labels: names of the classes or tags. of: which rows these are (`dev`, `test`).
        rows: whose words they are.
    """
    entities: tuple[ClassScore, ...] = ()
    cut_off = int((said < 0).sum())
    if task == "token-classification":
        said = np.where(said < 0, labels.index(OUTSIDE) if OUTSIDE in labels else -1, said)
        ends = np.cumsum([len(row.tags or ()) for row in rows])
        read = strict_reader(labels)
        sides = [
            [read([OUTSIDE if tag < 0 else labels[tag] for tag in part]) for part in np.split(side, ends[:-1])]
            for side in (truth, said)
        ]
        counts = counted_entities(*sides)
        entities = _listed([*counts, micro(counts), macro(counts)])
    classes = counted_classes(truth, said, labels)
    return TrainingScores(
        of=of,
        rows=len(rows),
        units=len(truth),
        accuracy=float((truth == said).mean()) if len(truth) else None,
        cut_off=cut_off,
        entities=entities,
        classes=_listed([*classes, micro(classes), macro(classes), weighted(classes)]),
    )


def _listed(scores: Sequence[ClassCount | Average]) -> tuple[ClassScore, ...]:
    return tuple(
        ClassScore(name=each.name, precision=each.precision, recall=each.recall, f1=each.f1, support=each.true)
        for each in scores
    )


def score_text(scores: TrainingScores) -> str:
    """Return the scores as plain text: the table of entities, where there is one, and that of words or classes."""
    units = f"{scores.units:,} words in {scores.rows:,} rows" if scores.entities else f"{scores.rows:,} rows"
    of_what = " of words" if scores.entities else ""
    accuracy = "" if scores.accuracy is None else f", accuracy{of_what} {scores.accuracy:.4f}"
    lines = [f"{visible(scores.of, most=_NAME)}: {units}{accuracy}"]
    if scores.cut_off:
        lines.append(f"  {scores.cut_off:,} of the words were cut off and count as O")
    if scores.entities:
        lines += ["", ENTITIES, *_table("type", scores.entities, averages=2)]
        lines += ["", WORDS, *_table("tag", scores.classes, averages=3)]
    else:
        lines += ["", CLASSES, *_table("class", scores.classes, averages=3)]
    return "\n".join(lines)


def _table(heading: str, scores: Sequence[ClassScore], *, averages: int) -> list[str]:
    """Lines in columns; the averages stand at the end, set off by a line."""
    first = len(scores) - averages
    names = [
        visible(score.name, most=_NAME) if place < first else f"{score.name} average"
        for place, score in enumerate(scores)
    ]
    width = max(map(len, [heading, *names]))
    lines = [f"  {heading:<{width}}  {'precision':>9}  {'recall':>6}  {'F1':>6}  {'support':>7}"]
    for place, (name, score) in enumerate(zip(names, scores, strict=True)):
        lines += [""] if place == first else []
        parts = (_share(score.precision, 9), _share(score.recall, 6), _share(score.f1, 6), f"{score.support:>7}")
        lines.append("  ".join((f"  {name:<{width}}", *parts)))
    return lines


def _share(value: float | None, width: int) -> str:
    return f"{'-' if value is None else f'{value:.4f}':>{width}}"
