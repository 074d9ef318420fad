"""Reads the documentation as the tests need it: headings, tables, code blocks and links of a Markdown page."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGES = (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))

_FENCE = re.compile(r"(?:^<!-- ([^\n]*) -->\n)?^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_CODE = re.compile(r"`[^`\n]*`")
_LINK = re.compile(r"\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^(#+) (.+)$", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    """One fenced block: the page that it stands on, its line there, its language and its text.

    `mark` is what an HTML comment right above it says, which readers don't see: `not run: why`, `file: name`, or
    `after: file` for a block that goes on from others.
    """

    page: Path
    line: int
    language: str
    text: str
    mark: str = ""

    @property
    def unrun(self) -> str | None:
        """Why the block is not run, or None where it is."""
        head, _, why = self.mark.partition(": ")
        return why if head == "not run" else None

    @property
    def name(self):
        return f"{name_of(self.page)}:{self.line}"


def name_of(page: Path) -> str:
    return str(page.relative_to(ROOT))


def blocks(page: Path, language: str) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    return [
        Block(page, text.count("\n", 0, match.start(2)) + 1, match[2], match[3], match[1] or "")
        for match in _FENCE.finditer(text)
        if match[2] == language
    ]


def prose(page: Path) -> str:
    """The page without fenced blocks and without what stands in backticks: what it says, not what it quotes."""
    return _CODE.sub("", without_blocks(page))


def without_blocks(page: Path) -> str:
    return _FENCE.sub("", page.read_text(encoding="utf-8"))


def links(page: Path) -> list[str]:
    return _LINK.findall(prose(page))


def headings(page: Path, level: int = 2) -> list[str]:
    return [match[2] for match in _HEADING.finditer(without_blocks(page)) if len(match[1]) == level]


def anchors(page: Path) -> set[str]:
    """The anchors of a page's headings, as the usual renderers make them."""
    titles = [match[2].lower() for match in _HEADING.finditer(without_blocks(page))]
    return {re.sub(r"[^\w\- ]", "", title).replace(" ", "-") for title in titles}


def section(page: Path, heading: str) -> str:
    _, _, rest = without_blocks(page).partition(f"\n## {heading}\n")
    return rest.partition("\n## ")[0]


def table(text: str, head: str) -> dict[str, list[str]]:
    """The rows of the table whose first heading is `head`: further cells by the first, without its backticks."""
    found: dict[str, list[str]] = {}
    inside = False
    for line in text.splitlines():
        cells = [cell.strip() for cell in line.strip().strip("|").split("|")] if line.startswith("|") else []
        inside = bool(cells) and (inside or cells[0] == head)
        if inside and cells[0] != head and not set(cells[0]) <= set("-: "):
            found[cells[0].strip("`")] = cells[1:]
    return found
