"""Make the calibration cards of the package from the committed results of the calibration studies.

    python benchmarks/cards.py

No number is made here: each figure of a card is a cell of a result file, counted as k of n, under the cell's own name.
A checker without such cells gets no card. Checkers without a study of their own have theirs from
`calibration_bundled.py`, and so has every checker the cost of an audit.
"""

from __future__ import annotations

import argparse
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from card_rules import RULES, STUDIES, Kind, Rule, Study
from study import RESULTS

from modelaudit.cards import Card, MeasuredCost
from modelaudit.statistics import clopper_pearson, interval_at

DATA = Path(__file__).parents[1] / "src" / "modelaudit" / "cards" / "data"
LEVEL = 0.95
BUNDLED = "calibration_bundled.json"


@dataclass(frozen=True)
class Cell:
    """One cell of a result file: its name and how many of how many."""

    source: str
    name: str
    k: int
    n: int


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=DATA, help="folder of the cards")
    print(*write_cards(parser.parse_args().out), sep="\n")


def write_cards(folder: Path) -> list[Path]:
    """Write a card for each checker with figures; return the paths."""
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for checker, card in all_cards().items():
        path = folder / f"{checker.replace('/', '--')}.json"
        content = card.model_dump(mode="json", by_alias=True, exclude_defaults=True)
        content = {"schema": card.schema_, **content}
        path.write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        written.append(path)
    return written


def all_cards() -> dict[str, Card]:
    """Return each checker's card: from its own study, or from the one of all bundled checkers."""
    bundled: dict[str, Any] = read(BUNDLED)["checkers"]
    found = {checker: card_of(checker, study) for checker, study in STUDIES.items()}
    for checker, record in bundled.items():
        if checker in found:
            cost = MeasuredCost.model_validate(record["cost"])
            found[checker] = found[checker].model_copy(update={"cost": cost})
        elif "card" in record:
            found[checker] = Card.model_validate(record["card"])
    return found


def card_of(checker: str, study: Study) -> Card:
    """Return the card of a checker from the cells that its rules name."""
    figures: dict[Kind, list[dict[str, Any]]] = {"false_alarms": [], "power": [], "coverage": []}
    for rule in RULES[checker]:
        matched = 0
        for cell in cells_of(rule.source, rule.part):
            match = re.fullmatch(rule.pattern, cell.name)
            if match:
                matched += 1
                figures[rule.kind].append(figure(cell, rule, match))
        if not matched:
            raise SystemExit(f"{checker}: no cell of {rule.source} is called {rule.pattern!r}")
    used = {found["source"] for group in figures.values() for found in group}
    return Card.model_validate(
        {
            "schema": "modelaudit.card/1",
            "checker": checker,
            "version": study.version,
            "study": study.words,
            "study_zh": study.words_zh,
            "missing": study.missing,
            "missing_zh": study.missing_zh,
            "sources": [
                {"file": file, "made_on": study.made_on, "command": read(file)["command"]} for file in sorted(used)
            ],
            **figures,
        }
    )


def figure(cell: Cell, rule: Rule, match: re.Match[str]) -> dict[str, Any]:
    """Return a figure of a card."""
    (low, high) = interval_at(clopper_pearson(cell.k, cell.n).bounds, LEVEL)
    made: dict[str, Any] = {
        "cell": cell.name,
        "source": cell.source,
        "metric": rule.metric,
        "k": cell.k,
        "n": cell.n,
        "low": round(low, 4),
        "high": round(high, 4),
    }
    if rule.kind == "power":
        effect = match.groupdict().get("effect")
        made |= {"unit": rule.unit, "effect": None if effect is None else float(effect) / rule.divisor}
    else:
        made["nominal"] = LEVEL if rule.kind == "coverage" else rule.nominal
    return made


def cells_of(source: str, part: str | None) -> Iterator[Cell]:
    """Return the cells of a result file that are counts or shares of a known number of audits."""
    study = read(source)
    if part is not None:
        return counted(source, study["cells"][part])
    return named(source, study["figures"])


def counted(source: str, cells: Iterable[Mapping[str, Any]]) -> Iterator[Cell]:
    """Cells that say how many draws they rest on: whole numbers are counts, others shares."""
    for cell in cells:
        count = cell["asked"].startswith(("<= 18", "<= 11", "no verdict")) or cell["asked"] == "0"
        draws, measured = cell["draws"], cell["measured"]
        k = measured if count and measured == int(measured) else measured * draws
        if abs(k - round(k)) < 1e-6:
            yield Cell(source, f"{cell['study']}: {cell['cell']}", round(k), draws)


def named(source: str, figures: Iterable[Mapping[str, Any]]) -> Iterator[Cell]:
    """Cells that name the number of audits in their unit (`9 of 20 models`) or in their name (`400 audits`)."""
    audits: dict[str, int] = {}
    for figure in figures:
        name, value, unit = figure["name"], figure["value"], figure["unit"]
        of = re.match(r"(\d+) of (\d+) ", unit)
        told = re.search(r"(\d+) (?:audits|runs)", name)
        stem = name.split(": ", 1)[0]
        if name.endswith(": audits"):
            audits[stem] = value
        elif of:
            yield Cell(source, name, int(of[1]), int(of[2]))
        elif unit == "audits" and stem in audits:
            yield Cell(source, name, value, audits[stem])
        elif told and unit in ("rate", "share"):
            k = value * int(told[1])
            if abs(k - round(k)) < 1e-6:
                yield Cell(source, name, round(k), int(told[1]))


def read(file: str) -> dict[str, Any]:
    """Return a result file."""
    content: dict[str, Any] = json.loads((RESULTS / file).read_text(encoding="utf-8"))
    return content


if __name__ == "__main__":
    main()
