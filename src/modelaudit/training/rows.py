"""Rows to train on: tables read as an audit reads them, with labels found, tags mended and dev rows held back."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from modelaudit.drawing import folded
from modelaudit.errors import DataInputError
from modelaudit.rows import Row
from modelaudit.subject.columns import missing_column
from modelaudit.subject.dataset import rows_sha256
from modelaudit.subject.places import shown
from modelaudit.subject.tables import Table, read_table
from modelaudit.subject.task import REPAIRED, ColumnChoice, RowBatch
from modelaudit.subject.tasks.tagged_cells import TAG_COLUMNS, tagged_cells
from modelaudit.subject.tasks.text_classification import LABEL_COLUMNS, TextClassification, label_column_of
from modelaudit.subject.tasks.token_classification import BROKEN_TAGS, TokenClassification
from modelaudit.subject.tasks.whole_text import filled_rows, text_column_of, truths_in
from modelaudit.training.compact import TaskName
from modelaudit.training.examples import Example, Step, TrainingData
from modelaudit.training.label_map import LabelCells, class_labels, given_labels, listed
from modelaudit.training.recipe import Recipe
from modelaudit.training.record import SourceInfo
from modelaudit.training.splitting import held_back, labels_of
from modelaudit.training.tag_map import tag_labels
from modelaudit.training.tag_repair import TaggedTable, repaired

ODD_WORDS = "words that are empty or white space alone (kept)"
SHARED = "dev rows whose text is also in the training rows (kept)"
UNTRAINED = "dev rows with a label that no training row has (kept)"
_CHUNK = 2**20


@dataclass(frozen=True, slots=True)
class ReadRows:
    """The rows of a training, and what was read: `train` names the rows that were held back of it, if any."""

    data: TrainingData
    train: SourceInfo
    dev: SourceInfo | None


@dataclass(frozen=True, slots=True)
class _Part:
    """One table on its way: its source, and the columns that the user names for it."""

    source: Any
    table: Table
    columns: ColumnChoice


def read_training_data(
    source: Any,
    *,
    task: TaskName,
    dev: Any = None,
    columns: ColumnChoice = ColumnChoice(),  # noqa: B008
    recipe: Recipe,
    labels: Sequence[str] | None = None,
) -> ReadRows:
    """Return the rows to train on, in every format that an audit takes, and the dev rows.

    Args:
        source: path, `datasets.Dataset`, DataFrame or list of dicts. dev: the same; without it `recipe.dev_share` of
            the rows are held back.
        task: how rows are read.
        columns: the columns that the user names.
        recipe: its `seed`, `dev_share` and `bad_tags` are used.
        labels: names of the classes or tags in their order; found from the data for None.

    Raises:
        DataInputError: what can't be read or trained on, with the place and the next step.
    """
    train = _opened(source, "training", columns)
    second = None if dev is None else _apart(_opened(dev, "dev", columns), train)
    parts = [train] if second is None else [train, second]
    given = None if labels is None else given_labels(labels)
    if task == "token-classification":
        names, steps, notes = _tags_of(parts, given, recipe)
    else:
        names, steps, notes = _classes_of(parts, given), [], ()
    batches = [_read(part, task, names, fixed=given is not None) for part in parts]
    _check_classes(batches[0], names, train.table)
    notes += _untaught(batches, names) if task == "text-classification" else ()
    rows = batches[0].rows
    counts = {"rows": len(rows), **_oddities(train.table, batches[0])}
    held: frozenset[int] = frozenset()
    if second is None:
        held = held_back(rows, share=recipe.dev_share, seed=recipe.seed)
        steps += [_split_step(rows, held, recipe, columns)] if recipe.dev_share else []
    else:
        more, warnings = _compared(rows, batches[1].rows, names)
        counts |= {f"dev {reason}": n for reason, n in _oddities(second.table, batches[1]).items()} | more
        notes += warnings
    reading = Step("reading", {reason: n for reason, n in counts.items() if n}, notes)
    return ReadRows(
        TrainingData(
            task=task,
            labels=names,
            examples=tuple(Example(row) for place, row in enumerate(rows) if place not in held),
            dev=tuple(rows[place] for place in sorted(held)) if second is None else batches[1].rows,
            steps=(reading, *steps),
        ),
        _info(train, batches[0], held_back=tuple(_number(rows[place]) for place in sorted(held))),
        None if second is None else _info(second, batches[1]),
    )


def _opened(source: Any, role: str, columns: ColumnChoice) -> _Part:
    name = Path(source).name if isinstance(source, str | Path) else role
    # The reference trainer teaches texts that stand alone.
    return _Part(source, read_table(source, name=name), replace(columns, pair=""))


def _apart(dev: _Part, train: _Part) -> _Part:
    """The dev part, called otherwise than the training table, and without a group column where it has none."""
    table, columns = dev.table, dev.columns
    if table.name == train.table.name:
        table = replace(table, name=f"dev/{table.name}")
    if columns.group not in table.columns:
        columns = replace(columns, group=None)
    return _Part(dev.source, table, columns)


def _classes_of(parts: Sequence[_Part], given: tuple[str, ...] | None) -> tuple[str, ...]:
    """The names of the classes, as the user gives them or as the cells say them."""
    found = [_label_cells(part, given or ()) for part in parts]
    return given or class_labels(found[0], found[1] if len(found) > 1 else None)


def _label_cells(part: _Part, given: tuple[str, ...]) -> LabelCells:
    table, columns = part.table, part.columns
    text_column = text_column_of(table, columns)
    column = label_column_of(table, given, columns, text_column)
    if column is None:
        raise missing_column(table, what="label", flag="--label-column", known=LABEL_COLUMNS)
    truths = truths_in(table, column, named=True)
    cells = [truths.cells[i] for i in filled_rows(table, text_column) if truths.cells[i] is not None]
    if not cells:
        raise DataInputError(f"{table.name}: no row has both a text and a label in column {column!r}; check the table")
    return LabelCells(cells, tuple(truths.class_names), truths.place)


def _tags_of(
    parts: Sequence[_Part], given: tuple[str, ...] | None, recipe: Recipe
) -> tuple[tuple[str, ...], list[Step], tuple[str, ...]]:
    """The tags in BIO, the step that says which were mended, and notes on the schemes that they came in."""
    cells = [tagged_cells(part.table, part.columns) for part in parts]
    for part, found in zip(parts, cells, strict=True):
        if found.tag_column is None:
            raise missing_column(part.table, what="tags", flag="--label-column", known=TAG_COLUMNS)
    places = [f"{part.table.name}: column {found.tag_column!r}" for part, found in zip(parts, cells, strict=True)]
    names = tag_labels(cells[0], cells[1] if len(cells) > 1 else None, given, places=places)
    tables = []
    for part, found, prefix in zip(parts, cells, ("", "dev "), strict=False):
        readable = found if found.class_names else replace(found, class_names=names)
        faults = readable.faults()
        if faults is not None:
            tables.append(TaggedTable(part.table, readable, faults, prefix))
    notes = tuple(
        f"The tags of {shown(tagged.table.name)} came in {tagged.faults.scheme} and became BIO."
        for tagged in tables
        if tagged.faults.scheme != "BIO"
    )
    return names, repaired(tables, recipe.bad_tags), notes


def _read(part: _Part, task: TaskName, labels: tuple[str, ...], *, fixed: bool) -> RowBatch:
    reader = TokenClassification() if task == "token-classification" else TextClassification()
    try:
        return reader.rows(part.table, labels, part.columns)
    except DataInputError as error:
        if not fixed:
            raise
        raise DataInputError(f"labels= names {listed(labels)}, and {_unfit(part, task, labels, error)}") from error


def _unfit(part: _Part, task: TaskName, labels: tuple[str, ...], error: DataInputError) -> str:
    """Why rows don't fit the labels that the user names; there is no model yet whose labels could be told of."""
    names = class_labels(_label_cells(part, labels), None) if task == "text-classification" else ()
    others = [name for name in names if name not in labels]
    if not others:
        return f"the data does not fit: {error}"
    return (
        f"{part.table.name} has {listed(others)} too; name all labels that the rows have, as they stand there "
        "(labels= in Python, --labels), or leave them out"
    )


def _check_classes(batch: RowBatch, labels: Sequence[str], table: Table) -> None:
    """Raise DataInputError where all rows teach the same one label."""
    said = {label for row in batch.rows for label in labels_of(row)}
    if len(said) < 2:
        one = listed([labels[label] for label in said])
        what = "row" if batch.rows[0].tags is None else "word"
        raise DataInputError(
            f"{table.name}: every {what} has the label {one}, so there is nothing to learn; hand in rows of two labels "
            "or more"
        )


def _untaught(batches: Sequence[RowBatch], labels: Sequence[str]) -> tuple[str, ...]:
    """A sentence on the classes that no row has, since the user or the column names more than there are."""
    said = {label for batch in batches for row in batch.rows for label in labels_of(row)}
    missing = [name for place, name in enumerate(labels) if place not in said]
    return (f"No row has {listed(missing)}: the label map holds it, and it is never trained.",) if missing else ()


def _oddities(table: Table, batch: RowBatch) -> dict[str, int]:
    """What was left out or is odd, by reason; broken tags have a step of their own."""
    odd = sum(not word.strip() for row in batch.rows for word in row.words or ())
    left_out = {reason: n for reason, n in batch.set_aside.items() if reason != BROKEN_TAGS}
    return {**left_out, REPAIRED: table.repaired, ODD_WORDS: odd}


def _compared(
    rows: Sequence[Row], dev_rows: Sequence[Row], labels: Sequence[str]
) -> tuple[dict[str, int], tuple[str, ...]]:
    """How the dev rows stand to the training rows, counted and in a sentence."""
    texts = {folded(row.text) for row in rows}
    trained = {label for row in rows for label in labels_of(row)}
    untrained = [labels_of(row) - trained for row in dev_rows if labels_of(row) - trained]
    counts = {
        "dev rows": len(dev_rows),
        SHARED: sum(folded(row.text) in texts for row in dev_rows),
        UNTRAINED: len(untrained),
    }
    names = [labels[label] for label in sorted(frozenset().union(*untrained))]
    note = f"Only dev rows have {listed(names)}: the label map holds it, and it was never trained."
    return counts, (note,) if names else ()


def _split_step(rows: Sequence[Row], held: frozenset[int], recipe: Recipe, columns: ColumnChoice) -> Step:
    together = "Rows with the same text" if columns.group is None else "Rows of a group, and rows with the same text,"
    note = f"Rows were drawn by a lot with the seed {recipe.seed}. {together} stayed on one side."
    if not held:
        note = "No row could be held back: each is the only one to train on for some label, or belongs to all others."
    return Step("split", {"rows held back": len(held), "rows to train on": len(rows) - len(held)}, (note,))


def _info(part: _Part, batch: RowBatch, *, held_back: tuple[int, ...] = ()) -> SourceInfo:
    return SourceInfo(
        name=part.table.name,
        **_file_facts(part.source),
        rows=len(batch.rows),
        rows_sha256=rows_sha256(batch.rows),
        text_column=batch.text_column,
        label_column=str(batch.label_column),
        group_column=part.columns.group,
        held_back=held_back,
    )


def _file_facts(source: Any) -> Mapping[str, Any]:
    """Path, hash and size of a file; nothing for rows from memory."""
    if not isinstance(source, str | Path):
        return {}
    path = Path(source).absolute()
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return {"path": str(path), "sha256": digest.hexdigest(), "bytes": path.stat().st_size}


def _number(row: Row) -> int:
    """Which row of its table it is, counted from 1."""
    return int(row.id.rpartition(":")[2])
