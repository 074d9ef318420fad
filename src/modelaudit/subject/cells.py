"""Cells: values of a table that stand for several, read from what people write, and shown in messages."""

from __future__ import annotations

import ast
import json
from typing import Any

SHOWN = 60


def written_list(text: str) -> list[Any] | None:
    """Return the list that a text writes out, as JSON or as Python does it; None where it is none."""
    for read in (json.loads, ast.literal_eval):
        try:
            found = read(text)
        except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
            continue
        return found if isinstance(found, list) else None
    return None


def shown_cell(cell: Any) -> str:
    """Return a cell as a message shows it: cut where it is long."""
    try:
        text = repr(cell)
    except ValueError:
        # Python writes no integer of more than some thousand digits.
        return f"a {type(cell).__name__} that is too long to show"
    return text if len(text) <= SHOWN else f"{text[:SHOWN]}…"
