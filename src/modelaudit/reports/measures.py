"""Measures of the reference trainer as reports name them: under a check's remedies, and in the Markdown summary."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from modelaudit.checkers.bias.attributes.attribute import TOPICS
from modelaudit.checkers.bias.augmentation import topics_of
from modelaudit.reports.words import say
from modelaudit.training.catalogue import MEASURES, Measure

if TYPE_CHECKING:
    from modelaudit.reports.checks import CheckView

_ATTRIBUTES = {
    "counterfactual-augmentation": "--counterfactuals",
    "counterfactual-logit-pairing": "--pairing-attributes",
}
"""Measures for groups of persons, and the flag that says of which attributes."""


def measures_for(check: CheckView) -> tuple[Measure, ...]:
    """Return the measures that a check names and that the trainer takes for this task, where a limit is exceeded.

    The flags of those for groups of persons name the attributes that the exceeded limits are about.
    """
    return tuple(_for_topics(measure, _topics([check])) for measure in _known(check))


def measures_named(checks: Iterable[CheckView]) -> list[tuple[Measure, tuple[str, ...]]]:
    """Return the measures that checks with an exceeded limit name, each with the titles of these checks."""
    found: dict[str, list[CheckView]] = {}
    for check in checks:
        for measure in _known(check):
            found.setdefault(measure.id, []).append(check)
    named = [(MEASURES[name], found[name]) for name in MEASURES if name in found]
    return [
        (_for_topics(measure, _topics(own)), tuple(dict.fromkeys(check.title.text for check in own)))
        for measure, own in named
    ]


def _known(check: CheckView) -> list[Measure]:
    if not check.needs_remedy:
        return []
    task = check.report.subject.task
    known = [MEASURES[name] for name in check.info.measures if name in MEASURES]
    return [measure for measure in known if task in measure.tasks]


def _topics(checks: Iterable[CheckView]) -> list[str]:
    """The attributes of a person that exceeded limits are about, in the catalogue's order."""
    found = topics_of({view.metric.group for check in checks for view in check.exceeded if view.metric.group})
    return [topic for topic in TOPICS if topic in found]


def _for_topics(measure: Measure, topics: Sequence[str]) -> Measure:
    flag = _ATTRIBUTES.get(measure.id)
    if flag is None or not topics:
        return measure
    return replace(measure, flag=f"{measure.flag.partition(flag)[0].rstrip()} {flag} {','.join(topics)}".lstrip())


def measure_title(name: str) -> str:
    """Return what a measure is called, its id where the catalogue has none such."""
    return say(f"mending.measure.{_key(name)}.title") if name in MEASURES else name


def measure_does(name: str) -> str:
    """Return what a measure does in a sentence; nothing where the catalogue has none such."""
    return say(f"mending.measure.{_key(name)}.does") if name in MEASURES else ""


def _key(name: str) -> str:
    return name.replace("-", "_")
