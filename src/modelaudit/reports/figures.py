"""Evidence as figures and tables: what to draw, the sentence that states it, and the numbers behind it."""

from __future__ import annotations

from dataclasses import dataclass

from modelaudit.evidence import (
    Attribution,
    Cell,
    Curve,
    Evidence,
    Example,
    Examples,
    Histogram,
    Note,
    Series,
    Shares,
    Table,
)
from modelaudit.reports.attribution import AttributionView, attribution_view
from modelaudit.reports.charts import (
    bin_shares,
    curve_drawing,
    curve_reading,
    histogram_drawing,
    histogram_reading,
    line_styles,
)
from modelaudit.reports.drawing import Drawing
from modelaudit.reports.numbers import brief, decimal, significant
from modelaudit.reports.shares import shares_drawing, shares_reading
from modelaudit.reports.text import plural, visible

MOST_ROWS = 40
"""A data table shows so many rows; the JSON record holds the rest."""
MOST_POINTS = 24
"""A curve's table shows about so many of its points, evenly spaced."""
MOST_CELL = 400
"""The longest text of one cell."""


@dataclass(frozen=True)
class DataTable:
    """A table in words. `left_out` counts the rows that only the JSON record holds."""

    caption: str
    columns: tuple[str, ...]
    numeric: tuple[bool, ...]
    rows: tuple[tuple[str, ...], ...]
    left_out: int = 0


@dataclass(frozen=True)
class Figure:
    """One piece of evidence, ready to be laid out; which fields are set depends on its kind.

    `legend` pairs each name with the style of its line; `remark` stands under the caption.
    """

    kind: str
    title: str
    caption: str
    drawing: Drawing | None = None
    legend: tuple[tuple[str, str], ...] = ()
    table: DataTable | None = None
    attribution: AttributionView | None = None
    row: str = ""
    target: str = ""
    unit: str = ""
    private: bool = False


def figure(item: Evidence) -> Figure:
    """Return the figure of one piece of evidence."""
    match item:
        case Examples():
            return _examples(item)
        case Table():
            return Figure("table", item.title, "", table=_table(item))
        case Curve():
            legend = tuple((series.name, style) for series, style in zip(item.series, line_styles(item), strict=True))
            return Figure("chart", item.title, curve_reading(item), curve_drawing(item), legend, _curve_table(item))
        case Histogram():
            legend = tuple((group.name, f"area s{place % 4}") for place, group in enumerate(item.groups))
            table = _histogram_table(item)
            return Figure("chart", item.title, histogram_reading(item), histogram_drawing(item), legend, table)
        case Attribution():
            return _attribution(item)
        case Shares():
            legend = tuple((part.name, f"area s{place % 4}") for place, part in enumerate(item.parts))
            return Figure("chart", item.title, shares_reading(item), shares_drawing(item), legend, _shares_table(item))
        case Note():
            return Figure("note", item.title, item.text)


def _examples(item: Examples) -> Figure:
    optional: tuple[tuple[str, bool, str], ...] = (
        ("Change", False, "change"),
        ("Text before", False, "before"),
        ("Text after", False, "after"),
        ("Score before", True, "before_score"),
        ("Score after", True, "after_score"),
        ("Outcome", False, "outcome"),
    )
    used = [column for column in optional if any(getattr(example, column[2]) is not None for example in item.items)]
    rows = tuple((example.row, *(_field(example, name) for _, _, name in used)) for example in item.items[:MOST_ROWS])
    table = DataTable(
        caption=item.title,
        columns=("Row", *(heading for heading, _, _ in used)),
        numeric=(False, *(numeric for _, numeric, _ in used)),
        rows=rows,
        left_out=max(0, len(item.items) - MOST_ROWS),
    )
    return Figure("examples", item.title, item.selection, table=table, private=item.private)


def _field(example: Example, name: str) -> str:
    value = getattr(example, name)
    if value is None:
        return "–"
    return decimal(value, places=3) if isinstance(value, float) else visible(value, most=MOST_CELL)


def cell(value: Cell) -> str:
    """Return a table's cell in words."""
    if value is None:
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, int):
        return decimal(value, places=0)
    return brief(value) if isinstance(value, float) else visible(value, most=MOST_CELL)


def _table(item: Table) -> DataTable:
    columns = range(len(item.columns))
    numeric = tuple(all(_is_number(row[place]) for row in item.rows) for place in columns)
    rows = tuple(tuple(cell(value) for value in row) for row in item.rows[:MOST_ROWS])
    return DataTable(item.title, item.columns, numeric, rows, max(0, len(item.rows) - MOST_ROWS))


def _is_number(value: Cell) -> bool:
    return value is None or (isinstance(value, int | float) and not isinstance(value, bool))


def _curve_table(item: Curve) -> DataTable:
    """Lay out a curve's points: a column a line where all share their places, else line by line."""
    if len({series.x for series in item.series}) == 1:
        places = range(0, len(item.series[0].x), _every(len(item.series[0].x)))
        rows = tuple(
            (brief(item.series[0].x[place]), *(_height(series, place) for series in item.series)) for place in places
        )
        columns = (item.x_label, *(f"{item.y_label}, {series.name}" for series in item.series))
        return DataTable(item.title, columns, (True,) * len(columns), rows, len(item.series[0].x) - len(rows))
    total = sum(len(series.x) for series in item.series)
    every = _every(total)
    rows = tuple(
        (series.name, brief(series.x[place]), _height(series, place))
        for series in item.series
        for place in range(0, len(series.x), every)
    )
    return DataTable(item.title, ("Line", item.x_label, item.y_label), (False, True, True), rows, total - len(rows))


def _every(count: int) -> int:
    return max(1, -(-count // MOST_POINTS))


def _height(series: Series, place: int) -> str:
    height = significant(series.y[place])
    if series.low is None or series.high is None:
        return height
    return f"{height} ({significant(series.low[place])} to {significant(series.high[place])})"


def _histogram_table(item: Histogram) -> DataTable:
    columns = ("From", "To", *(group.name for group in item.groups))
    shares = [bin_shares(group) for group in item.groups]
    rows = tuple(
        (
            brief(item.edges[place]),
            brief(item.edges[place + 1]),
            *(
                f"{group.counts[place]:,} ({share[place]:.1%})"
                for group, share in zip(item.groups, shares, strict=True)
            ),
        )
        for place in range(len(item.edges) - 1)
    )
    kept = rows[:MOST_ROWS]
    return DataTable(item.title, columns, (True,) * len(columns), kept, len(rows) - len(kept))


def _shares_table(item: Shares) -> DataTable:
    rows = tuple((part.name, f"{part.share:.1%}") for part in item.parts)
    return DataTable(item.title, ("Part", f"Share of {item.whole}"), (False, True), rows)


def _attribution(item: Attribution) -> Figure:
    view = attribution_view(item)
    told = (
        ""
        if item.words is not None
        else f" The text is not shown; its {plural(len(item.values), 'word')} are numbered."
    )
    return Figure(
        "attribution",
        item.title,
        view.caption + told,
        attribution=view,
        row=item.row,
        target=item.target if item.answer is None else f"{item.target} “{visible(item.answer.strip(), most=200)}”",
        unit=item.unit,
        private=item.private,
    )
