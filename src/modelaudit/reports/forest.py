"""The forest plot: estimates with their intervals and limits on a common scale, one row a finding.

A row's strip is drawn in percent of its width, so that it stretches with the page while markers and text keep their
size; what a strip shows stands in words in the cells beside it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from modelaudit.reports.axis import Axis, linear_axis
from modelaudit.reports.badges import ACCEPTED, EXCEEDS, GRAVITY
from modelaudit.reports.findings import FindingView
from modelaudit.reports.text import listed, plural
from modelaudit.statistics import OPEN_END

OWN_PLOT = 3
"""A metric with so many findings gets a plot of its own; the others share one with their unit."""


@dataclass(frozen=True)
class Strip:
    """One row's drawing, all positions in percent of its width.

    Attributes:
        low, high: ends of the interval, or None where there is none.
        estimate: the point, or None.
        limits: where the limits stand. beyond: (start, width) of the stretches on their far side.
        zero: where the value of no effect stands, or None.
    """

    low: float | None
    high: float | None
    estimate: float | None
    limits: tuple[float, ...]
    beyond: tuple[tuple[float, float], ...]
    zero: float | None
    description: str


@dataclass(frozen=True)
class ForestRow:
    """A finding with its label in this plot and its strip."""

    label: str
    view: FindingView
    strip: Strip


@dataclass(frozen=True)
class Forest:
    """Findings on one scale. `ticks` are (position in percent, label), none where no finding has a number."""

    title: str
    caption: str
    unit: str
    rows: tuple[ForestRow, ...]
    ticks: tuple[tuple[float, str], ...]
    limited: bool


def forests(views: Sequence[FindingView]) -> tuple[Forest, ...]:
    """Group findings by metric where it has several, else by unit, and return one plot a group, in their order."""
    sizes = Counter(view.metric.id for view in views)
    groups: dict[tuple[str, str], list[FindingView]] = {}
    for view in views:
        many = sizes[view.metric.id] >= OWN_PLOT
        key = ("metric", view.metric.id) if many else ("unit", f"{view.scale.kind} {view.scale.unit}")
        groups.setdefault(key, []).append(view)
    return tuple(_forest(members) for members in groups.values())


def _forest(views: Sequence[FindingView]) -> Forest:
    one_metric = len({view.metric.id for view in views}) == 1
    axis = _axis(views)
    scale = views[0].scale
    drawn = any(view.metric.value is not None for view in views)
    titles = list(dict.fromkeys(view.metric.title for view in views))
    rows = tuple(
        ForestRow(
            label=(view.metric.group or view.metric.title) if one_metric else view.title,
            view=view,
            strip=_strip(view, axis),
        )
        for view in views
    )
    return Forest(
        title=listed(titles),
        caption=_caption(views, titles),
        unit=scale.heading,
        rows=rows,
        ticks=tuple((axis.percent(tick), scale.bare(tick)) for tick in axis.ticks) if drawn else (),
        limited=any(view.limit for view in views),
    )


def _axis(views: Sequence[FindingView]) -> Axis:
    # An interval without an upper end is drawn to the end of the axis, which the other numbers set.
    marks = [mark for view in views for mark in (view.interval or ()) if mark != OPEN_END]
    marks += [view.metric.value for view in views if view.metric.value is not None]
    marks += [edge for view in views if view.limit for edge in view.limit.edges]
    if views[0].scale.kind == "share" or any(view.metric.better == "zero" for view in views):
        marks.append(0.0)
    return linear_axis(marks, most_ticks=5)


def _strip(view: FindingView, axis: Axis) -> Strip:
    low, high = view.interval or (None, None)
    limit = view.limit
    beyond: list[tuple[float, float]] = []
    if limit is not None:
        if limit.high is not None:
            beyond.append((axis.percent(limit.high), round(100 - axis.percent(limit.high), 2)))
        if limit.low is not None:
            beyond.append((0.0, axis.percent(limit.low)))
    told = f", limit {view.limit_words}" if view.limit_words else ""
    return Strip(
        low=None if low is None else axis.percent(low),
        high=None if high is None else axis.percent(high),
        estimate=None if view.metric.value is None else axis.percent(view.metric.value),
        limits=tuple(axis.percent(edge) for edge in limit.edges) if limit else (),
        beyond=tuple(beyond),
        zero=axis.percent(0.0) if view.metric.better == "zero" else None,
        description=f"{view.value_words}, interval {view.interval_words}{told}. {view.badge.words}.",
    )


def _caption(views: Sequence[FindingView], titles: Sequence[str]) -> str:
    """Say what the plot finds: how many are in which state, and the limit where all share one."""
    name = listed(titles)
    if all(view.verdict is None for view in views):
        return f"{name}: shown for context, not judged."
    counts = Counter(view.badge for view in views)
    limits = list(dict.fromkeys(view.limit_words for view in views if view.limit_words))
    told = f" Limit: {limits[0]}." if len(limits) == 1 else ""
    if len(views) == 1:
        return f"{name}: {views[0].badge.words.lower()}.{told}"
    parts = [badge.count(counts[badge]) for badge in GRAVITY if counts[badge]]
    grave = any(view.badge in (EXCEEDS, ACCEPTED) for view in views)
    order = " (the furthest beyond first)" if grave else ""
    return f"{name}: of {plural(len(views), 'metric')}, {listed(parts)}{order}.{told}"
