"""How a table holds rows of a task: where text and truth stand, and how a canary is written in its cells."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from modelaudit.checkers.privacy.canaries.manifest import CanaryTask
from modelaudit.errors import DataInputError
from modelaudit.subject.cells import written_list
from modelaudit.subject.columns import Tiers, find_column, missing_column
from modelaudit.subject.schemes import mark_of, scheme_of, spelled
from modelaudit.subject.tables import Table
from modelaudit.subject.tasks.text_classification import LABEL_COLUMNS
from modelaudit.subject.tasks.text_generation import ANSWER_COLUMNS, PROMPT_COLUMNS
from modelaudit.subject.tasks.token_classification import TAG_COLUMNS, WORD_COLUMNS
from modelaudit.subject.tasks.whole_text import TEXT_COLUMNS
from modelaudit.text.tags import OUTSIDE, split_tag
from modelaudit.training.canary_chunks import conll_tags
from modelaudit.training.canary_makers import Draft

TASKS: tuple[CanaryTask, ...] = ("text-classification", "token-classification", "text-generation")
MOST_LABELS = 200


@dataclass(frozen=True, slots=True)
class Holding:
    """A table as a task reads it.

    Attributes:
        task: what the rows are for.
        text: column of the text, the words or the prompt. truth: of the label, the tags or the answer, None without.
        texts: of each row that has one, with `labels` beside them (text classification) by name.
        sentences: words of each row (token classification); tags: all tags, by name and as the file spells them.
        cells_of: cell by label or tag name, as the table writes it; empty where tags are written by name.
        class_names: the classes or tags in the order of their numbers, where the table declares names.
        donors: by label, the rows of the table that have it.
    """

    task: CanaryTask
    table: Table
    text: str
    truth: str | None
    texts: list[str] = field(default_factory=list)
    labels: list[str] = field(default_factory=list)
    sentences: list[list[str]] = field(default_factory=list)
    tags: list[str] = field(default_factory=list)
    cells_of: dict[str, Any] = field(default_factory=dict)
    class_names: tuple[str, ...] = ()
    donors: dict[str, list[int]] = field(default_factory=dict)

    @property
    def choices(self) -> list[str]:
        """The labels, or the types of entities, that the data knows; the most frequent first."""
        if self.task == "token-classification":
            return [kind for kind, _ in Counter(_kinds(self.tags)).most_common()]
        return [label for label, _ in Counter(self.labels).most_common()]

    def tags_of(self, draft: Draft) -> tuple[str, ...]:
        """Return a draft's tags in the scheme that the data's tags are written in."""
        if draft.words is None or draft.entity is None:
            raise ValueError("a canary of a token classification has words and an entity")
        distinct = list(dict.fromkeys(self.tags))
        return spelled([draft.entity], len(draft.words), scheme_of(distinct), mark=mark_of(distinct))

    def has_entities_of(self, words: int, kind: str) -> bool:
        """Tell whether the data's tags can spell an entity of so many words; a new tag would be a new class."""
        distinct = list(dict.fromkeys(self.tags))
        tags = spelled([(0, words, kind)], words, scheme_of(distinct), mark=mark_of(distinct))
        return set(tags) <= (set(self.cells_of) or set(distinct))

    def cells(self, draft: Draft, rng: np.random.Generator) -> dict[str, Any]:
        """Return a row with the draft in it; its other cells are those of a row that is drawn, of the same label."""
        donors = self.donors.get(str(draft.label)) or range(len(self.table))
        donor = donors[int(rng.integers(len(donors)))]
        row = {
            column: self.table.frame[column].iloc[donor]
            for column in self.table.columns
            if column not in (self.text, self.truth)
        }
        said: dict[str, Any] = {self.text: draft.text}
        if self.task == "token-classification":
            said = {self.text: self._written(self.text, list(draft.words or ()))}
            said |= {str(self.truth): self._written(str(self.truth), [self._tag(tag) for tag in self.tags_of(draft)])}
        elif self.task == "text-classification":
            said |= {str(self.truth): self.cells_of[str(draft.label)]}
        elif self.truth is not None:
            said |= {self.truth: draft.answer}
        else:
            said = {self.text: f"{draft.text} {draft.answer}"}
        return {column: said.get(column, row.get(column)) for column in self.table.columns}

    def _tag(self, name: str) -> Any:
        return self.cells_of.get(name, name)

    def _written(self, column: str, values: list[Any]) -> Any:
        """A list as the column writes it: a list, or a text with JSON, with Python's list, or with blanks between."""
        cell = next(cell for cell in self.table.cells(column) if cell is not None)
        if isinstance(cell, list):
            return values
        if written_list(cell) is None:
            return " ".join(map(str, values))
        return json.dumps(values, ensure_ascii=False) if '"' in cell or "'" not in cell else repr(values)


def holding(table: Table, path: Path, *, task: str | None, text: str | None, label: str | None) -> Holding:
    """Return how a table holds rows of the task; the task that its columns show where none is named.

    Raises:
        DataInputError: no task can be told, or a column, a label or a tag can't be used.
    """
    if task is not None and task not in TASKS:
        raise DataInputError(f"canaries can't be planted for {task!r}; the tasks are {', '.join(TASKS)}")
    known = task or _task_of(table, label, path)
    found = {
        "text-classification": _classification,
        "token-classification": _tagging,
        "text-generation": _generation,
    }[known](table, text, label)
    return replace(found, tags=conll_tags(path.read_bytes().decode("utf-8-sig"))) if table.kind == "conll" else found


def _task_of(table: Table, label: str | None, path: Path) -> str:
    def has(tiers: Tiers, fits: Callable[[Any], bool]) -> bool:
        named = {name for tier in tiers for name in tier}
        return any(
            any(fits(cell) for cell in table.cells(column)[:50])
            for column in table.columns
            if column.strip().casefold() in named or column == label
        )

    listed = has(WORD_COLUMNS, _is_list) and has(TAG_COLUMNS, _is_list)
    if table.kind == "conll" or listed:
        return "token-classification"
    answers = {name for tier in ANSWER_COLUMNS[:1] for name in tier}
    prompts = {name for tier in PROMPT_COLUMNS[:1] for name in tier}
    columns = {column.strip().casefold() for column in table.columns}
    labelled = label is not None or bool(columns & {name for tier in LABEL_COLUMNS for name in tier})
    if columns & answers or (columns & prompts and not labelled) or len(table.columns) == 1:
        return "text-generation"
    if labelled:
        return "text-classification"
    raise DataInputError(
        f"it can't be told which task {path.name} is for; name it with --task (task= in Python): {', '.join(TASKS)}"
    )


def _classification(table: Table, text: str | None, label: str | None) -> Holding:
    text_column = _column(table, text, TEXT_COLUMNS, what="text", flag="--text-column", taken=[label])
    label_column = _column(
        table, label, LABEL_COLUMNS, what="label", flag="--label-column", taken=[text_column], fits=_is_label
    )
    names = table.class_names.get(label_column, ())
    texts: list[str] = []
    labels: list[str] = []
    cells_of: dict[str, Any] = {}
    donors: dict[str, list[int]] = {}
    rows = zip(table.cells(text_column), table.cells(label_column), strict=True)
    for place, (words, cell) in enumerate(rows):
        if not isinstance(words, str) or not words.strip() or cell is None or (names and cell == -1):
            continue
        if not _is_label(cell):
            raise DataInputError(f"{table.name}: column {label_column!r} holds no single labels; name another column")
        name = _name_of(cell, names)
        texts.append(words)
        labels.append(name)
        cells_of.setdefault(name, cell)
        donors.setdefault(name, []).append(place)
    if not 2 <= len(cells_of) <= MOST_LABELS:
        raise DataInputError(
            f"{table.name}: column {label_column!r} has {len(cells_of):,} different labels, and 2 to {MOST_LABELS} are "
            "what a classification has; name another column, or another --task"
        )
    return Holding(
        "text-classification",
        table,
        text_column,
        label_column,
        texts,
        labels,
        cells_of=cells_of,
        class_names=tuple(names),
        donors=donors,
    )


def _tagging(table: Table, text: str | None, label: str | None) -> Holding:
    word_column = _column(
        table, text, WORD_COLUMNS, what="words", flag="--text-column", taken=[label], fits=_is_list_or_text
    )
    tag_column = _column(
        table, label, TAG_COLUMNS, what="tags", flag="--label-column", taken=[word_column], fits=_is_list_or_text
    )
    names = table.class_names.get(tag_column, ())
    sentences = [_listed(cell) for cell in table.cells(word_column) if cell is not None]
    tags: list[str] = []
    cells_of: dict[str, Any] = {}
    for cell in table.cells(tag_column):
        for tag in _listed(cell) if cell is not None else ():
            if str(tag).lstrip("-").isdigit() and not names:
                raise DataInputError(
                    f"{table.name}: column {tag_column!r} has tags by number, and nothing says which is which; write "
                    "them by name"
                )
            name = _name_of(tag, names)
            tags.append(name)
            if name != str(tag):
                cells_of.setdefault(name, tag)
    if not _kinds(tags):
        raise DataInputError(f"{table.name}: column {tag_column!r} tags no entity; plant into rows that have some")
    if names:
        cells_of = {name: index for index, name in enumerate(names)}
    words = [[str(word) for word in sentence] for sentence in sentences]
    return Holding(
        "token-classification",
        table,
        word_column,
        tag_column,
        sentences=words,
        tags=tags,
        cells_of=cells_of,
        class_names=tuple(names),
    )


def _generation(table: Table, text: str | None, label: str | None) -> Holding:
    prompt_column = _column(table, text, PROMPT_COLUMNS, what="text", flag="--text-column", taken=[label])
    answer_column = find_column(
        table,
        label,
        ANSWER_COLUMNS,
        what="answer",
        flag="--label-column",
        fits=lambda cell: isinstance(cell, str),
        taken=[prompt_column],
    )
    texts = [cell for cell in table.cells(prompt_column) if isinstance(cell, str)]
    return Holding("text-generation", table, prompt_column, answer_column, texts)


def _column(
    table: Table,
    named: str | None,
    tiers: Tiers,
    *,
    what: str,
    flag: str,
    taken: Sequence[str | None],
    fits: Callable[[Any], bool] = lambda cell: isinstance(cell, str),
) -> str:
    used = [column for column in taken if column is not None]
    found = find_column(table, named, tiers, what=what, flag=flag, fits=fits, taken=used)
    if found is None:
        raise missing_column(table, what=what, flag=flag, known=tiers)
    return found


def _is_label(cell: Any) -> bool:
    return isinstance(cell, str | int) or (isinstance(cell, float) and cell.is_integer())


def _is_list(cell: Any) -> bool:
    return isinstance(cell, list)


def _is_list_or_text(cell: Any) -> bool:
    return isinstance(cell, list | str)


def _listed(cell: Any) -> list[Any]:
    if isinstance(cell, list):
        return cell
    found = written_list(str(cell))
    return str(cell).split() if found is None else found


def _name_of(cell: Any, names: Sequence[str]) -> str:
    """The class name that a cell stands for, where the table declares names; else the cell as text."""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    if names and isinstance(cell, int) and not isinstance(cell, bool) and 0 <= cell < len(names):
        return names[cell]
    return str(cell)


def _kinds(tags: Sequence[str]) -> list[str]:
    return [split_tag(tag)[1] for tag in tags if tag != OUTSIDE]
