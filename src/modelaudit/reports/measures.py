"""Measures of the reference trainer as reports name them: under a check's remedies, and in the Markdown summary."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from modelaudit.reports.words import say
from modelaudit.training.catalogue import MEASURES, Measure

if TYPE_CHECKING:
    from modelaudit.reports.checks import CheckView


def measures_for(check: CheckView) -> tuple[Measure, ...]:
    """Return the measures that a check names and that the trainer takes for this task, where a limit is exceeded."""
    if not check.needs_remedy:
        return ()
    task = check.report.subject.task
    known = [MEASURES[name] for name in check.info.measures if name in MEASURES]
    return tuple(measure for measure in known if task in measure.tasks)


def trainer_words(check: CheckView) -> str:
    """Return how the reference trainer is told to do what the check names; nothing where it can't, or need not."""
    found = measures_for(check)
    flags = say("list.separator").join(measure.flag for measure in found)
    return say("mending.remedy", flags=flags) if found else ""


def measures_named(checks: Iterable[CheckView]) -> list[tuple[Measure, tuple[str, ...]]]:
    """Return the measures that checks with an exceeded limit name, each with the titles of these checks."""
    found: dict[str, list[str]] = {}
    for check in checks:
        for measure in measures_for(check):
            found.setdefault(measure.id, []).append(check.title.text)
    return [(MEASURES[name], tuple(found[name])) for name in MEASURES if name in found]


def measure_title(name: str) -> str:
    """Return what a measure is called, its id where the catalogue has none such."""
    return say(f"mending.measure.{_key(name)}.title") if name in MEASURES else name


def measure_does(name: str) -> str:
    """Return what a measure does in a sentence; nothing where the catalogue has none such."""
    return say(f"mending.measure.{_key(name)}.does") if name in MEASURES else ""


def _key(name: str) -> str:
    return name.replace("-", "_")
