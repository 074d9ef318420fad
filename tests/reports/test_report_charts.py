"""Charts: geometry that keeps the order of the numbers, and captions that say what is seen."""

from __future__ import annotations

import itertools
import math
import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from sample_report import policy, sample_report

from modelaudit.evidence import Attribution, Bars, Curve, Histogram, Part, Series, Shares
from modelaudit.reports.attribution import attribution_view
from modelaudit.reports.axis import linear_axis, log_axis
from modelaudit.reports.charts import curve_drawing, curve_reading, histogram_drawing, histogram_reading
from modelaudit.reports.checks import check_views
from modelaudit.reports.drawing import polyline, thinned
from modelaudit.reports.figures import figure
from modelaudit.reports.shares import shares_drawing, shares_reading

NUMBERS = st.floats(-1e6, 1e6, allow_nan=False).map(lambda value: round(value, 6))


@given(st.lists(NUMBERS, min_size=1, max_size=20))
def test_an_axis_holds_all_values_in_their_order(values: list[float]) -> None:
    axis = linear_axis(values)
    shares = [axis.share(value) for value in sorted(values)]
    assert shares == sorted(shares)
    assert all(0 <= share <= 1 for share in shares)
    assert all(axis.low <= tick <= axis.high for tick in axis.ticks)
    assert len(axis.ticks) <= 8


def test_a_logarithmic_axis_has_powers_of_ten() -> None:
    axis = log_axis([0.0, 0.001, 0.5, 1.0])
    assert [round(math.log10(tick)) for tick in axis.ticks] == [-3, -2, -1, 0]
    assert axis.percent(0.1) == 66.7


def test_a_curve_says_where_it_lies_furthest_from_its_reference() -> None:
    curve = Curve(
        title="t",
        x_label="x",
        y_label="y",
        series=(
            Series(name="ours", x=(0, 0.5, 1), y=(0, 0.9, 1)),
            Series(name="chance", x=(0, 1), y=(0, 1), reference=True),
        ),
    )
    assert curve_reading(curve) == "ours lies furthest from chance at 0.5: 0.900 against 0.500."
    marks = curve_drawing(curve).marks
    drawn = [mark.kind for mark in marks if mark.shape == "path"]
    assert drawn == ["grid", "axis", "line reference", "line s0", "dots s0"]


def test_empty_and_constant_curves_can_be_drawn() -> None:
    for series in ((), (Series(name="none", x=(), y=()),), (Series(name="one", x=(1.0,), y=(2.0,)),)):
        curve = Curve(title="t", x_label="x", y_label="y", series=series, x_log=True)
        assert curve_drawing(curve).title == "t"
        assert figure(curve).table is not None


def test_a_histogram_compares_shares_and_not_counts() -> None:
    histogram = Histogram(
        title="t",
        x_label="x",
        edges=(0, 1, 2, 3),
        groups=(
            Bars(name="many", counts=(10, 80, 10)),
            Bars(name="few", counts=(1, 8, 1)),
            Bars(name="no", counts=(0,) * 3),
        ),
    )
    marks = histogram_drawing(histogram).marks
    many, few, _ = (mark.d for mark in marks if mark.shape == "path" and mark.kind.startswith("area"))
    assert many == few
    assert histogram_reading(histogram) == (
        "many: 100 rows, the middle one between 1 and 2; few: 10 rows, the middle one between 1 and 2; no: no rows."
    )


def test_a_bar_of_shares_is_filled_and_small_parts_have_their_number_in_words_alone() -> None:
    item = Shares(
        title="t",
        whole="variation",
        parts=(Part(name="list", share=0.6), Part(name="pairs", share=0.37), Part(name="neither", share=0.03)),
    )
    drawing = shares_drawing(item)
    [labels] = [mark for mark in drawing.marks if mark.shape == "labels"]
    assert [text for _, _, text in labels.places] == ["60%", "37%"]
    paths = [mark.d for mark in drawing.marks if mark.shape == "path"]
    assert [path.partition("v")[0] for path in paths] == ["M2 6h201.6", "M203.6 6h124.3", "M327.9 6h10.1"]
    assert shares_reading(item) == "Of the variation: list 60%, pairs 37% and neither 3%."
    with pytest.raises(ValidationError, match=r"add up to 0\.9"):
        Shares(title="t", whole="w", parts=(Part(name="a", share=0.9),))


def test_words_whose_interval_holds_zero_are_left_plain() -> None:
    item = attribution((1.0, 0.4, -0.4), words=("sure", "unsure", "surely not")).model_copy(
        update={"errors": (0.1, 0.3, 0.1)}
    )
    words = attribution_view(item).words
    assert [word.marks for word in words] == ["u3", "", "d2"]
    assert words[1].told == "+0.40 ± 0.59"


def test_few_permutations_make_wider_intervals() -> None:
    item = attribution((1.0, 0.4), words=("sure", "unsure")).model_copy(update={"errors": (0.1, 0.15)})
    few = item.model_copy(update={"degrees_of_freedom": 3})
    assert [word.marks for word in attribution_view(item).words] == ["u3", "u2"]
    assert [word.marks for word in attribution_view(few).words] == ["u3", ""]
    assert attribution_view(few).words[1].told == "+0.40 ± 0.48"


def test_words_that_hang_on_their_context_are_marked_and_said_to_vary() -> None:
    item = attribution((1.0, -0.8, 0.01, 0.001), words=("steady", "not", "opens", "dust")).model_copy(
        update={"steadiness": (0.9, 0.4, 0.01, 0.3)}
    )
    view = attribution_view(item)
    assert view.varies
    # "opens" adds little on average and .1 in the mean square: much in some company. "dust" adds nothing anywhere.
    assert [word.marks for word in view.words] == ["u3", "d3 v", "v", ""]
    assert [word.told for word in view.words] == ["+1.00", "−0.80 varies", "+0.01 varies", "0.00"]
    assert not attribution_view(attribution((1.0,), words=("steady",))).varies
    with pytest.raises(ValidationError, match="steadiness need one length"):
        Attribution.model_validate(item.model_dump() | {"steadiness": (0.9,)})


def test_bars_carry_the_interval_of_where_they_end_and_exact_ones_none() -> None:
    exact = attribution((1.0, -0.4), words=("good", "bad"))
    assert [step.whisker for step in attribution_view(exact).steps] == [None] * 4
    view = attribution_view(exact.model_copy(update={"errors": (0.1, 0.2)}))
    base, good, bad, output = view.steps
    assert (base.whisker, output.whisker) == (None, None)
    for step, end in ((good, good.start + good.width), (bad, bad.start)):
        assert step.whisker is not None
        assert step.whisker[0] + step.whisker[1] / 2 == pytest.approx(end, abs=0.2)
    assert good.whisker is not None
    assert bad.whisker is not None
    assert bad.whisker[1] == pytest.approx(2 * good.whisker[1], abs=0.3)
    assert good.words == "+1.00 ± 0.20"


def attribution(values: tuple[float, ...], *, words: tuple[str, ...] | None, gap: float = 0.0) -> Attribution:
    return Attribution(
        title="t", row="r:1", target="a", unit="log-odds", words=words, values=values, base=0.5,
        output=0.5 + sum(values) + gap,
    )  # fmt: skip


@given(st.lists(st.floats(-5, 5).map(lambda value: round(value, 3)), max_size=40))
def test_a_waterfall_ends_at_the_output(values: list[float]) -> None:
    view = attribution_view(attribution(tuple(values), words=None))
    assert (view.steps[0].kind, view.steps[-1].kind) == ("t", "t")
    assert len(view.steps) <= 12
    assert [word.word for word in view.words] == [f"word {place}" for place in range(1, len(values) + 1)]
    assert all(step.label != "not accounted for" for step in view.steps)


def test_what_words_do_not_account_for_is_a_bar_of_its_own() -> None:
    view = attribution_view(attribution((1.0, -0.4), words=("good", "bad"), gap=0.3))
    assert [(step.label, step.words) for step in view.steps] == [
        ("all words hidden (base)", "0.50"),
        ("good", "+1.00"),
        ("bad", "−0.40"),
        ("not accounted for", "+0.30"),
        ("the text as it is (output)", "1.40"),
    ]
    assert [word.marks for word in view.words] == ["u3", "d2"]


def test_a_strip_shades_what_lies_beyond_the_limit() -> None:
    for check in check_views(sample_report()):
        for forest in (*check.forests, *check.context_forests):
            for row in forest.rows:
                if row.view.badge.key == "exceeds" and row.strip.estimate is not None:
                    at = row.strip.estimate
                    assert any(start < at < start + width for start, width in row.strip.beyond)
                if row.view.badge.key == "within" and row.strip.low is not None:
                    ends = (row.strip.low, row.strip.high or 0)
                    assert not any(start < end < start + width for start, width in row.strip.beyond for end in ends)


def test_a_forest_says_how_many_are_in_which_state() -> None:
    check = next(view for view in check_views(sample_report()) if view.info.id == "modelaudit/perturbation")
    flips = check.forests[0]
    assert flips.caption.startswith("Changed answers: of 12 metrics, 3 exceed their limits, 1 exceeds its limit as an")
    assert flips.caption.endswith("Limit: at most 5.0%; shaded: beyond it.")
    assert [row.view.badge.key for row in flips.rows][:4] == ["exceeds", "exceeds", "exceeds", "accepted"]
    assert len(policy("").limit) == 7


def test_paths_hold_numbers_only() -> None:
    for check in check_views(sample_report("<x>")):
        for view in check.findings:
            for item in view.evidence:
                drawing = figure(item).drawing
                for mark in drawing.marks if drawing else ():
                    if mark.shape == "path":
                        assert re.fullmatch(r"[Mmhlvz0-9. -]*", mark.d)


def test_long_axis_names_break_into_two_lines_and_stay_on_the_canvas() -> None:
    long = "share of the members that the attack finds at this threshold (true-positive rate), one more time and again"
    curve = Curve(title="t", x_label=long, y_label=long, series=(Series(name="s", x=(0, 1), y=(0, 1)),))
    drawing = curve_drawing(curve)
    names = [mark for mark in drawing.marks if mark.kind == "axis-name" and mark.shape == "labels"]
    assert [len(text) <= 45 for mark in names for _, _, text in mark.places] == [True] * 4
    assert all(0 < y < drawing.height for mark in names for _, y, _ in mark.places)


def test_numbers_of_an_axis_do_not_run_into_one_another() -> None:
    far = Series(name="s", x=(-3e300, 4e300), y=(1e-300, 2e300))
    for x_log in (False, True):
        drawing = curve_drawing(Curve(title="t", x_label="x", y_label="y", series=(far,), x_log=x_log))
        ticks = [mark for mark in drawing.marks if mark.kind == "tick" and mark.shape == "labels"]
        below = next(mark.places for mark in ticks if mark.anchor == "middle")
        ends = [(x - 3.3 * len(text), x + 3.3 * len(text)) for x, _, text in below]
        assert all(before[1] < after[0] for before, after in itertools.pairwise(ends))
        beside = next(mark.places for mark in ticks if mark.anchor == "end")
        assert all(x - 6.6 * len(text) >= 0 for x, _, text in beside)


def test_chance_is_bent_where_the_axis_is_logarithmic() -> None:
    chance = Series(name="chance", x=(0, 1), y=(0, 1), reference=True)
    ours = Series(name="ours", x=(0.001, 0.1, 1), y=(0.01, 0.4, 1))
    curve = Curve(title="t", x_label="x", y_label="y", x_log=True, series=(ours, chance))
    [line] = [mark for mark in curve_drawing(curve).marks if mark.kind == "line reference" and mark.shape == "path"]
    points = places(line.d)
    # At a tenth of the way down from 1, which is two thirds along the axis, chance has a tenth of its height.
    left, floor, right, top = points[0][0], max(y for _, y in points), points[-1][0], points[-1][1]
    [near] = [y for x, y in at(points, [left + (right - left) * 2 / 3])]
    assert (floor - near) / (floor - top) == pytest.approx(0.1, abs=0.03)


def places(d: str) -> list[tuple[float, float]]:
    """Return the corners of a path of the commands M, h, v and l."""
    found: list[tuple[float, float]] = []
    for command, text in re.findall(r"([Mhvl])([^Mhvlz]*)", d):
        numbers = [float(number) for number in re.findall(r"-?(?:\d+\.?\d*|\.\d+)", text)]
        if command == "M":
            found.append((numbers[0], numbers[1]))
            continue
        steps = {"h": [(n, 0.0) for n in numbers], "v": [(0.0, n) for n in numbers]}
        for dx, dy in steps.get(command, list(zip(numbers[::2], numbers[1::2], strict=False))):
            found.append((found[-1][0] + dx, found[-1][1] + dy))
    return found


def at(points: list[tuple[float, float]], xs: list[float]) -> list[tuple[float, float]]:
    """Return where a line is at these places, straight between its corners."""
    found = []
    for x in xs:
        left, right = next(pair for pair in itertools.pairwise(points) if pair[0][0] <= x <= pair[1][0])
        share = (x - left[0]) / (right[0] - left[0])
        found.append((x, left[1] + share * (right[1] - left[1])))
    return found


@given(st.lists(st.floats(0, 200).map(lambda value: round(value, 2)), min_size=2, max_size=60))
def test_a_thinned_line_stays_within_a_pixel_of_every_point(heights: list[float]) -> None:
    points = [(place * 280 / (len(heights) - 1), height) for place, height in enumerate(heights)]
    drawn = places(polyline(thinned(points)))
    ends = drawn[0][0], drawn[-1][0]
    shown = at(drawn, [min(max(x, ends[0]), ends[1]) for x, _ in points])
    for (_, y), (_, height) in zip(points, shown, strict=True):
        # Between two points a tenth of a unit apart on the flat axis, a steep line is off by its steepness.
        assert height == pytest.approx(y, abs=1.0 + max(abs(y - other) for other in heights) * 0.02)


@settings(max_examples=10)
@given(st.integers(0, 10_000))
def test_a_restless_line_keeps_its_swing_in_few_corners(seed: int) -> None:
    rng = random.Random(seed)
    points = [(place * 0.28, rng.uniform(0, 200)) for place in range(1_000)]
    drawn = thinned(points)
    assert len(drawn) <= 120
    assert {min(y for _, y in points), max(y for _, y in points)} <= {y for _, y in drawn}
    assert (drawn[0], drawn[-1]) == (points[0], points[-1])
