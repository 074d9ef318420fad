"""A text file cut into its rows, so that others can be put between them and none is written anew."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from modelaudit.errors import DataInputError
from modelaudit.subject.delimited import DELIMITERS, MAX_CELL
from modelaudit.subject.tables import Table

Cells = Mapping[str, Any]
"""One row by column, None where a cell is empty; a CoNLL file has `tokens` and `ner_tags`, in its own spelling."""

_DECLARED = re.compile(r'"?sep=([^\w"\s]|\t)"?\s*', re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Chunks:
    """A text file between whose rows others can stand.

    Attributes:
        head: what stands before the first row.
        rows: the text of each row, its line break included.
        write: the text of a new row, likewise.
    """

    head: str
    rows: list[str]
    write: Callable[[Cells], str]


def cut_delimited(content: str, table: Table) -> Chunks:
    """Cut csv or tsv by the delimiter and the quoting with which it reads as the table was read."""
    lines = list(io.StringIO(content, newline=""))
    start, declared = 0, None
    while start < len(lines) and (not lines[start].strip() or (found := _DECLARED.fullmatch(lines[start]))):
        declared = found[1] if lines[start].strip() and found else declared
        start += 1
    wanted = [list(cells) for cells in table.frame.itertuples(index=False, name=None)]
    for delimiter in (declared,) if declared else DELIMITERS:
        for quotes in (False, True) if delimiter == "\t" else (True, False):
            cut = _records(lines, start, delimiter, quotes=quotes)
            if cut is None or [cell.strip() for cell in cut[0][0]] != list(table.columns):
                continue
            if [[cell or None for cell in cells] for cells, _ in cut[1:]] == wanted:
                return _delimited_chunks(lines, cut, table, delimiter, quotes=quotes)
    raise DataInputError(f"{table.name} can't be written again as it stands; save it as .jsonl and plant there")


def _records(lines: Sequence[str], start: int, delimiter: str, *, quotes: bool) -> list[tuple[list[str], int]] | None:
    """Each record's cells and the line that follows it; None where this reading breaks."""
    found, limit = [], csv.field_size_limit(MAX_CELL)
    try:
        body = iter(lines[start:])
        reader = (
            csv.reader(body, delimiter=delimiter, strict=True)
            if quotes
            else csv.reader(body, delimiter=delimiter, strict=True, quoting=csv.QUOTE_NONE)
        )
        for cells in reader:
            if cells:
                found.append((cells, start + reader.line_num))
    except csv.Error:
        return None
    finally:
        csv.field_size_limit(limit)
    return found or None


def _delimited_chunks(
    lines: Sequence[str], records: Sequence[tuple[list[str], int]], table: Table, delimiter: str, *, quotes: bool
) -> Chunks:
    head_end = records[0][1]
    head = "".join(lines[:head_end])
    eol = next((end for end in ("\r\n", "\n", "\r") if head.endswith(end)), "\n")
    ends = [end for _, end in records[1:]]
    rows = ["".join(lines[start:end]) for start, end in zip([head_end, *ends], ends, strict=False)]

    def write(cells: Cells) -> str:
        text = io.StringIO()
        if quotes and delimiter == "\t":
            writer = csv.writer(text, delimiter=delimiter, lineterminator=eol, quoting=csv.QUOTE_ALL)
        elif quotes:
            writer = csv.writer(text, delimiter=delimiter, lineterminator=eol)
        else:
            writer = csv.writer(text, delimiter=delimiter, lineterminator=eol, quoting=csv.QUOTE_NONE, quotechar=None)
        values = [cells.get(column) for column in table.columns]
        try:
            writer.writerow(["" if value is None else value for value in values])
        except csv.Error as error:
            raise DataInputError(f"{table.name}: a canary can't be written in this file ({error})") from error
        return text.getvalue()

    return Chunks(head, [*rows[:-1], _ended(rows[-1], eol)], write)


def cut_json_lines(content: str) -> Chunks:
    """Cut lines of JSON; blank lines go with the row before them."""
    rows: list[str] = []
    head = ""
    for line in re.findall(r"[^\n]*\n|[^\n]+\Z", content):
        if line.strip():
            rows.append(line)
        elif rows:
            rows[-1] += line
        else:
            head += line
    eol = "\r\n" if rows and rows[0].endswith("\r\n") else "\n"

    def write(cells: Cells) -> str:
        return json.dumps(present(cells), ensure_ascii=False) + eol

    return Chunks(head, [*rows[:-1], _ended(rows[-1], eol)], write)


def present(cells: Cells) -> dict[str, Any]:
    """Return the cells that are not empty."""
    return {name: value for name, value in cells.items() if value is not None}


def cut_conll(content: str) -> Chunks:
    """Cut CoNLL columns at the sentences; comments and document marks go with the sentence that they introduce.

    Between word and tag a new sentence has what stands there beside a word of the file with the same tag.
    """
    eol = "\r\n" if content.partition("\n")[0].endswith("\r") else "\n"
    chunks: list[str] = [""]
    filled, ended = False, False
    beside: dict[str, list[str]] = {}
    mark = " "
    for line in re.findall(r"[^\n]*\n|[^\n]+\Z", content):
        text = line.rstrip("\r\n")
        aside = text.startswith("-DOCSTART-") or (text.startswith("# ") and (ended or not filled))
        if not text.strip():
            ended = filled
        elif ended:
            chunks.append("")
            filled, ended = False, False
        if text.strip() and not aside:
            filled = True
            mark = "\t" if "\t" in text else " "
            cells = [cell.strip(" ") for cell in text.split(mark) if cell.strip(" ")]
            for tag in (cells[-1], ""):
                beside.setdefault(tag, cells[1:-1])
        chunks[-1] += line
    if not filled and len(chunks) > 1:
        rest = chunks.pop()
        chunks[-1] += rest
    if not re.search(r"\n[ \t\r]*\n\Z", chunks[-1]):
        chunks[-1] = _ended(chunks[-1], eol) + eol

    def write(cells: Cells) -> str:
        rows = [
            mark.join((word, *beside.get(tag, beside[""]), tag))
            for word, tag in zip(cells["tokens"], cells["ner_tags"], strict=True)
        ]
        return "".join(row + eol for row in rows) + eol

    return Chunks("", chunks, write)


def conll_tags(content: str) -> list[str]:
    """Return the last column of each word, as the file spells it."""
    lines = (line.rstrip("\r") for line in content.split("\n"))
    words = (line for line in lines if line.strip() and not line.startswith(("-DOCSTART-", "# ")))
    return [line.split()[-1] for line in words]


def _ended(row: str, eol: str) -> str:
    return row if row.endswith(("\n", "\r")) else row + eol
