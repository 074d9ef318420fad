"""Articles: the form in which SQuAD is published, articles of paragraphs of questions, as one row a question."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from modelaudit.subject.columns import mostly
from modelaudit.subject.tables import Table, read_table

PARAGRAPHS = "paragraphs"


def unfolded(table: Table) -> Table:
    """Return a table of articles with a row for each question, counted through; another table as it is.

    Of each question it holds the article's title, the context, the question, its answers, its id, and whether it is
    impossible to answer, where the file says that.
    """
    if PARAGRAPHS not in table.columns or not mostly(table, PARAGRAPHS, _are_paragraphs):
        return table
    titles = table.cells("title") if "title" in table.columns else [None] * len(table)
    asked = [
        row for title, cell in zip(titles, table.cells(PARAGRAPHS), strict=True) for row in _questions(title, cell)
    ]
    flat = read_table(asked, name=table.name)
    return replace(flat, kind=table.kind)


def _questions(title: Any, paragraphs: Any) -> Iterator[dict[str, Any]]:
    if not _are_paragraphs(paragraphs):
        return
    for paragraph in paragraphs:
        for asked in paragraph["qas"]:
            if isinstance(asked, Mapping):
                told = {name: asked.get(name) for name in ("id", "question", "answers")}
                more = {"is_impossible": asked["is_impossible"]} if "is_impossible" in asked else {}
                yield {"title": title, "context": paragraph["context"], **told, **more}


def _are_paragraphs(cell: Any) -> bool:
    return isinstance(cell, list) and all(
        isinstance(item, Mapping) and isinstance(item.get("context"), str) and isinstance(item.get("qas"), list)
        for item in cell
    )
