"""The forest plot: estimates with their intervals and limits on a common scale, one row a finding.

A row's strip is drawn in percent of its width, so that it stretches with the page while markers and text keep their
size; what a strip shows stands in words in the cells beside it.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from modelaudit.reports.axis import Axis, linear_axis, short
from modelaudit.reports.badges import ACCEPTED, EXCEEDS, GRAVITY
from modelaudit.reports.drawing import INKS
from modelaudit.reports.findings import FindingView
from modelaudit.reports.text import listed, visible
from modelaudit.reports.words import Told, say, tag, told
from modelaudit.statistics import OPEN_END

OWN_PLOT = 3
"""A metric with so many findings gets a plot of its own; the others share one with their unit."""
MOST_ROWS = 40
"""A plot draws so many findings, the gravest first; further ones are counted."""
FEW_UNJUDGED = 4
MOST_UNJUDGED = 6
"""Findings that nobody judges are drawn where so many share a plot, the first ones; the tables have all of them."""
MOST_TITLES = 3
"""A plot of several metrics is named by so many of them."""
MOST_LABEL = 120


@dataclass(frozen=True)
class Strip:
    """One row's drawing, all positions in percent of its width.

    Attributes:
        low, high: ends of the interval, or None where there is none.
        estimate: the point, or None.
        beyond: (start, width) of the stretches on the far side of a limit, which is their one end inside the strip.
        zero: where the value of no effect stands, or None.
        ink: colour of the state, for where the style sheet does not reach.
    """

    low: float | None
    high: float | None
    estimate: float | None
    beyond: tuple[tuple[float, float], ...]
    zero: float | None
    ink: str


@dataclass(frozen=True)
class ForestRow:
    """A finding with its label in this plot and its strip."""

    label: Told
    view: FindingView
    strip: Strip


@dataclass(frozen=True)
class Forest:
    """Findings on one scale.

    Attributes:
        ticks: (position in percent, label), none where no finding has a number.
        limited, judged: whether any row has a limit, and whether any is judged.
        left_out: how many further findings are not drawn.
    """

    caption: str
    unit: str
    rows: tuple[ForestRow, ...]
    ticks: tuple[tuple[float, str], ...]
    limited: bool
    judged: bool
    left_out: int


def forests(views: Sequence[FindingView]) -> tuple[Forest, ...]:
    """Group findings by metric where it has several, else by unit, and return one plot a group, in their order."""
    sizes = Counter(view.metric.id for view in views)
    groups: dict[tuple[str, str], list[FindingView]] = {}
    for view in views:
        many = sizes[view.metric.id] >= OWN_PLOT
        key = ("metric", view.metric.id) if many else ("unit", f"{view.scale.kind} {view.scale.unit}")
        groups.setdefault(key, []).append(view)
    return tuple(
        _forest(members)
        for members in groups.values()
        if len(members) >= FEW_UNJUDGED or any(view.verdict for view in members)
    )


def _forest(views: Sequence[FindingView]) -> Forest:
    one_metric = len({view.metric.id for view in views}) == 1
    judged = any(view.verdict for view in views)
    shown = views[: MOST_ROWS if judged else MOST_UNJUDGED]
    axis = _axis(shown)
    scale = views[0].scale
    drawn = any(view.metric.value is not None for view in shown)
    titles = list(dict.fromkeys(visible(told(view.metric.title).text, most=MOST_LABEL) for view in views))
    return Forest(
        caption=_caption(views, titles),
        unit=visible(scale.heading, most=MOST_LABEL),
        rows=tuple(ForestRow(_label(view, one_metric), view, _strip(view, axis)) for view in shown),
        ticks=tuple((axis.percent(tick), scale.bare(tick)) for tick in axis.ticks) if drawn else (),
        limited=any(view.limit for view in shown),
        judged=judged,
        left_out=len(views) - len(shown),
    )


def _label(view: FindingView, one_metric: bool) -> Told:
    if not one_metric:
        return Told(visible(view.title, most=MOST_LABEL), tag())
    label = told(view.metric.group or view.metric.title)
    return Told(visible(label.text, most=MOST_LABEL), label.lang)


def _title(titles: Sequence[str]) -> str:
    further = len(titles) - MOST_TITLES
    named = list(titles[:MOST_TITLES])
    return listed([*named, say("drawing.forest.others", count=further)] if further > 0 else named)


def _axis(views: Sequence[FindingView]) -> Axis:
    # An interval without an upper end is drawn to the end of the axis, which the other numbers set.
    marks = [mark for view in views for mark in (view.interval or ()) if mark != OPEN_END]
    marks += [view.metric.value for view in views if view.metric.value is not None]
    marks += [edge for view in views if view.limit for edge in view.limit.edges]
    if views[0].scale.kind == "share" or any(view.metric.better == "zero" for view in views):
        marks.append(0.0)
    return linear_axis(marks, most_ticks=5 if len(views) > 1 else 3)


def _strip(view: FindingView, axis: Axis) -> Strip:
    low, high = view.interval or (None, None)
    limit = view.limit
    beyond: list[tuple[float, float]] = []
    if limit is not None:
        if limit.high is not None:
            beyond.append((axis.percent(limit.high), short(100 - axis.percent(limit.high))))
        if limit.low is not None:
            beyond.append((0.0, axis.percent(limit.low)))
    return Strip(
        low=None if low is None else axis.percent(low),
        high=None if high is None else axis.percent(high),
        estimate=None if view.metric.value is None else axis.percent(view.metric.value),
        beyond=tuple(beyond),
        zero=axis.percent(0.0) if view.metric.better == "zero" else None,
        ink=INKS[view.badge.key],
    )


def _caption(views: Sequence[FindingView], titles: Sequence[str]) -> str:
    """Say what the plot finds: how many are in which state, and the limit where all share one."""
    name = _title(titles)
    if all(view.verdict is None for view in views):
        return say("drawing.forest.context", name=name)
    counts = Counter(view.badge for view in views)
    if len(views) == 1:
        sentences = [say("drawing.forest.one", name=name, state=views[0].badge.words)]
    else:
        parts = listed([badge.count(counts[badge]) for badge in GRAVITY if counts[badge]])
        grave = any(view.badge in (EXCEEDS, ACCEPTED) for view in views)
        key = "drawing.forest.ordered" if grave else "drawing.forest.several"
        sentences = [say(key, name=name, metrics=say("count.metrics", count=len(views)), states=parts)]
    limits = list(dict.fromkeys(view.limit_words for view in views if view.limit_words))
    if len(limits) == 1:
        sentences.append(say("drawing.forest.limit", limit=limits[0]))
    elif limits:
        sentences.append(say("drawing.forest.limits"))
    return say("drawing.space").join(sentences)
