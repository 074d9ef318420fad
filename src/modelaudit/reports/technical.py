"""What the engineer reads once for a whole check: the limits on its metrics, and the methods."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from modelaudit.reports.findings import FindingView

MOST_LINES = 24
"""So many limits and so many methods of one check are listed; the record holds all."""


@dataclass(frozen=True)
class LimitLine:
    """One limit of the policy: on what, and how far."""

    name: str
    words: str
    required: bool


@dataclass(frozen=True)
class Technical:
    """Limits and methods, each once; `left_out` counts what only the record lists."""

    limits: tuple[LimitLine, ...]
    methods: tuple[tuple[str, tuple[str, ...]], ...]
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


def _methods(pairs: Iterable[tuple[str, str]]) -> tuple[tuple[str, tuple[str, ...]], ...]:
    """Return (name of a metric, its methods)."""
    methods: dict[str, list[str]] = {}
    for name, method in pairs:
        methods.setdefault(name, []).append(method)
    return tuple((name, tuple(own)) for name, own in methods.items())


def _limits(views: Sequence[FindingView]) -> Iterable[LimitLine]:
    for view in views:
        limit = view.limit
        if limit is not None:
            name = view.title if limit.group else view.name
            yield LimitLine(name, view.scale.limit(limit), limit.required)
