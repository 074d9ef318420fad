"""Counterfactual rows as a file to train on: what an audit found, turned into data that mends it."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from modelaudit.audit_report import AuditReport, TableInfo
from modelaudit.checkers.bias.attributes.attribute import TOPICS
from modelaudit.checkers.bias.augmentation import Counterfactual, counterfactuals, names_of_test, topics_of
from modelaudit.checkers.bias.counterfactual import CounterfactualSubstitution
from modelaudit.checkers.bias.frames import CounterfactualFrames
from modelaudit.checkers.bias.substitution import design_of
from modelaudit.errors import InputError, OutputError
from modelaudit.rows import Row
from modelaudit.subject.chat import messages_of
from modelaudit.subject.subject import Subject

CHECKS = frozenset({CounterfactualSubstitution.info.id, CounterfactualFrames.info.id})
MENDED = ("exceeds limit", "accepted risk")


def counterfactual_file(
    subject: Subject,
    report: AuditReport,
    checkers: Iterable[object],
    path: Path,
    topics: str | Iterable[str] | None,
) -> tuple[str, int]:
    """Return the text of the file, and how many rows it has.

    Args:
        checkers: of the audit; the names that its checks of substitution use are held out.

    Raises:
        InputError: no comparison of the report exceeds its limit and no topic is named, or a topic is unknown.
        OutputError: the suffix is no format for rows of this task.
    """
    write = _format(path, subject)
    chosen = _topics(report, topics)
    table, rows = _rows(subject)
    given = [each for each in checkers if isinstance(each, CounterfactualSubstitution | CounterfactualFrames)]
    options = [each.options() if isinstance(each, CounterfactualSubstitution) else each.options("en") for each in given]
    seed, labels = report.settings.seed, subject.model.labels
    barred = [names_of_test(each.attributes, design_of(subject.model, each, seed=seed)) for each in options]
    language = next((each.language for each in given if isinstance(each, CounterfactualSubstitution)), None)
    left_out: Counter[str] = Counter()
    written = list(
        counterfactuals(
            rows,
            chosen,
            labels,
            barred=frozenset().union(*barred),
            seed=seed,
            language=language,
            left_out=left_out,
        )
    )
    if not written:
        reasons = "; ".join(f"{reason}: {count}" for reason, count in sorted(left_out.items())) or "none speaks of it"
        raise InputError(f"no row of {table.name} can be written for another group ({', '.join(chosen)}): {reasons}")
    return write([_cells(each, table, labels) for each in written]), len(written)


def _topics(report: AuditReport, topics: str | Iterable[str] | None) -> tuple[str, ...]:
    if topics is not None:
        try:
            named = (topics,) if isinstance(topics, str) else tuple(topics)
        except TypeError:
            raise InputError(f"attributes is {topics!r}; give a list of {', '.join(TOPICS)}") from None
        unknown = [each for each in named if each not in TOPICS]
        if unknown or not named:
            raise InputError(f"attributes has {unknown or 'nothing'}; choose from {', '.join(TOPICS)}")
        return named
    titles = [
        verdict.group
        for verdict in report.judgement.verdicts
        if verdict.checker in CHECKS and verdict.state in MENDED and verdict.group is not None
    ]
    found = topics_of(titles)
    if not found:
        raise InputError(
            "no counterfactual comparison of this outcome exceeds its limit, so there is nothing to mend; name what to "
            f"write all the same, attributes=[...] of {', '.join(TOPICS)}"
        )
    return tuple(topic for topic in TOPICS if topic in found)


def _rows(subject: Subject) -> tuple[TableInfo, Sequence[Row]]:
    """Return the training rows, or where there are none the evaluation rows."""
    if subject.data.members is not None and subject.info.members is not None:
        return subject.info.members, subject.data.members
    return subject.info.evaluation, subject.data.evaluation


def _cells(each: Counterfactual, table: TableInfo, labels: Sequence[str]) -> dict[str, Any]:
    """Return one row by column, under the names that the table has."""
    row = each.row
    own_answer = table.label_column == table.text_column
    cells: dict[str, Any] = {table.text_column: _read_text(row, answered=own_answer)}
    if table.pair_column is not None:
        cells[table.pair_column] = row.companion
    if table.label_column is not None and not own_answer:
        cells[table.label_column] = _truth(row, labels)
    return (
        cells
        | dict(row.columns)
        | {
            "counterfactual_of": each.original,
            "counterfactual_attribute": each.attribute,
            "counterfactual_group": each.group,
        }
    )


def _read_text(row: Row, *, answered: bool) -> Any:
    """A row's text, its words, or its messages, which hold their answer where the table has it there."""
    if row.turns is not None:
        return messages_of(row if answered else replace(row, answer=None))
    return row.text if row.words is None else list(row.words)


def _truth(row: Row, labels: Sequence[str]) -> Any:
    if row.tags is not None:
        return [labels[tag] for tag in row.tags]
    if row.label is not None:
        return labels[row.label]
    if row.label_set is not None:
        return [labels[each] for each in row.label_set]
    if row.values is not None:
        return row.values[0] if len(row.values) == 1 else list(row.values)
    return row.answer


def _format(path: Path, subject: Subject) -> Callable[[Sequence[Mapping[str, Any]]], str]:
    suffix = path.suffix.lower()
    if suffix == ".jsonl":
        return _jsonl
    if suffix in {".csv", ".tsv"} and subject.info.task in {"text-classification", "text-generation", "fill-mask"}:
        return lambda rows: _delimited(rows, "," if suffix == ".csv" else "\t")
    if suffix in {".csv", ".tsv"}:
        raise OutputError(f"{path}: the rows of {subject.info.task} have lists in them; write them as .jsonl")
    raise OutputError(f"{path}: no format for rows in {suffix or 'no suffix'!r}; use .jsonl, .csv or .tsv")


def _jsonl(rows: Sequence[Mapping[str, Any]]) -> str:
    return "".join(json.dumps(row, ensure_ascii=False, default=str) + "\n" for row in rows)


def _delimited(rows: Sequence[Mapping[str, Any]], delimiter: str) -> str:
    text = io.StringIO()
    columns = list(dict.fromkeys(column for row in rows for column in row))
    writer = csv.DictWriter(text, columns, delimiter=delimiter, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()
