"""Fail where a file of the package is longer than a reader can hold in mind."""

from __future__ import annotations

import sys
from pathlib import Path

MOST_LINES = 400
SOURCE = Path(__file__).parent.parent / "src" / "modelaudit"

too_long = {
    path.relative_to(SOURCE): lines
    for path in sorted(SOURCE.rglob("*"))
    if path.suffix in {".py", ".j2", ".css", ".html", ".toml"}
    and (lines := path.read_text(encoding="utf-8").count("\n")) > MOST_LINES
}
for path, lines in too_long.items():
    print(f"{path}: {lines} lines; split it along a noun (at most {MOST_LINES})")
sys.exit(bool(too_long))
