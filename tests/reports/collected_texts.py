"""What bundled checkers say: of themselves, as their code has it, and as a record shows it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from modelaudit.audit_report import AuditReport
from modelaudit.checkers import modelaudit_checkers
from modelaudit.checkers.bias.attributes import attributes_of
from modelaudit.checkers.bias.attributes.attribute import TOPICS
from modelaudit.checkers.robustness.prompts.forms import EMPTY_SYSTEM
from modelaudit.evidence import (
    Attribution,
    Curve,
    Evidence,
    Examples,
    Histogram,
    Note,
    PictureEvidence,
    Shares,
    SoundEvidence,
    Table,
)
from modelaudit.media.corruptions import CORRUPTIONS, MIRRORED
from modelaudit.media.measures import PICTURE_MEASURES, SOUND_MEASURES
from modelaudit.media.sound_changes import SOUND_CHANGES
from modelaudit.results import CheckerInfo
from modelaudit.text import LANGUAGES
from modelaudit.text.perturbations.bundled import bundled_perturbations
from modelaudit.text.perturbations.prompt_changes import PROMPT_CHANGES

SOURCE = Path(__file__).parents[2] / "src" / "modelaudit"
ROOMS = ("checkers", "monitoring", "subject", "text")
"""The rooms whose texts a report shows."""
RULES = ("comparison", "gating", "policy", "verdicts", "waivers")
"""The modules that say what a policy makes of an audit, and what of two audits."""
GAP = "\N{REPLACEMENT CHARACTER}"
"""What stands for the part of a text that the code fills in."""
SHOWN_BY = frozenset(
    {
        *("title", "unit", "n_unit", "x_label", "y_label", "whole", "name", "columns", "selection", "caption"),
        *("caveats", "remedies"),
    }
)
"""Parameters of metrics, findings and evidence whose argument a report shows."""


@dataclass(frozen=True, slots=True)
class Written:
    """A text in the code: the room, what it is given to, and the text with gaps."""

    room: str
    parameter: str
    text: str


def own_texts(info: CheckerInfo) -> tuple[str, ...]:
    """Return all that a checker says of itself."""
    return (info.title, info.question, info.summary, info.means, *info.not_shown, *info.remedies)


def every_own_text() -> set[str]:
    """Return all that the bundled checkers say of themselves."""
    return {text for checker in modelaudit_checkers() for text in own_texts(checker.info)}


def named_in_code() -> set[str]:
    """Return the names that code puts together: groups, their comparisons, changes and measures of the input."""
    attributes = [each for language in LANGUAGES.values() for each in attributes_of(language, TOPICS)]
    planned = [plan for each in attributes for plan in each.planned]
    changes = bundled_perturbations()
    kinds = (*CORRUPTIONS, MIRRORED, *SOUND_CHANGES)
    forms = (*PROMPT_CHANGES, EMPTY_SYSTEM)
    return {
        *(each.title for each in attributes),
        *(text for plan in planned for text in (plan.title, plan.attribute, plan.focus, plan.reference)),
        *(f"{plan.reference} to {plan.focus}" for plan in planned if plan.fixed),
        *(change.name for change in changes),
        *(name for kind in kinds for name in (kind.name, kind.family)),
        *(change.label_rule for change in changes),
        *(said for form in forms for said in (form.name, form.family, form.label_rule)),
        *PICTURE_MEASURES,
        *SOUND_MEASURES,
    }


@cache
def written() -> tuple[Written, ...]:
    """Return every text in the code of the rooms whose texts a report shows."""
    rooms = [(room, path) for room in ROOMS for path in sorted((SOURCE / room).rglob("*.py"))]
    rules = [(name, SOURCE / f"{name}.py") for name in RULES]
    return tuple(each for room, path in (*rooms, *rules) for each in _of(room, path))


def shown(report: AuditReport) -> Iterator[str]:
    """Yield the titles, groups, units, captions and headings of a record's findings."""
    for result in report.results:
        for finding in result.findings:
            metric = finding.metric
            yield from filter(None, (metric.title, metric.unit, metric.n_unit, metric.group, *finding.caveats))
            for item in finding.evidence:
                yield from _of_evidence(item)


def _of_evidence(item: Evidence) -> Iterator[str]:
    yield item.title
    match item:
        case Table():
            yield from item.columns
        case Curve():
            yield from (item.x_label, item.y_label, *(series.name for series in item.series))
        case Histogram():
            yield from (item.x_label, *(bars.name for bars in item.groups))
        case Shares():
            yield from (item.whole, *(part.name for part in item.parts))
        case Examples():
            yield item.selection
        case Note():
            yield item.text
        case Attribution():
            yield item.unit
        case PictureEvidence() | SoundEvidence():
            yield item.caption
            yield from () if item.explained is None else (item.explained.unit,)


def _of(room: str, path: Path) -> Iterator[Written]:
    waiting: list[tuple[str, ast.AST]] = [("", ast.parse(path.read_text(encoding="utf-8")))]
    while waiting:
        parameter, node = waiting.pop()
        if (text := _text(node)) is not None:
            yield Written(room, parameter, text)
            continue
        if isinstance(node, ast.keyword):
            parameter = node.arg or ""
        elif not isinstance(node, ast.Tuple | ast.List | ast.Starred | ast.IfExp):
            parameter = ""
        waiting += ((parameter, child) for child in ast.iter_child_nodes(node))


def _text(node: ast.AST) -> str | None:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return node.value
    if isinstance(node, ast.JoinedStr):
        parts = (str(part.value) if isinstance(part, ast.Constant) else GAP for part in node.values)
        return re.sub(f"{GAP}+", GAP, "".join(parts))
    return None
