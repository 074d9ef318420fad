"""What the engineer reads once for a whole check: the limits on its metrics, and the methods."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from itertools import groupby

from modelaudit.reports.findings import FindingView
from modelaudit.reports.numbers import Scale
from modelaudit.reports.words import Told, say, told
from modelaudit.verdicts import LEVELS, Limit

LimitKey = tuple[str, str, str | None, tuple[str, ...]]

MOST_LINES = 24
"""So many limits and so many methods of one check are listed; the record holds all."""


@dataclass(frozen=True)
class LimitLine:
    """One limit of the policy: on what, how far, and the policy's reason and source; `key` tells it from others."""

    key: LimitKey
    name: str
    words: str
    rationale: str
    source: str


@dataclass(frozen=True)
class Technical:
    """Limits and methods, each once; `left_out` counts what only the record lists."""

    limits: tuple[LimitLine, ...]
    methods: tuple[tuple[str, tuple[Told, ...]], ...]
    left_out: int


def technical(views: Sequence[FindingView]) -> Technical:
    """Return the limits and methods of a check's findings."""
    limits = list(dict.fromkeys(_limits(views)))
    methods = list(dict.fromkeys((view.name, view.metric.method) for view in views))
    return Technical(
        limits=tuple(limits[:MOST_LINES]),
        methods=_methods(methods[:MOST_LINES]),
        left_out=max(0, len(limits) - MOST_LINES) + max(0, len(methods) - MOST_LINES),
    )


def _methods(pairs: Iterable[tuple[str, str]]) -> tuple[tuple[str, tuple[Told, ...]], ...]:
    """Return (names of the metrics that have them, methods)."""
    methods: dict[str, list[str]] = {}
    for name, method in pairs:
        methods.setdefault(name, []).append(method)
    names: dict[tuple[str, ...], list[str]] = {}
    for name, own in methods.items():
        names.setdefault(tuple(own), []).append(name)
    return tuple((say("list.separator").join(those), _texts(own)) for own, those in names.items())


def _texts(methods: Iterable[str]) -> tuple[Told, ...]:
    """Return the methods as one text, or as one for each stretch that is in one language."""
    runs = groupby(map(told, methods), key=lambda part: part.lang)
    return tuple(Told(say("list.clauses").join(part.text for part in run), lang) for lang, run in runs)


def _limits(views: Sequence[FindingView]) -> Iterable[LimitLine]:
    for view in views:
        limit = view.limit
        if limit is not None:
            name = view.title if limit.group else view.name
            words = [view.scale.limit(limit), *_severities(limit, replace(view.scale, signed=False))]
            words += [say("check.fact.required")] if limit.required else []
            yield LimitLine(limit_key(limit), name, say("list.clauses").join(words), limit.rationale, limit.source)


def _severities(limit: Limit, scale: Scale) -> list[str]:
    return [
        say("check.fact.severity", severity=say(f"severity.{name}"), value=scale.value(limit.severity[name]))
        for name in LEVELS
        if name in limit.severity
    ]


def limit_key(limit: Limit) -> LimitKey:
    """Return what no two limits of a policy share."""
    return limit.checker, limit.metric, limit.group, tuple(limit.use_cases)
