"""The numbers of a piece of evidence as a table in words, at most a page of them."""

from __future__ import annotations

from dataclasses import dataclass

from modelaudit.evidence import Cell, Curve, Histogram, Series, Shares, Table
from modelaudit.reports.charts import MOST_LINES, MOST_TITLE, bin_shares, merged, merged_edges
from modelaudit.reports.numbers import brief, decimal, significant
from modelaudit.reports.text import visible
from modelaudit.reports.words import Told, say, tag, told

MOST_ROWS = 6
"""A table shows its first so many rows, in the checker's order; the JSON record holds the rest."""
MOST_COLUMNS = 12
MOST_POINTS = 6
"""A curve's table shows about so many of its points, evenly picked."""
MOST_BINS = 6
"""A histogram's table shows so many bins; where there are more, neighbours are counted as one."""
MOST_CELL = 200
"""The longest text of one cell."""
NOTHING = "–"


@dataclass(frozen=True)
class DataTable:
    """A table of the report's own words. `left_out` counts the rows that only the JSON record holds."""

    caption: str
    columns: tuple[str, ...]
    numeric: tuple[bool, ...]
    rows: tuple[tuple[str, ...], ...]
    left_out: int = 0


@dataclass(frozen=True)
class NumbersTable:
    """A table of a checker's numbers in words. `remarks` say what stands in the JSON record only."""

    caption: Told
    columns: tuple[Told, ...]
    numeric: tuple[bool, ...]
    rows: tuple[tuple[str, ...], ...]
    remarks: tuple[str, ...] = ()

    @property
    def wide(self) -> bool:
        """Whether it may need to scroll on a narrow page."""
        return len(self.columns) > 3


def cell(value: Cell) -> str:
    """Return a table's cell in words."""
    if value is None or value == "":
        return NOTHING
    if isinstance(value, bool):
        return say("drawing.yes" if value else "drawing.no")
    if isinstance(value, int):
        return decimal(value, places=0) if abs(value) < 1e15 else brief(float(value)) if abs(value) < 1e300 else NOTHING
    return brief(value) if isinstance(value, float) else visible(value, most=MOST_CELL)


def table_of(item: Table) -> NumbersTable:
    """Return a checker's own table: its first rows and columns."""
    columns = item.columns[:MOST_COLUMNS]
    numeric = tuple(
        bool(item.rows) and all(_is_number(row[place]) for row in item.rows) for place in range(len(columns))
    )
    rows = tuple(tuple(cell(value) for value in row[:MOST_COLUMNS]) for row in item.rows[:MOST_ROWS])
    remarks = [say("drawing.rows.none")] if not item.rows else []
    remarks += _further("drawing.rows.further", len(item.rows) - len(rows))
    remarks += _further("drawing.columns.further", len(item.columns) - len(columns))
    return NumbersTable(_title(item.title), tuple(map(_heading, columns)), numeric, rows, tuple(remarks))


def curve_table(item: Curve) -> NumbersTable:
    """Lay out a curve's points: a column a line where all share their places, else line by line."""
    drawn = item.series[:MOST_LINES]
    x_label, y_label = _heading(item.x_label), _heading(item.y_label)
    remarks = _further("drawing.lines.further", len(item.series) - len(drawn))
    if len({series.x for series in drawn}) == 1:
        places = _picked(len(drawn[0].x), MOST_POINTS)
        rows = tuple((brief(drawn[0].x[place]), *(_height(series, place) for series in drawn)) for place in places)
        columns = (x_label, *((_heading(series.name) for series in drawn) if len(drawn) > 1 else (y_label,)))
        numeric, total = (True,) * len(columns), len(drawn[0].x)
    else:
        each = max(2, MOST_POINTS // max(1, len(drawn)))
        rows = tuple(
            (_heading(series.name).text, brief(series.x[place]), _height(series, place))
            for series in drawn
            for place in _picked(len(series.x), each)
        )
        columns = (_own("drawing.line"), x_label, y_label)
        numeric, total = (False, True, True), sum(len(series.x) for series in drawn)
    if len(rows) < total:
        remarks.append(say("drawing.points.picked", shown=len(rows), count=total))
    return NumbersTable(_title(item.title), columns, numeric, rows, tuple(remarks))


def histogram_table(item: Histogram) -> NumbersTable:
    """Lay out a histogram's counts bin by bin, with each group's share of its own rows."""
    groups = item.groups[:MOST_LINES]
    edges = merged_edges(item, MOST_BINS)
    bars = [merged(group, MOST_BINS) for group in groups]
    shares = [bin_shares(group) for group in bars]
    rows = tuple(
        (
            brief(edges[place]),
            brief(edges[place + 1]),
            *(f"{group.counts[place]:,} ({share[place]:.1%})" for group, share in zip(bars, shares, strict=True)),
        )
        for place in range(len(edges) - 1)
    )
    columns = (_own("drawing.from"), _own("drawing.to"), *(_heading(group.name) for group in groups))
    remarks = _further("drawing.groups.further", len(item.groups) - len(groups))
    if len(rows) < len(item.edges) - 1:
        remarks.append(say("drawing.bins.merged", shown=len(rows), count=len(item.edges) - 1))
    return NumbersTable(_title(item.title), columns, (True,) * len(columns), rows, tuple(remarks))


def shares_table(item: Shares) -> NumbersTable:
    """Lay out the parts of a whole."""
    rows = tuple((_heading(part.name).text, f"{part.share:.1%}") for part in item.parts)
    whole = _heading(item.whole)
    columns = (_own("drawing.shares.part"), Told(say("drawing.shares.share", whole=whole.text), whole.lang))
    return NumbersTable(_title(item.title), columns, (False, True), rows)


def _title(text: str) -> Told:
    return _cut(text, MOST_TITLE)


def _heading(text: str) -> Told:
    return _cut(text, MOST_CELL)


def _cut(text: str, most: int) -> Told:
    whole = told(text)
    return Told(visible(whole.text, most=most), whole.lang)


def _own(key: str) -> Told:
    return Told(say(key), tag())


def _is_number(value: Cell) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def _further(key: str, count: int) -> list[str]:
    return [say(key, count=count)] if count > 0 else []


def _picked(count: int, most: int) -> list[int]:
    """Return at most so many places out of `count`, evenly spread, the first and the last among them."""
    if count <= most:
        return list(range(count))
    return [round(step * (count - 1) / (most - 1)) for step in range(most)]


def _height(series: Series, place: int) -> str:
    height = significant(series.y[place])
    if series.low is None or series.high is None:
        return height
    return say(
        "drawing.between", value=height, low=significant(series.low[place]), high=significant(series.high[place])
    )
