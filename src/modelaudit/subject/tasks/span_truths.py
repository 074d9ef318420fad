"""Span truths: right answers as tables write them, and where they stand in their context."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from modelaudit.errors import DataInputError
from modelaudit.evidence import storable

Said = tuple[str, int | None]
"""An answer, and the character of the context at which the table says that it begins, where it says so."""

ELSEWHERE = "rows whose answer does not stand where the table says (found elsewhere in the context)"
SEVERAL = "rows whose answer stands at more than one place of the context and the table does not say which (the first)"
PARTLY = "rows of which one of the answers does not stand in the context (that answer left out)"
NOT_THERE = "rows whose answers do not stand in the context (kept; they have no loss)"
UNANSWERABLE = "rows whose question has no answer in the context (kept; the model may answer so)"


@dataclass(frozen=True, slots=True)
class SpanTruth:
    """The right answers to one question.

    Attributes:
        answers: none where the context holds no answer. spans: where each stands in the context; None where none does.
        remarks: what was found out on the way, as the report counts it.
    """

    answers: tuple[str, ...]
    spans: tuple[tuple[int, int], ...] | None
    remarks: tuple[str, ...] = ()


def is_answer_cell(cell: Any) -> bool:
    """Whether a cell can hold answers: text, a list of texts, or the `text` and `answer_start` of SQuAD."""
    return isinstance(cell, str | list) or (isinstance(cell, Mapping) and "text" in cell)


def said_in(cell: Any, start: Any, impossible: Any, *, place: str) -> list[Said] | None:
    """Return the answers that a row of a table gives, an empty list for "no answer", None where it says nothing.

    Args:
        cell: one text; a list of texts, or of dicts; a dict of `text` and `answer_start`, each one or a list; or a text
            that writes such a list or dict out. An empty list says that there is no answer, an empty text nothing.
        start: where the answer begins, from a column of its own, or None.
        impossible: true where a column says that there is no answer.
        place: where the cell is, for messages.

    Raises:
        DataInputError: the cell is none of these.
    """
    if impossible is True or (isinstance(impossible, str) and impossible.strip().casefold() in {"true", "1"}):
        return []
    if isinstance(cell, str):
        cell = _written_out(cell)
    if cell is None or (isinstance(cell, str) and not cell.strip()):
        return None
    starts = start if isinstance(start, list) else [start]
    if isinstance(cell, str):
        return [(storable(cell), _whole(starts[0]))]
    if isinstance(cell, Mapping):
        return list(_of_mapping(cell, place))
    if not isinstance(cell, list):
        raise _no_answer(cell, place)
    said: list[Said] = []
    for number, item in enumerate(cell):
        if isinstance(item, Mapping):
            said += _of_mapping(item, place)
        elif isinstance(item, str):
            said.append((storable(item), _whole(starts[number]) if number < len(starts) else None))
        else:
            raise _no_answer(item, place)
    return said


def placed(said: Sequence[Said], context: str) -> SpanTruth:
    """Return answers with the places where they stand in a context, each place once.

    A place that the table names holds where the answer stands there; else the nearest one at which it does. Without a
    named place it is the first at which the answer is no part of a longer word, or else the first.
    """
    given = [(text.strip(), start if start is None else start + len(text) - len(text.lstrip())) for text, start in said]
    given = [(text, start) for text, start in given if text]
    if not given:
        return SpanTruth((), (), (UNANSWERABLE,))
    spans: dict[tuple[int, int], str] = {}
    remarks: list[str] = []
    for text, start in dict.fromkeys(given):
        at = _place(context, text, start, remarks)
        if at is not None:
            spans.setdefault((at, at + len(text)), text)
    if not spans:
        return SpanTruth(tuple(dict.fromkeys(text for text, _ in given)), None, (NOT_THERE,))
    if {text for text, _ in given} - set(spans.values()):
        remarks.append(PARTLY)
    return SpanTruth(tuple(spans.values()), tuple(spans), tuple(dict.fromkeys(remarks)))


def _place(context: str, text: str, start: int | None, remarks: list[str]) -> int | None:
    if start is not None and start >= 0 and context.startswith(text, start):
        return start
    found = list(_occurrences(context, text))
    if not found:
        return None
    if start is not None:
        remarks.append(ELSEWHERE)
        return min(found, key=lambda at: abs(at - start))
    whole = [at for at in found if _is_whole(context, at, at + len(text))] or found
    if len(whole) > 1:
        remarks.append(SEVERAL)
    return whole[0]


def _occurrences(context: str, text: str) -> Iterator[int]:
    """Where a text stands in a context; of places that overlap the first."""
    at = context.find(text)
    while at >= 0:
        yield at
        at = context.find(text, at + len(text))


def _is_whole(context: str, begin: int, end: int) -> bool:
    """Whether no letter or digit stands right before or behind a part of a context."""
    around = context[max(0, begin - 1) : begin], context[end : end + 1]
    return not any(mark.isalnum() for mark in around)


def _of_mapping(cell: Mapping[Any, Any], place: str) -> Iterator[Said]:
    texts, starts = (_listed(cell.get(name)) for name in ("text", "answer_start"))
    for number, text in enumerate(texts):
        if not isinstance(text, str):
            raise _no_answer(text, place)
        yield storable(text), _whole(starts[number]) if number < len(starts) else None


def _listed(value: Any) -> list[Any]:
    """A value as a list; arrays too, which a cell of a DataFrame may hold."""
    plain = value.tolist() if hasattr(value, "tolist") else value
    if plain is None:
        return []
    return list(plain) if isinstance(plain, list | tuple) else [plain]


def _written_out(text: str) -> Any:
    """The list or dict that a text writes out, as JSON or as Python does it; else the text."""
    if text.lstrip()[:1] not in {"{", "["}:
        return text
    for read in (json.loads, ast.literal_eval):
        try:
            found = read(text)
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            continue
        if is_answer_cell(found):
            return found
    return text


def _whole(value: Any) -> int | None:
    """The integer that a cell is or writes out, or None."""
    if isinstance(value, str):
        return int(value) if value.strip().isdecimal() and len(value) < 20 else None
    if isinstance(value, bool) or not isinstance(value, int | float) or not float(value).is_integer():
        return None
    return int(value)


def _no_answer(cell: Any, place: str) -> DataInputError:
    return DataInputError(
        f"{place}: an answer is text, a list of texts, or 'text' and 'answer_start' as in SQuAD, not a "
        f"{type(cell).__name__}; name the column of the answers with --label-column (label_column= in Python)"
    )
