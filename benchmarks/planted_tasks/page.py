"""The page and the figures of the study: what was found of each defect, and what of its clean twin."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from study import Figure, at_least, at_most

from planted_tasks.cell import EXCEEDS, Cell, Told, Verdict
from planted_tasks.parts import Part

STATES = ("within limit", "inconclusive", "not assessed")


def found(cell: Cell, planted: Told) -> bool:
    """Tell whether a number that belongs to the defect exceeds its limit, and no check broke."""
    return not planted.broken and any(_belongs(cell, each) for each in planted.exceeded)


def passed(clean: Told) -> bool:
    """Tell whether no limit of the family is exceeded, a number was judged, and no check broke."""
    judged = any(each.interval is not None for each in clean.verdicts)
    return not clean.broken and not clean.exceeded and judged


def shown(cell: Cell, planted: Told, clean: Told) -> tuple[Verdict | None, Verdict | None]:
    """Return the verdict on the defect that is the clearest, and that on the same number of the clean twin."""
    belonging = [each for each in planted.verdicts if _belongs(cell, each) and each.interval is not None]
    if not belonging:
        return None, None
    # Metrics first as the cell names them, then the clearest.
    first = min(
        belonging,
        key=lambda each: (each.state != EXCEEDS, cell.metrics.index(each.metric or ""), each.p or 0.0, str(each.group)),
    )
    return first, next((each for each in clean.verdicts if each.place == first.place), None)


def records_of(cells: Sequence[Cell], seeds: Sequence[int], told: Mapping[Part, Told]) -> list[dict[str, Any]]:
    """Return a record for each cell and seed of which both audits are done."""
    records = []
    for cell in cells:
        for seed in seeds:
            planted, clean = (told.get(Part(cell.name, seed, each)) for each in (True, False))
            if planted is None or clean is None:
                continue
            ours, theirs = shown(cell, planted, clean)
            records.append({
                "task": cell.task,
                "risk": cell.risk,
                "seed": seed,
                "checker": cell.checker,
                "found": found(cell, planted),
                "passed": passed(clean),
                "planted": _told(planted, ours),
                "clean": _told(clean, theirs),
            })  # fmt: skip
    return records


def figures_of(cells: Sequence[Cell], records: Sequence[Mapping[str, Any]]) -> list[Figure]:
    """Return for each cell in how many audits the defect was found, and in how many the clean twin passed."""
    figures = []
    for cell in cells:
        own = [record for record in records if (record["task"], record["risk"]) == (cell.task, cell.risk)]
        name = f"{cell.task}, {cell.risk}"
        figures += [
            at_least(f"{name}: defect found", sum(record["found"] for record in own), len(own), unit="audits"),
            at_least(f"{name}: clean twin passed", sum(record["passed"] for record in own), len(own), unit="audits"),
        ]
    broken = sum(len(record[side]["broken"]) for record in records for side in ("planted", "clean"))
    return [*figures, at_most("checks that broke", broken, 0, unit="checks")]


def sections(study: Mapping[str, Any]) -> str:
    """Return what the page has below its table."""
    cells, records = study["cells"], study["audits"]
    lines = [
        "\n## What was planted\n",
        "| task | risk | defect | clean twin |",
        "|---|---|---|---|",
        *(f"| {cell['task']} | {cell['risk']} | {cell['defect']} | {cell['twin']} |" for cell in cells),
        "\n## Audits\n",
        "Each line is an audit of the planted model and one of its clean twin, with the preset quick, judged by the "
        "starter policy. The number is the clearest of those that the defect moves, and the same of the twin. Behind "
        "the twin's verdict stands how many other numbers of the family are within their limits, inconclusive or not "
        "assessed. n is of the planted model's number. Seconds are of one core, for training and both audits.\n",
        "| task | risk | seed | metric | planted [95%] | verdict | clean [95%] | verdict | n | seconds |",
        "|---|---|---|---|---|---|---|---|---|---|",
        *map(_line, records),
    ]
    missed = [f"- {said}" for record in records for said in _misses(record)]
    return "\n".join([*lines, *(["\n## What was missed\n", *missed] if missed else []), ""])


def _belongs(cell: Cell, verdict: Verdict) -> bool:
    named = verdict.checker == cell.checker and verdict.metric in cell.metrics
    return named and cell.group in {None, verdict.group}


def _told(told: Told, verdict: Verdict | None) -> dict[str, Any]:
    return {
        "metric": None if verdict is None else verdict.metric,
        "group": None if verdict is None else verdict.group,
        "state": "not assessed" if verdict is None else verdict.state,
        "value": None if verdict is None else verdict.value,
        "interval": None if verdict is None or verdict.interval is None else list(verdict.interval),
        "n": None if verdict is None else verdict.n,
        "limit": None if verdict is None else verdict.limit,
        "exceeded": [
            f"{each.checker} {each.metric}" + (f" ({each.group})" if each.group else "") for each in told.exceeded
        ],
        "others": {state: told.count(state) - (verdict is not None and verdict.state == state) for state in STATES},
        "broken": dict(told.broken),
        "seconds": [told.training, told.audit],
    }


def _line(record: Mapping[str, Any]) -> str:
    planted, clean = record["planted"], record["clean"]
    metric = planted["metric"] or "none"
    named = f"`{metric}`" + (f", {planted['group']}" if planted["group"] else "")
    others = ", ".join(f"{count} {state}" for state, count in clean["others"].items() if count)
    verdict = clean["state"] + (f"; {others}" if others else "")
    seconds = sum([*planted["seconds"], *clean["seconds"]])
    cells = (
        record["task"], record["risk"], record["seed"], named, _number(planted), planted["state"], _number(clean),
        verdict, planted["n"] if planted["n"] is not None else "–", f"{seconds:.0f}",
    )  # fmt: skip
    return "| " + " | ".join(map(str, cells)) + " |"


def _number(told: Mapping[str, Any]) -> str:
    if told["value"] is None:
        return "–"
    if told["interval"] is None:
        return f"{told['value']:.3f}"
    low, high = told["interval"]
    return f"{told['value']:.3f} [{low:.3f}, {high:.3f}]"


def _misses(record: Mapping[str, Any]) -> list[str]:
    name = f"{record['task']}, {record['risk']}, seed {record['seed']}"
    said = []
    if not record["found"]:
        said.append(f"{name}: the defect was not found: {record['planted']['state']}")
    if not record["passed"]:
        exceeded = ", ".join(record["clean"]["exceeded"]) or "nothing was judged"
        said.append(f"{name}: the clean twin did not pass: {exceeded}")
    for side in ("planted", "clean"):
        said += [f"{name}: {checker} broke: {reason}" for checker, reason in record[side]["broken"].items()]
    return said
