"""Charts: geometry that keeps the order of the numbers, and captions that say what is seen."""

from __future__ import annotations

import math
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from sample_report import policy, sample_report

from modelaudit.evidence import Attribution, Bars, Curve, Examples, Histogram, Part, Series, Shares, Table
from modelaudit.reports.attribution import attribution_view
from modelaudit.reports.axis import linear_axis, log_axis
from modelaudit.reports.charts import curve_drawing, curve_reading, histogram_drawing, histogram_reading
from modelaudit.reports.checks import check_views
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
    assert axis.percent(0.1) == 66.67


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
    assert [mark.kind for mark in marks if mark.shape == "path"] == ["line reference", "line s0"]


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
    many, few, _ = (mark.d for mark in histogram_drawing(histogram).marks if mark.shape == "path")
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
    assert [mark.text for mark in drawing.marks if mark.shape == "label"] == ["60%", "37%"]
    paths = [mark.d for mark in drawing.marks if mark.shape == "path"]
    assert len(paths) == 3
    assert paths[0].startswith("M8 ")
    assert "632 " in paths[2]
    assert shares_reading(item) == "Of the variation: list 60%, pairs 37%, neither 3%."
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
    assert flips.caption.endswith("Limit: at most 5.0%.")
    assert [row.view.badge.key for row in flips.rows][:4] == ["exceeds", "exceeds", "exceeds", "accepted"]
    assert len(policy("").limit) == 7


def test_only_columns_with_values_are_shown() -> None:
    bare = Examples.model_validate({"title": "t", "selection": "s", "items": [{"row": "r:1", "outcome": "kept"}]})
    shown = figure(bare).table
    assert shown is not None
    assert shown.columns == ("Row", "Outcome")


def test_a_long_table_says_what_it_leaves_out() -> None:
    shown = figure(Table(title="t", columns=("a", "b"), rows=tuple((row, None) for row in range(100)))).table
    assert shown is not None
    assert (len(shown.rows), shown.left_out) == (40, 60)
    assert shown.rows[0] == ("0", "–")


def test_paths_hold_numbers_only() -> None:
    for check in check_views(sample_report("<x>")):
        for view in check.findings:
            for item in view.evidence:
                drawing = figure(item).drawing
                for mark in drawing.marks if drawing else ():
                    if mark.shape == "path":
                        assert re.fullmatch(r"[MLZ0-9. eE+-]+", mark.d)


def test_long_axis_names_break_into_two_lines_and_stay_on_the_canvas() -> None:
    long = "share of the members that the attack finds at this threshold (true-positive rate), one more time and again"
    curve = Curve(title="t", x_label=long, y_label=long, series=(Series(name="s", x=(0, 1), y=(0, 1)),))
    names = [mark for mark in curve_drawing(curve).marks if mark.kind == "axis-name"]
    assert [len(mark.text) <= 45 for mark in names if mark.shape == "label"] == [True] * 4
    assert all(0 < mark.y < 290 for mark in names if mark.shape == "label")
