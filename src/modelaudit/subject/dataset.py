"""The rows of an audit: tables read, overlap taken out, a sample drawn, and a record of what was done."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from modelaudit.audit_report import TableInfo, canonical_json
from modelaudit.checker import Data
from modelaudit.drawing import folded
from modelaudit.errors import DataInputError
from modelaudit.rows import Row
from modelaudit.subject.tables import Table, read_table
from modelaudit.subject.task import REPAIRED, ColumnChoice, RowBatch

if TYPE_CHECKING:
    from modelaudit.subject.callable_model import CallableModel
    from modelaudit.subject.model import Model

OVERLAP = "rows that are also in the training data (left out)"
LEAKED = "rows that are also in the training data (kept here, left out of the held-out rows)"
DUPLICATES = "rows that occur more than once (kept)"
PARTING = "\x1f"
"""Stands between texts that are read together; `folded` takes it out of each."""
UNKNOWN = "rows that the model can hardly read, more than a fifth of their tokens are unknown to it (kept)"


@dataclass(frozen=True, slots=True)
class Prepared:
    """The rows and, for each table, what the report says of it."""

    data: Data
    evaluation: TableInfo
    members: TableInfo | None
    heldout: TableInfo
    heldout_is_evaluation: bool


@dataclass(frozen=True, slots=True)
class _Part:
    """One table on its way: its name, its rows, and how many there were before a sample was drawn."""

    name: str
    batch: RowBatch
    sampled_from: int | None = None

    @property
    def rows(self) -> tuple[Row, ...]:
        return self.batch.rows

    def noting(self, reason: str, count: int) -> _Part:
        """The part with a count of what was set aside or changed; unchanged for a count of zero."""
        if not count:
            return self
        return replace(self, batch=replace(self.batch, set_aside={**self.batch.set_aside, reason: count}))

    def keeping(self, rows: Iterable[Row]) -> _Part:
        """The part with other rows."""
        return replace(self, batch=replace(self.batch, rows=tuple(rows)))


def prepare_rows(
    model: Model | CallableModel,
    data: Any,
    *,
    train_data: Any = None,
    heldout_data: Any = None,
    columns: ColumnChoice = ColumnChoice(),  # noqa: B008
    train_columns: ColumnChoice | None = None,
    sample: int | None = None,
    seed: int = 0,
) -> Prepared:
    """Return the evaluation, member and held-out rows.

    Rows are named `<table>:<row>`, counted from 1 (sentences for CoNLL). A held-out row whose text is also in
    `train_data` is left out and counted; texts are compared by `folded`. Without `heldout_data` the evaluation rows
    are the held-out rows. `sample` bounds the rows of each table by a seeded choice that depends on what a row says
    and not on where it stands. `train_columns` are those of `train_data`, where they are called otherwise there.
    """
    if data is None:
        raise DataInputError(
            "there are no rows to judge the model on; hand in data: a path, a datasets.Dataset, a DataFrame or a list "
            "of dicts"
        )
    if sample is not None and sample < 1:
        raise DataInputError(f"a sample of {sample} rows can't be audited; ask for 1 or more, or for no sample")
    sources = {"evaluation": data, "training": train_data, "held-out": heldout_data}
    names = _names({role: source for role, source in sources.items() if source is not None})
    chosen = {"training": train_columns or columns}
    parts = {role: _read(model, sources[role], name, columns=chosen.get(role, columns)) for role, name in names.items()}
    training = frozenset(map(likeness, parts["training"].rows)) if "training" in parts else frozenset()
    evaluation = parts["evaluation"]
    leaked = sum(likeness(row) in training for row in evaluation.rows)
    evaluation = _sampled(evaluation.noting(LEAKED, leaked), sample, seed=seed)
    if "held-out" in parts:
        heldout = _sampled(_without(parts["held-out"], training), sample, seed=seed)
    else:
        heldout = _without(_forgetting(evaluation, LEAKED), training)
    members = _sampled(parts["training"], sample, seed=seed) if "training" in parts else None
    asked = frozenset(map(likeness, (parts.get("held-out") or parts["evaluation"]).rows))
    shared = [row.id for row in members.rows if likeness(row) in asked] if members else []
    data = Data(
        evaluation.rows,
        members.rows if members else None,
        heldout.rows,
        overlap=heldout.batch.set_aside.get(OVERLAP, 0),
        shared=frozenset(shared),
    )
    return Prepared(
        data=data,
        evaluation=_info(model, evaluation),
        members=_info(model, members) if members else None,
        heldout=_info(model, heldout),
        heldout_is_evaluation="held-out" not in parts,
    )


def likeness(row: Row) -> str:
    """Return what two rows share whose model reads, sees or hears the same, but for `folded`; truths have no part."""
    if row.medium is not None:
        return row.medium.digest
    read = [content for _, content in row.turns or ()]
    read += [row.text] if row.companion is None else [row.text, row.companion]
    return PARTING.join(map(folded, read))


def _names(sources: dict[str, Any]) -> dict[str, str]:
    """A table's name: its file's, or its role where it has no file; with the role before it where two are equal."""
    names = {role: _name(source) or role for role, source in sources.items()}
    counts = Counter(names.values())
    return {role: name if counts[name] == 1 else f"{role}/{name}" for role, name in names.items()}


def _name(source: Any) -> str | None:
    return Path(source).name if isinstance(source, str | Path) else source.name if isinstance(source, Table) else None


def _read(model: Model | CallableModel, source: Any, name: str, *, columns: ColumnChoice) -> _Part:
    table = replace(read_table(source, name=name), name=name)
    part = _Part(name, model.task.rows(table, model.labels, columns)).noting(REPAIRED, table.repaired)
    counts = Counter(map(likeness, part.rows))
    return part.noting(DUPLICATES, sum(n for n in counts.values() if n > 1))


def _without(part: _Part, training: frozenset[str]) -> _Part:
    kept = [row for row in part.rows if likeness(row) not in training]
    return part.keeping(kept).noting(OVERLAP, len(part.rows) - len(kept))


def _forgetting(part: _Part, reason: str) -> _Part:
    counts = {known: n for known, n in part.batch.set_aside.items() if known != reason}
    return replace(part, batch=replace(part.batch, set_aside=counts))


def _sampled(part: _Part, size: int | None, *, seed: int) -> _Part:
    if size is None or len(part.rows) <= size:
        return part
    seen: Counter[str] = Counter()
    ranked: list[tuple[bytes, int]] = []
    for position, row in enumerate(part.rows):
        content = canonical_json(_content(row))
        ranked.append((_lot(seed, content, seen[content]), position))
        seen[content] += 1
    chosen = sorted(position for _, position in sorted(ranked)[:size])
    return replace(part.keeping(part.rows[i] for i in chosen), sampled_from=len(part.rows))


def _lot(seed: int, content: str, occurrence: int) -> bytes:
    return hashlib.blake2b(f"{seed}|{occurrence}|{content}".encode(), digest_size=16).digest()


def _content(row: Row) -> list[Any]:
    # Fields that a task does not have leave no mark, so that a table keeps its hash when another task gets one.
    more = {
        "label_set": row.label_set,
        "values": row.values,
        "answer": row.answer,
        "companion": row.companion,
        "turns": row.turns,
        "answers": row.answers,
        "spans": row.spans,
        "medium": None if row.medium is None else row.medium.digest,
    }
    said = {name: value for name, value in more.items() if value is not None}
    return [row.text, row.words, row.label, row.tags, row.group, *([said] if said else [])]


def _info(model: Model | CallableModel, part: _Part) -> TableInfo:
    rows = part.rows
    encodings = model.encodings_of_all(rows)
    part = part.noting(UNKNOWN, model.unknown_rows(encodings))
    for reason, count in model.remarks(rows).items():
        part = part.noting(reason, count)
    lost = np.array([encoding.tokens_lost for encoding in encodings], dtype=np.int64)
    words = [len(row.words) if row.words is not None else len(row.text.split()) for row in rows]
    return TableInfo(
        name=part.name,
        rows=len(rows),
        sha256=rows_sha256(rows),
        text_column=part.batch.text_column,
        label_column=part.batch.label_column,
        pair_column=part.batch.pair_column,
        labelled=part.batch.label_column is not None,
        mean_words=_mean(words),
        mean_tokens=_mean([len(encoding.input.ids) for encoding in encodings]),
        truncated=int((lost > 0).sum()),
        tokens_lost=int(lost.sum()),
        label_counts=model.task.label_counts(rows, model.labels),
        set_aside=part.batch.set_aside,
        sampled_from=part.sampled_from,
    )


def rows_sha256(rows: Sequence[Row]) -> str:
    """Return the SHA-256 of what rows say (text, words, truth, group), in their order."""
    digest = hashlib.sha256()
    for row in rows:
        digest.update(canonical_json(_content(row)).encode() + b"\n")
    return digest.hexdigest()


def _mean(values: Sequence[int]) -> float:
    return round(float(np.mean(values)), 6) if len(values) else 0.0
