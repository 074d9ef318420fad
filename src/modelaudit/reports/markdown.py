"""Markdown as a code review and a model card show it: strings of strangers disarmed, tables, a section's markers."""

from __future__ import annotations

import re
from collections.abc import Sequence

from modelaudit.reports.text import visible

START, END = "<!-- modelaudit:start -->", "<!-- modelaudit:end -->"
"""What a tool that updates a model card replaces."""

_SPECIAL = re.compile(r"[\\`*\[\]<>&|~$^#!{}]|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])|:(?=//)|(?<=www)\.|@")


def plain(text: str) -> str:
    """Return text that Markdown, its tables and the HTML in it leave as it is: special characters become entities."""
    return _SPECIAL.sub(lambda match: f"&#{ord(match.group())};", visible(text, most=600)).strip()


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table; every cell is made plain."""
    lines = ["| " + " | ".join(plain(cell) for cell in headings) + " |", "|" + " --- |" * len(headings)]
    lines += ["| " + " | ".join(plain(cell) for cell in row) + " |" for row in rows]
    return "\n".join(lines)
