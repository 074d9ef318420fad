"""The difference of two audits, from their intervals and from their rows."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

import numpy as np
import pytest

from modelaudit.statistics import (
    LEVELS,
    OPEN_END,
    Estimate,
    clopper_pearson,
    difference_of,
    interval_at,
    mcnemar_p,
    no_difference_p,
    normal,
    on_grid,
    paired_right,
    paired_share,
    wilson,
)

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"
DRAWS = 60
MOST_ALARMS = 8
"""Of 60 at 5%: more come in one study of 200."""
FEWEST_HELD = 52
FEWEST_FOUND = 39
"""Of 60 at 80%: fewer are found in one study of 300."""


def test_two_shares_are_compared_as_newcombe_does():
    # Newcombe 1998, Statistics in Medicine 17:873, table II, method 10: 56/70 - 48/80 is .2000 (.0524 to .3339).
    found = difference_of(wilson(48, 80), wilson(56, 70))
    assert found.value == pytest.approx(0.2)
    assert found.interval() == pytest.approx((0.0524, 0.3339), abs=1e-4)
    assert found.n == 70


def test_two_normal_estimates_give_the_normal_difference_and_its_p():
    found = difference_of(normal(1.0, 0.3, n=50, method="m"), normal(2.0, 0.4, n=60, method="m"))
    assert found.interval(0.9) == pytest.approx((1.0 - 1.6449 * 0.5, 1.0 + 1.6449 * 0.5), abs=1e-3)
    assert no_difference_p(found.bounds) == pytest.approx(0.0455, abs=1e-3)
    assert found.smallest_detectable == pytest.approx(2.8016 * 0.5, rel=1e-3)


@pytest.mark.parametrize(("before", "after"), [(5, 14), (5, 16), (0, 6), (40, 20), (12, 12)])
def test_p_is_small_exactly_where_the_interval_leaves_zero_out(before, after):
    found = difference_of(clopper_pearson(before, 80), clopper_pearson(after, 80))
    p = no_difference_p(found.bounds)
    for level in (0.8, 0.9, 0.95, 0.97, 0.99):
        low, high = interval_at(found.bounds, level)
        assert (p <= 1.0 - level) == (low > 0.0 or high < 0.0)


def test_the_smallest_change_of_a_rare_share_allows_for_the_variance_after_the_change():
    rare = difference_of(wilson(3, 300), wilson(3, 300))
    effect = rare.smallest_detectable
    variance = (0.01 * 0.99 + (0.01 + effect) * (0.99 - effect)) / 300
    assert 2.8016 * variance**0.5 < effect < 1.25 * 2.8016 * variance**0.5
    assert all(-1.0 <= low <= high <= 1.0 for _, low, high in rare.bounds)


def test_a_shorter_grid_is_not_stretched():
    short = Estimate(value=0.4, n=10, method="m", bounds=((0.9, 0.3, 0.5), (0.95, 0.28, 0.52)))
    found = difference_of(short, normal(0.9, 0.01, n=10, method="m"))
    assert [level for level, _, _ in found.bounds] == [level for level in LEVELS if level <= 0.95]
    assert no_difference_p(found.bounds) >= 0.05


@pytest.mark.parametrize(
    ("other", "said"),
    [
        (Estimate(value=None, n=3, method="m", reason="too few rows"), "too few rows"),
        (Estimate(value=0.2, n=3, method="m", reason="one row shows no spread"), "one row shows no spread"),
        (Estimate(value=0.2, n=3, method="m", bounds=on_grid(lambda level: (0.1, OPEN_END))), "no upper end"),
    ],
)
def test_without_two_closed_intervals_there_is_no_interval_and_a_reason(other, said):
    for pair in ((other, wilson(5, 10)), (wilson(5, 10), other)):
        found = difference_of(*pair)
        assert not found.bounds
        assert said in found.reason


def test_accuracy_is_paired_by_the_rows_that_differ():
    before = np.array([True] * 60 + [False] * 40)
    after = before.copy()
    after[:9] = False
    after[60:62] = True
    found, p = paired_right(before, after)
    assert found.value == pytest.approx(-0.07)
    assert p == mcnemar_p(2, 9)
    low, high = found.interval()
    assert -0.16 < low < -0.07 < high < 0.0
    # Unpaired, the same two shares tell nothing.
    apart = difference_of(wilson(60, 100), wilson(53, 100)).interval()
    assert apart[0] < low
    assert apart[1] > high


def test_rows_of_one_document_count_less():
    rng = np.random.default_rng(3)
    document = np.repeat(np.arange(40), 5)
    before = np.repeat(rng.random(40) < 0.8, 5)
    after = np.repeat(rng.random(40) < 0.6, 5)
    alone, p = paired_right(before, after)
    together, no_p = paired_right(before, after, clusters=document)
    assert p is not None
    assert no_p is None
    assert np.diff(together.interval()) > 1.7 * np.diff(alone.interval())


def test_a_change_of_words_is_that_of_all_words_and_never_certain():
    totals = np.array([10.0, 20.0, 0.0, 30.0])
    found = paired_share(np.array([5.0, 10.0, 0.0, 15.0]), np.array([6.0, 12.0, 0.0, 18.0]), totals)
    assert found.value == pytest.approx(0.1)
    assert found.n == 3
    low, high = found.interval()
    assert low < 0.0 < 0.1 < high
    nothing = paired_share(np.zeros(2), np.zeros(2), np.zeros(2))
    assert nothing.value is None


@pytest.fixture(scope="module")
def cells():
    sys.path.insert(0, str(BENCHMARKS))
    try:
        found = import_module("monitoring.two_audits").study(DRAWS, 20261126)
    finally:
        sys.path.remove(str(BENCHMARKS))
    return {cell["cell"]: cell for cell in found}


def _of(cells, what):
    return {name: cell["measured"] for name, cell in cells.items() if name.partition(": ")[2].startswith(what)}


def test_each_cell_of_the_study_says_what_was_asked_and_what_was_found(cells):
    assert len(cells) == 13 * 5 + 1
    assert all(set(cell) == {"study", "cell", "asked", "measured", "holds", "draws"} for cell in cells.values())


def test_two_audits_of_one_truth_are_seldom_called_different(cells):
    assert cells[f"20 shares of one truth compared together: any claim in {DRAWS}"]["measured"] <= MOST_ALARMS
    assert {name: count for name, count in _of(cells, "alarms in").items() if count > MOST_ALARMS} == {}


def test_intervals_of_the_difference_hold_the_truth(cells):
    held = _of(cells, "coverage")
    assert len(held) == 26
    assert {name: share for name, share in held.items() if share < FEWEST_HELD / DRAWS} == {}


def test_the_printed_smallest_change_is_found(cells):
    assert {name: share for name, share in _of(cells, "power").items() if share < FEWEST_FOUND / DRAWS} == {}
