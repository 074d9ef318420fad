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

__all__ = ["CLASSES", "ENTITIES", "WORDS", "commonest", "cut_text", "no_better", "score_text", "scored", "scores_of"]

ENTITIES = "Whole entities, strict (entity F1)"
WORDS = "Word by word, O included (not entity F1)"
CLASSES = "Each class"
AVERAGES = ("micro", "macro", "weighted")
_NAME = 40
_MORE = "train for longer, on more rows, or with another learning rate, and look at the labels"

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
    from modelaudit.subject.limits import max_length
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
    scores = scores_of(truth, found, labels, task=task, of=of, rows=rows)
    return scores.model_copy(update={"limit": max_length(model, tokenizer)})


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
    unanswered = said < 0
    cut_rows = 0
    if task == "token-classification":
        said = np.where(said < 0, labels.index(OUTSIDE) if OUTSIDE in labels else -1, said)
        ends = np.cumsum([len(row.tags or ()) for row in rows])
        cut_rows = sum(bool(part.any()) for part in np.split(unanswered, ends[:-1]))
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
        cut_off=int(unanswered.sum()),
        cut_rows=cut_rows,
        entities=entities,
        classes=_listed([*classes, micro(classes), macro(classes), weighted(classes)]),
    )


def _listed(scores: Sequence[ClassCount | Average]) -> tuple[ClassScore, ...]:
    return tuple(
        ClassScore(name=each.name, precision=each.precision, recall=each.recall, f1=each.f1, support=each.true)
        for each in scores
    )


def commonest(scores: TrainingScores) -> float:
    """Return the share of the commonest true class, O among them: the accuracy of naming it always."""
    truths = [score.support for score in scores.classes if score.name not in AVERAGES]
    return max(truths, default=0) / max(1, scores.units)


def no_better(scores: TrainingScores) -> str | None:
    """Return a sentence where a tagger finds no entity, or a model answers no better than the commonest class always.

    None for one that does better, and where the rows have one class alone, or no entity, and can't tell. Words are not
    compared with "O" always: a model that finds some entities and invents others has learned something.
    """
    micro = next((score for score in scores.entities if score.name == "micro"), None)
    if micro is not None:
        if micro.f1 or not micro.support:
            return None
        return (
            f"WARNING: the model found none of the {micro.support:,} entities of the {visible(scores.of, most=_NAME)} "
            f"rows; {_MORE}"
        )
    share = commonest(scores)
    if scores.accuracy is None or scores.accuracy > share or share == 1.0:
        return None
    return (
        f"WARNING: accuracy {scores.accuracy:.3f} on {visible(scores.of, most=_NAME)} rows, where naming the commonest "
        f"class gets {share:.3f}: the model learned nothing that helps; {_MORE}"
    )


def cut_text(scores: TrainingScores) -> str:
    """Return how many words were cut off, of how many rows, and why."""
    limit = "" if scores.limit is None else f": the model takes {scores.limit:,} tokens a row"
    return (
        f"{scores.cut_off:,} of the words, in {scores.cut_rows:,} of the rows, were cut off and count as O{limit}; a "
        "larger --max-length (max_length in Python) reads more where the base model allows it"
    )


def score_text(scores: TrainingScores) -> str:
    """Return the scores as plain text: the table of entities, where there is one, and that of words or classes."""
    units = f"{scores.units:,} words in {scores.rows:,} rows" if scores.entities else f"{scores.rows:,} rows"
    of_what = " of words" if scores.entities else ""
    accuracy = "" if scores.accuracy is None else f", accuracy{of_what} {scores.accuracy:.4f}"
    lines = [f"{visible(scores.of, most=_NAME)}: {units}{accuracy}"]
    if scores.cut_off:
        lines.append(f"  {cut_text(scores)}")
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
