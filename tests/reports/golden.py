"""Golden files: set MODELAUDIT_REGENERATE=1 to write them anew, and read the difference before committing it."""

from __future__ import annotations

import os
from pathlib import Path

FIXTURES = Path(__file__).parent / "fixtures"


def check_golden(path: Path, actual: str) -> None:
    if os.environ.get("MODELAUDIT_REGENERATE"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(actual, encoding="utf-8")
    expected = path.read_text(encoding="utf-8")
    assert actual == expected, f"{path.name} differs; MODELAUDIT_REGENERATE=1 writes it anew"
