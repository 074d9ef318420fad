"""What the study's page has below its table: each measure before and after, seed by seed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from mending.joining import parts_page
from mending.worlds import WORLDS
from modelaudit.training import MEASURES


def sections(study: Mapping[str, Any]) -> str:
    """Return the sections of the page from the study's JSON."""
    return summary(study) + parts_page(study.get("parts", ())) + "".join(_cell(record) for record in study["cells"])


def summary(study: Mapping[str, Any]) -> str:
    """Return one table of all measures: what moved, and what it cost."""
    lines = [
        "",
        "## What each measure bought, and what it cost",
        "",
        "Means over seeds with 95% t intervals; one seed is one pair of trainings, audited on the same rows. Of a "
        "signed difference between groups the distance from zero counts.",
        "",
        "| measure | number | before | after | moved towards a clean model's | change of accuracy | training time |",
        "|---|---|---|---|---|---|---|",
    ]
    for record in study["cells"]:
        shown = [_spread(record[part]) for part in ("before", "after", "moved", "accuracy change")]
        lines.append(
            f"| {MEASURES[record['measure']].title} | {record['metric']} (clean: {record['aim']:g}) | "
            + " | ".join(shown)
            + f" | x {record['times as long']:.2f} |"
        )
    return "\n".join(lines) + "\n"


def _cell(record: Mapping[str, Any]) -> str:
    lines = [
        "",
        f"## {MEASURES[record['measure']].title}",
        "",
        f"World: {WORLDS[record['world']].planted}. Check: {record['checker']}, {record['metric']}.",
        "",
        "| seed | group | before (95% interval) | after (95% interval) | difference (95% interval) | paired | verdicts "
        "| accuracy, difference (95% interval) |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for seed, one in enumerate(record["audits"]):
        risk, accuracy = one.get("risk"), one.get("accuracy")
        if not risk or risk["difference"] is None:
            lines.append(f"| {seed} | | no result: {one.get('void') or 'the two can not be compared'} | | | | | |")
            continue
        lines.append(
            f"| {seed} | {one['group'] or ''} | {_value(risk['before'], one['before interval'])} | "
            f"{_value(risk['after'], one['after interval'])} | {_value(risk['difference'], risk['interval'], '+')} | "
            f"{'yes' if risk['paired'] else 'no'} | {risk['before_state'] or '-'}, then {risk['after_state'] or '-'} | "
            + (f"{_value(accuracy['difference'], accuracy['interval'], '+')} |" if accuracy else "|")
        )
    return "\n".join(lines) + "\n"


def _spread(value: Mapping[str, float] | None) -> str:
    return "no result" if value is None else f"{value['mean']:.3f} [{value['low']:.3f}, {value['high']:.3f}]"


def _value(value: float | None, interval: list[float] | None, sign: str = "") -> str:
    if value is None:
        return "none"
    bounds = "" if interval is None else f" [{interval[0]:{sign}.3f}, {interval[1]:{sign}.3f}]"
    return f"{value:{sign}.3f}{bounds}"
