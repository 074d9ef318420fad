"""Translations: a column whose cells hold one text by language, taken apart into a column a language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from modelaudit.errors import DataInputError
from modelaudit.evidence import storable
from modelaudit.subject.columns import find_column
from modelaudit.subject.tables import Table
from modelaudit.subject.task import ColumnChoice

COLUMN = "translation"


def with_languages(table: Table, columns: ColumnChoice) -> tuple[Table, ColumnChoice]:
    """Return a table with a column for each language of its translations, and the languages chosen.

    Of two languages of which the user named one, the other is the other side. A table without such a column stays as it
    is. Raises DataInputError where nothing says which language is read.
    """
    import pandas as pd

    column = find_column(table, None, ((COLUMN, "translations"),), what=COLUMN, flag="--text-column", fits=_by_language)
    cells = table.cells(column) if column else []
    if column is None or not any(map(_by_language, cells)):
        return table, columns
    languages = list(dict.fromkeys(str(key) for cell in cells if _by_language(cell) for key in cell))
    source, target = columns.text, columns.label
    if source is None and target is None:
        listed = ", ".join(map(repr, languages[:12]))
        raise DataInputError(
            f"{table.name}: column {column!r} holds texts in {listed}, and nothing says which of them the model reads; "
            "name that one with --text-column (text_column= in Python), and the other with --label-column"
        )
    if len(languages) == 2 and (source in languages or target in languages):
        source = source or next(language for language in languages if language != target)
        target = target or next(language for language in languages if language != source)
    frame = table.frame.drop(columns=[column])
    free = [language for language in languages if language not in frame.columns]
    for language in free:
        texts = [storable(cell.get(language)) if _by_language(cell) else None for cell in cells]
        frame[language] = pd.Series(texts, dtype=object, index=frame.index)
    return replace(table, frame=frame), replace(columns, text=source, label=target)


def _by_language(cell: Any) -> bool:
    return isinstance(cell, Mapping) and bool(cell) and all(isinstance(text, str | None) for text in cell.values())
