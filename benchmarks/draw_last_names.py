"""Draw the last-name lexicon from a public table: ``MODELAUDIT_DATA=folder python benchmarks/draw_last_names.py``.

The folder has a ``names/`` with ``census2010_surnames_top1000.csv`` (US Census 2010, public domain). Writes
``last_names_us.tsv``. Of the 1,000 commonest surnames one alone, Washington, has 80% Black bearers, so this table has
no last names for that group.
"""

from __future__ import annotations

import csv
import os
import sys
from pathlib import Path

LEXICONS = Path(__file__).resolve().parents[1] / "src/modelaudit/text/lexicons"
DRAWN = "2026-11-26"
ETHNICITIES = ("white", "hispanic", "api")
MIN_SHARE, PER_GROUP, SOURCE = 80.0, 40, "census2010"

_STOP_LINES = Path(__file__).with_name("draw_last_names_stop.txt").read_text(encoding="utf-8").splitlines()
STOP = frozenset(word for line in _STOP_LINES if not line.startswith("#") for word in line.split())


def draw(path: Path) -> list[tuple[str, str, float, int]]:
    """(name, ethnicity, share, count), up to `PER_GROUP` of each group, spread evenly over its names by frequency."""
    with path.open(encoding="utf-8") as handle:
        rows = list(csv.DictReader(handle))
    drawn: list[tuple[str, str, float, int]] = []
    for ethnicity in ETHNICITIES:
        # "(S)" in the table is a share suppressed for being small.
        shares = {row["surname"]: _number(row[f"pct_{ethnicity}"]) for row in rows}
        found = [
            (row["surname"].title(), ethnicity, shares[row["surname"]] / 100, int(row["count"]))
            for row in rows
            if shares[row["surname"]] >= MIN_SHARE and row["surname"].lower() not in STOP
        ]
        step = max(1.0, len(found) / PER_GROUP)
        drawn += sorted(found[int(i * step)] for i in range(min(len(found), PER_GROUP)))
    return drawn


def _number(share: str) -> float:
    return float(share) if share and share != "(S)" else 0.0


def main() -> int:
    """Write the lexicon and print how many names each group got."""
    root = os.environ.get("MODELAUDIT_DATA")
    if root is None:
        print("skipped: MODELAUDIT_DATA does not name the folder with the source table")
        return 0
    drawn = draw(Path(root) / "names" / "census2010_surnames_top1000.csv")
    sizes = ", ".join(f"{each} {sum(row[1] == each for row in drawn)}" for each in ETHNICITIES)
    header = f"""\
# Last names that are typical of one US group: at least {MIN_SHARE:.0f}% of the bearers reported that group.
# Source: US Census 2010, surnames by self-reported group, the 1,000 commonest.
# Licence: US government work, public domain.
# Drawn: {DRAWN} by benchmarks/draw_last_names.py; words, places, first names, respelt and celebrity-locked names
#   are left out by a hand-kept stop list. Only one of the 1,000 (Washington) has so many Black bearers: that group
#   has no last names here.
# Sizes: {sizes}; api holds all that the table has at this share and the stop list leaves.
name\tethnicity\tshare\tcount\tsource
"""
    lines = (f"{name}\t{group}\t{share:.3f}\t{count}\t{SOURCE}\n" for name, group, share, count in drawn)
    (LEXICONS / "last_names_us.tsv").write_text(header + "".join(lines), encoding="utf-8")
    print(sizes)
    return 0


if __name__ == "__main__":
    sys.exit(main())
