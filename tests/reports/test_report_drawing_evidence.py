"""Evidence on the page: what is shown of much, what is said of the rest, and that nothing breaks it."""

from __future__ import annotations

import itertools
import math
import re

import pytest
from drawn import check_characters, forests, shown
from hostile import CORPUS
from hypothesis import given, settings
from hypothesis import strategies as st
from page import Page
from sample_report import info, metric, policy, sample_report

from modelaudit.evidence import Bars, Curve, Evidence, Example, Examples, Histogram, Note, Part, Series, Shares, Table
from modelaudit.reports.checks import check_views
from modelaudit.reports.examples import changes
from modelaudit.results import CheckResult, Finding, Risk

MOST = 1.7e308


def test_a_long_table_shows_its_first_rows_and_counts_the_rest() -> None:
    page = Page(shown(Table(title="t", columns=("a", "b"), rows=tuple((f"row {row}", None) for row in range(1_000)))))
    assert len(page.all("tr")) == 7
    assert "row 0 – row 1 –" in page.words
    assert "994 further rows in the JSON record only." in page.words


def test_a_broad_table_shows_its_first_columns_and_scrolls() -> None:
    page = Page(shown(Table(title="t", columns=tuple(f"c{place}" for place in range(60)), rows=((1,) * 60,))))
    assert len(page.all("th")) == 13
    assert "48 further columns in the JSON record only." in page.words
    assert page.all("div")[1] == {"class": "scroll", "role": "group", "tabindex": "0", "aria-label": "Table"}
    narrow = Page(shown(Table(title="t", columns=("a", "b"), rows=((1, 2),))))
    assert all("tabindex" not in attributes for _, attributes in narrow.tags)


def test_columns_of_numbers_are_told_from_columns_of_words() -> None:
    table = Table(title="t", columns=("name", "rows", "share"), rows=(("a", 1, "50%"), ("b", None, "1%")))
    assert Page(shown(table)).all("table") == [{"class": "data n2"}]


def test_an_empty_table_says_so() -> None:
    page = Page(shown(Table(title="Personal data", columns=("a",), rows=())))
    assert page.words == "Personal data The table has no rows."


def test_a_long_curve_shows_points_evenly_with_the_first_and_the_last() -> None:
    x = tuple(float(place) for place in range(1_000))
    curve = Curve(title="t", x_label="x", y_label="y", series=(Series(name="s", x=x, y=tuple(map(math.sin, x))),))
    source = shown(curve)
    page = Page(source)
    assert len(page.all("tr")) == 7
    assert "6 of 1,000 points, evenly picked" in page.words
    assert "<th>0</th>" in source
    assert "<th>999</th>" in source
    assert len(source) < 9_000


def test_lines_beyond_the_eighth_are_counted() -> None:
    series = tuple(Series(name=f"line {place}", x=(0, 1), y=(0, place)) for place in range(50))
    page = Page(shown(Curve(title="t", x_label="x", y_label="y", series=series)))
    assert len([path for path in page.all("path") if (path["class"] or "").startswith("line")]) == 8
    assert "42 further lines are not drawn; they are in the JSON record." in page.words


def test_many_bins_are_counted_together_and_lose_no_row() -> None:
    counts = tuple(range(999))
    histogram = Histogram(
        title="t",
        x_label="x",
        edges=tuple(float(edge) for edge in range(1_000)),
        groups=(Bars(name="g", counts=counts),),
    )
    source = shown(histogram)
    found = [int(number.replace(",", "")) for number in re.findall(r"<td>([\d,]+) \(", source)]
    assert len(found) == 6
    assert sum(found) == sum(counts)
    assert "999 bins, of which neighbours are counted together here (6 rows)" in Page(source).words
    assert len(source) < 6_000


def test_examples_without_text_are_a_line_of_ids() -> None:
    items = tuple(Example(row=f"train:{row}", outcome="phone number") for row in range(100))
    page = Page(shown(Examples(title="t", selection="s", items=items, private=True)))
    assert len(page.all("li")) == 1
    assert "phone number train:0 train:1" in page.words
    assert "train:11 and 88 more in the JSON record" in page.words
    assert "The text of these rows is withheld." in page.words


def test_examples_show_what_was_changed_in_the_text() -> None:
    example = Example(
        row="r:1", before="A man wrote to us.", after="A woman wrote to us.", change="male to female",
        outcome="the decision changes", before_score=0.9, after_score=0.1,
    )  # fmt: skip
    source = shown(Examples(title="t", selection="s", items=(example,) * 5))
    assert "<q>A <del>man</del><ins>woman</ins> wrote to us.</q>" in source
    assert "male to female; the decision changes; score 0.900 → 0.100" in Page(source).words
    assert "3 further rows in the JSON record only." in Page(source).words


@settings(max_examples=50)
@given(st.lists(st.sampled_from(["the", "cat", "sat", "on", "a", "mat"]), max_size=12), st.data())
def test_changes_give_back_both_texts(words: list[str], data: st.DataObject) -> None:
    other = [data.draw(st.sampled_from([word, "dog"])) for word in words]
    before, after = " ".join(words), " ".join(other)
    pieces = list(changes(before, after))
    assert "".join(text for kind, text in pieces if kind != "ins") == before
    assert "".join(text for kind, text in pieces if kind != "del") == after
    assert bool([kind for kind, _ in pieces if kind]) == (before != after)


def test_a_change_far_into_a_long_text_is_shown_with_what_stands_around_it() -> None:
    pieces = list(changes("x " * 5_000 + "old" + " y" * 5_000, "x " * 5_000 + "new" + " y" * 5_000))
    assert ("del", "old") in pieces
    assert ("ins", "new") in pieces
    assert sum(len(text) for _, text in pieces) < 200


def test_a_plot_draws_forty_findings_and_counts_the_rest() -> None:
    findings = tuple(
        Finding(
            metric=metric("flip_rate", "Changed answers", 0.2 + place / 1_000, 0.01, group=f"g {place}"), statement="s"
        )
        for place in range(100)
    )
    result = CheckResult(
        checker=info("modelaudit/perturbation", Risk.ROBUSTNESS, "t", "q", "s"),
        plugin="p", status="completed", findings=findings,
    )  # fmt: skip
    [check] = check_views(sample_report(results=(result,)))
    page = Page(forests(check))
    assert len([row for row in page.all("tr") if row.get("class")]) == 40
    assert "60 further metrics are not drawn; they stand in the tables below and in the JSON record." in page.words
    # The furthest beyond the limit come first.
    assert "g 99 29.9%" in page.words
    assert "g 59 " not in page.words
    assert len(policy("").limit) == 7


def roc(points: int) -> Curve:
    x = tuple(10 ** (-3 + 3 * place / (points - 1)) for place in range(points))
    y = tuple(min(1.0, round(place**0.5 + 0.02 * math.sin(9e3 * place), 4)) for place in x)
    band = {"low": tuple(0.9 * height for height in y), "high": tuple(min(1.0, 1.1 * height) for height in y)}
    attacks = (Series(name=f"attack number {place}", x=x, y=y, **band) for place in range(3))
    return Curve(
        title="How many training rows the attacks find", x_label="false-positive rate", y_label="true-positive rate",
        x_log=True, y_log=True, series=(*attacks, Series(name="blind guess", x=x, y=x, reference=True)),
    )  # fmt: skip


def names(bins: int) -> Histogram:
    edges = tuple(-0.4 + 0.8 * edge / bins for edge in range(bins + 1))
    groups = tuple(Bars(name=name, counts=tuple(7 + place % 5 for place in range(bins))) for name in ("female", "male"))
    return Histogram(title="Effects of names", x_label="the probability of a class", edges=edges, groups=groups)


def pairs(rows: int) -> Examples:
    text = "After the second default, the bank closed the account and sued the {} for the outstanding balance."
    items = (
        Example(
            row=f"evaluation.csv:{row}", before=text.format("man"), after=text.format("woman"), change="male to female",
            outcome="the decision changes", before_score=0.9986, after_score=0.0011,
        )
        for row in range(rows)
    )  # fmt: skip
    return Examples(
        title="Rows that moved most", selection="the 5 of 216 rows with the largest difference", items=tuple(items)
    )


def cues(rows: int) -> Table:
    cells = (
        "contains a number",
        "punctuation",
        "not routine",
        400,
        "insurance",
        "97.0%",
        "82.5%",
        "+14.5 points (+11.4 to +18.3)",
    )
    return Table(
        title="Cues put into rows", columns=tuple(f"column {place}" for place in range(8)), rows=(cells,) * rows
    )


SIZES = {
    "curve": (roc(80), 9_000),
    "long curve": (roc(1_000), 10_000),
    "histogram": (names(12), 3_000),
    "long histogram": (names(999), 4_500),
    "examples": (pairs(5), 1_200),
    "many examples": (pairs(1_000), 1_200),
    "table": (cues(20), 2_500),
    "long table": (cues(1_000), 2_500),
}
"""Bytes that a piece of evidence may take, however much it holds."""


@pytest.mark.parametrize(("item", "most"), SIZES.values(), ids=SIZES)
def test_evidence_of_any_length_stays_small(item: Evidence, most: int) -> None:
    assert len(shown(item).encode()) < most


def test_a_row_of_a_plot_stays_small() -> None:
    check = next(
        view for view in check_views(sample_report()) if view.info.id == "modelaudit/counterfactual-substitution"
    )
    rows = re.findall(r"<tr class=.*?</tr>", forests(check))
    assert len(rows) > 4
    anchors = sum(len(name) for row in rows for name in re.findall(r'(?:href|id)="[^"]*"', row))
    assert sum(len(row.encode()) for row in rows) - anchors < 600 * len(rows)


EXTREMES = {
    "largest": ((0, 1, 2), (-MOST, 0, MOST)),
    "largest, equal": ((MOST, MOST), (MOST, MOST)),
    "far apart": ((1e-300, 1e300), (1e-300, 1e300)),
    "subnormal": ((1e-320, 2e-320), (1e-320, 3e-320)),
    "zeros": ((0, 0, 0), (0, 0, 0)),
    "equal": ((1, 2, 3), (5, 5, 5)),
    "one point": ((1,), (1,)),
    "negative": ((-2, -1), (-5, -1e-9)),
    "nearly equal": ((1.0, 1.0 + 1e-15), (1.0, 1.0 + 2e-16)),
    "none": ((), ()),
}


@pytest.mark.parametrize("name", EXTREMES)
def test_extreme_numbers_are_drawn_on_the_canvas(name: str) -> None:
    x, y = EXTREMES[name]
    for x_log, y_log, with_reference in itertools.product((False, True), repeat=3):
        series = (Series(name="s", x=x, y=y, low=y, high=y), Series(name="r", x=x, y=y, reference=True))
        curve = Curve(
            title="t", x_label="x", y_label="y", x_log=x_log, y_log=y_log, series=series[: 1 + with_reference]
        )
        check_numbers(shown(curve))
    if x:
        check_numbers(
            shown(
                Histogram(
                    title="t", x_label="x", edges=(*x, *x), groups=(Bars(name="g", counts=(0,) * (2 * len(x) - 1)),)
                )
            )
        )


def check_numbers(source: str) -> None:
    """Check that no place of a drawing is off its canvas or no number."""
    page = Page(source)
    [svg] = page.all("svg")
    width, height = (float(side) for side in (svg["viewbox"] or "").split()[2:])
    for path in page.all("path"):
        assert re.fullmatch(r"[Mmhlvz0-9. -]*", path["d"] or "")
        for start in re.findall(r"M(-?[\d.]+) ?(-?[\d.]+)", path["d"] or ""):
            assert 0 <= float(start[0]) <= width
            assert 0 <= float(start[1]) <= height
    assert not re.search(r"\b(nan|inf|NaN|Infinity)\b", source)


def poisoned(text: str) -> tuple[Evidence, ...]:
    """Return evidence of every kind whose every string ends in this text."""
    return (
        Examples(
            title=f"t{text}", selection=f"s{text}",
            items=(
                Example(row=f"r{text}", before=f"a b{text}", after=f"a c{text}", change=f"c{text}", outcome=f"o{text}"),
                Example(row=f"r{text}", before=f"a b{text}", change=f"c{text}"),
            ),
        ),
        Examples(title=f"t{text}", selection=f"s{text}", items=(Example(row=f"r{text}", outcome=f"o{text}"),)),
        Table(
            title=f"t{text}", columns=tuple(f"{name}{text}" for name in "abcd"), rows=((f"x{text}", 1, None, True),),
        ),
        Curve(
            title=f"t{text}", x_label=f"x{text}", y_label=f"y{text}",
            series=(
                Series(name=f"s{text}", x=(0, 1), y=(0, 1)), Series(name=f"r{text}", x=(0,), y=(1,), reference=True),
            ),
        ),
        Histogram(title=f"t{text}", x_label=f"x{text}", edges=(0, 1), groups=(Bars(name=f"g{text}", counts=(1,)),)),
        Shares(title=f"t{text}", whole=f"w{text}", parts=(Part(name=f"p{text}", share=1.0),)),
        Note(title=f"t{text}", text=f"n{text}"),
    )  # fmt: skip


@pytest.mark.parametrize("text", [*CORPUS[3::4], "word " * 200_000], ids=lambda text: repr(text[:12]))
def test_hostile_strings_change_words_and_never_the_page(text: str) -> None:
    for item, benign in zip(poisoned(text), poisoned("x"), strict=True):
        source = shown(item)
        assert Page(source).shape == Page(shown(benign)).shape
        assert Page(source).faults == []
        assert len(source) < 20_000
        check_characters(source)
