"""Names are a sample: the interval of a group difference holds whatever the names' own offsets."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.optimize import brentq
from scipy.special import ndtr
from scipy.stats import ttest_rel

from modelaudit.statistics import crossed_difference, crossed_excess, crossed_mean, mean_difference, p_above


def design(rng, rows, names, per_row):
    """Return which names each row gets, shape [rows, per_row]: an incomplete design, balanced on average."""
    return np.argsort(rng.random((rows, names)), axis=1)[:, :per_row]


def null_audit(rng, *, rows, names, per_row=4, name_sd=0.02, noise=0.03, slope=0.0, delta=0.0):
    """Return the arguments of `crossed_difference` for a model whose groups differ by `delta` only."""
    level, sides = rng.normal(0.5, 0.25, rows), []
    for shift in (0.0, delta):
        held = design(rng, rows, names, per_row)
        offset = (
            rng.normal(0, name_sd, names)[held] + rng.normal(0, slope, (rows, 1)) + rng.normal(0, noise, held.shape)
        )
        sides.append(((level[:, None] + shift + offset).ravel(), np.repeat(np.arange(rows), per_row), held.ravel()))
    (a, row_a, name_a), (b, row_b, name_b) = sides
    return a, b, row_a, row_b, name_a, name_b


@pytest.mark.parametrize(
    ("rows", "names", "options", "least", "most"),
    [
        (50, 10, {}, 0.93, 0.97),
        (50, 40, {}, 0.93, 0.97),
        (100, 40, {"slope": 0.05, "noise": 0.1}, 0.93, 0.97),
        (50, 10, {"per_row": 10, "slope": 0.02}, 0.93, 0.975),
        (100, 20, {"per_row": 1}, 0.93, 0.98),
        (200, 20, {"delta": 0.06}, 0.93, 0.97),
    ],
)
def test_difference_covers(rows, names, options, least, most):
    rng, covered, delta = np.random.default_rng(21), 0, options.get("delta", 0.0)
    for _ in range(1000):
        low, high = crossed_difference(*null_audit(rng, rows=rows, names=names, **options)).interval()
        covered += low <= delta <= high
    assert least <= covered / 1000 <= most


def test_the_published_protocol_would_accuse_this_fair_model():
    rng, paired, crossed = np.random.default_rng(22), 0, 0
    for _ in range(300):
        a, b, row_a, row_b, name_a, name_b = null_audit(rng, rows=200, names=10, per_row=10)
        paired += ttest_rel(b.reshape(200, 10).mean(1), a.reshape(200, 10).mean(1)).pvalue < 0.05
        low, high = crossed_difference(a, b, row_a, row_b, name_a, name_b).interval()
        crossed += not low <= 0 <= high
    assert paired / 300 > 0.5
    assert crossed / 300 < 0.09


def test_mean_covers_and_is_a_t_interval_where_names_never_recur():
    rng, covered = np.random.default_rng(23), 0
    for _ in range(1000):
        held = design(rng, 60, 20, 4)
        values = rng.normal(0, 0.05, (60, 1)) + rng.normal(0, 0.05, 20)[held] + rng.normal(0, 0.1, held.shape)
        low, high = crossed_mean(values.ravel(), np.repeat(np.arange(60), 4), held.ravel()).interval()
        covered += low <= 0 <= high
    assert 0.93 <= covered / 1000 <= 0.97
    values = rng.normal(size=30)
    once = crossed_mean(values, np.arange(30), np.arange(30)).interval()
    assert once == pytest.approx(mean_difference(values).interval(), rel=0.3)


def flips(rng, *, rows=200, names=20, per_row=4, name_sd=0.6, shift=0.0, seesaw=0.0):
    level = rng.normal(0, 2.0, (rows, 1))
    held_a, held_b = design(rng, rows, names, per_row), design(rng, rows, names, per_row)
    a = level + rng.normal(0, name_sd, names)[held_a] > 0
    turn = seesaw * np.where(np.arange(rows) % 2, 1, -1)[:, None]
    b = level + shift + turn + rng.normal(0, name_sd, names)[held_b] > 0
    row = np.repeat(np.arange(rows), per_row)
    return a.ravel(), b.ravel(), row, row, held_a.ravel(), held_b.ravel()


def test_ordinary_instability_is_not_an_excess_of_flips():
    rng, alarms, values = np.random.default_rng(24), 0, []
    for _ in range(1000):
        result = crossed_excess(*flips(rng, rows=100))
        alarms += p_above(result.bounds, 0.0) <= 0.05
        values.append(result.value)
    assert alarms / 1000 <= 0.05
    assert np.mean(values) == pytest.approx(0.0, abs=0.0012)


def test_a_small_true_excess_stays_below_the_upper_end():
    rng, above = np.random.default_rng(28), 0
    margins = rng.normal(0, 2.0, 500_000)
    truth = np.mean((ndtr(margins / 0.6) - ndtr((margins + 0.5) / 0.6)) ** 2)
    for _ in range(1000):
        above += crossed_excess(*flips(rng, rows=100, shift=0.5)).interval()[1] < truth
    assert above / 1000 <= 0.08


def test_an_excess_of_the_stated_size_is_found_at_least_as_often_as_said():
    rng, margins = np.random.default_rng(44), np.random.default_rng(0).normal(0, 2.0, 200_000)
    stated = np.mean([crossed_excess(*flips(rng, rows=100)).smallest_detectable for _ in range(50)])

    def beyond(shift):
        return np.mean((ndtr(margins / 0.6) - ndtr((margins + shift) / 0.6)) ** 2) - stated

    shift = brentq(beyond, 0.0, 6.0)
    found = np.mean([crossed_excess(*flips(rng, rows=100, shift=shift)).interval()[0] > 0.0 for _ in range(200)])
    assert 0.75 <= found <= 0.97


def test_where_no_decision_changed_the_stated_share_of_changed_rows_would_have_been_found():
    rng, names, rows = np.random.default_rng(45), np.tile([0, 1], 100), np.repeat(np.arange(100), 2)
    stated = crossed_excess(np.zeros(200), np.zeros(200), rows, rows, names, names).smallest_detectable
    found = 0
    for _ in range(300):
        changed = (rng.random(100) < stated)[rows]
        found += crossed_difference(np.zeros(200), changed * 1.0, rows, rows, names, names).interval()[0] > 0.0
    assert 0.72 <= found / 300 <= 0.88


def test_flips_by_group_are_found_even_without_a_direction():
    rng = np.random.default_rng(25)
    found = [p_above(crossed_excess(*flips(rng, seesaw=1.0)).bounds, 0.0) <= 0.05 for _ in range(100)]
    assert np.mean(found) > 0.9


def test_excess_is_the_cross_rate_less_the_same_group_rate():
    a, b = ["x", "x", "y", "z"], ["x", "y", "y", "y"]
    rows, names = ["r", "r", "s", "s"], [0, 1, 0, 1]
    # Row r: cross 1/2, within a 0, within b 1. Row s: cross 1/2, within a 1, within b 0.
    result = crossed_excess(a, b, rows, rows, names, names)
    assert result.value == pytest.approx(0.0)
    assert result.n == 2
    assert crossed_excess(["x", "x"], ["y", "y"], ["r", "r"], ["r", "r"], [0, 1], [2, 3]).value == 1.0


def test_labels_and_order_do_not_matter():
    rng = np.random.default_rng(26)
    a, b, row_a, row_b, name_a, name_b = null_audit(rng, rows=30, names=8)
    expected = crossed_difference(a, b, row_a, row_b, name_a, name_b)
    order = rng.permutation(len(a))
    text = np.array([f"row {row}" for row in row_a])
    moved = crossed_difference(a[order], b, text[order], text, name_a[order], name_b)
    assert moved.interval() == pytest.approx(expected.interval())
    back = crossed_difference(b, a, row_b, row_a, name_b, name_a)
    assert back.interval() == pytest.approx(tuple(-end for end in reversed(expected.interval())))


def test_rows_of_one_group_only_are_left_out():
    a, b = [0.1, 0.2, 0.9, 0.3, 0.4], [0.2, 0.3, 0.5, 0.5]
    result = crossed_difference(a, b, [1, 1, 7, 2, 2], [1, 1, 2, 2], list("pqppq"), list("rsrs"))
    assert result.n == 2
    assert result.value == pytest.approx(0.125)
    nothing = crossed_difference([0.1], [0.2], [1], [2], ["p"], ["q"])
    assert nothing.value is None
    assert "both groups" in nothing.reason


def test_one_name_a_group_cannot_be_told_from_the_group():
    result = crossed_difference([0.1, 0.2], [0.3, 0.5], [1, 2], [1, 2], ["p", "p"], ["q", "q"])
    assert result.value == pytest.approx(0.25)
    assert "1 name" in result.reason
    assert crossed_mean([], [], []).value is None
    assert "No row" in crossed_excess([1], [1], ["r"], ["r"], [0], [1]).reason


def test_a_name_blind_model_differs_by_nothing():
    rows, names = np.repeat(np.arange(40), 4), np.tile(np.arange(4), 40)
    level = np.random.default_rng(27).random(40)[rows]
    assert crossed_difference(level, level, rows, rows, names, names).interval() == pytest.approx((0, 0), abs=1e-12)


def test_decisions_that_never_changed_here_may_change_elsewhere():
    rows, names = np.repeat(np.arange(100), 2), np.tile([0, 1], 100)
    decision = (rows % 2).astype(float)
    for result in (
        crossed_difference(decision, decision, rows, rows, names, names),
        crossed_excess(decision, decision, rows, rows, names, names),
    ):
        assert result.value == 0.0
        assert result.interval() == pytest.approx((-0.0362, 0.0362), abs=1e-4)


def documents_audit(rng, *, documents, per_document, names=20, tilt=0.05, name_sd=0.01):
    """Return the arguments of `crossed_difference` where the rows of a document share how far the groups differ."""
    rows = documents * per_document
    unit = np.repeat(np.arange(documents), per_document)
    shared = rng.normal(0, tilt, documents)[unit]
    sides = []
    for effect in (np.zeros(rows), shared):
        held = design(rng, rows, names, 4)
        values = effect[:, None] + rng.normal(0, name_sd, names)[held] + rng.normal(0, 0.03, held.shape)
        sides.append((values.ravel(), np.repeat(np.arange(rows), 4), held.ravel()))
    (a, row_a, name_a), (b, row_b, name_b) = sides
    return (a, b, row_a, row_b, name_a, name_b), dict(enumerate(unit.tolist()))


def test_rows_of_one_document_are_not_independent():
    rng, by_row, by_document = np.random.default_rng(41), 0, 0
    for draw in range(1000):
        arguments, units = documents_audit(rng, documents=30, per_document=10)
        low, high = crossed_difference(*arguments, units=units).interval()
        by_document += not low <= 0 <= high
        if draw < 300:
            low, high = crossed_difference(*arguments).interval()
            by_row += not low <= 0 <= high
    assert by_row / 300 > 0.3
    assert 0.035 <= by_document / 1000 <= 0.065


def test_each_row_counts_equally_whatever_its_document():
    scores = np.array([0.0, 0.0, 0.0, 0.6])
    rows, names = [1, 2, 3, 4], list("pqpq")
    result = crossed_difference(np.zeros(4), scores, rows, rows, names, list("rsrs"), units={1: 0, 2: 0, 3: 0, 4: 1})
    assert result.value == pytest.approx(0.15)
    assert result.n == 2
    with pytest.raises(ValueError, match="no entry for the row 4"):
        crossed_difference(np.zeros(4), scores, rows, rows, names, list("rsrs"), units={1: 0, 2: 0, 3: 0})


def test_a_document_a_row_changes_nothing():
    rng = np.random.default_rng(42)
    arguments = null_audit(rng, rows=40, names=10)
    own = {row: f"document {row:02d}" for row in range(40)}
    assert crossed_difference(*arguments, units=own) == crossed_difference(*arguments)
    decided = flips(rng, rows=40, names=10, shift=1.0)
    assert crossed_excess(*decided, units=own) == crossed_excess(*decided)
    values, rows, names = arguments[0], arguments[2], arguments[4]
    assert crossed_mean(values, rows, names, units=own) == crossed_mean(values, rows, names)


def test_what_never_changed_is_bounded_by_the_number_of_documents():
    rows, names = np.repeat(np.arange(100), 2), np.tile([0, 1], 100)
    decision = (rows % 2).astype(float)
    units = {row: row // 5 for row in range(100)}
    for method in (crossed_difference, crossed_excess):
        result = method(decision, decision, rows, rows, names, names, units=units)
        assert result.n == 20
        assert result.interval() == pytest.approx((-0.168, 0.168), abs=1e-3)


def test_an_excess_in_few_documents_is_uncertain():
    rng = np.random.default_rng(43)
    units = {row: row // 25 for row in range(200)}
    turn = np.where(np.arange(200) // 25 % 2, 1.5, 0.0)[:, None]
    held_a, held_b = design(rng, 200, 20, 4), design(rng, 200, 20, 4)
    level = rng.normal(0, 1.0, (200, 1))
    a = level + rng.normal(0, 0.3, 20)[held_a] > 0
    b = level + turn + rng.normal(0, 0.3, 20)[held_b] > 0
    rows = np.repeat(np.arange(200), 4)
    sides = (a.ravel(), b.ravel(), rows, rows, held_a.ravel(), held_b.ravel())
    by_row, by_document = crossed_excess(*sides), crossed_excess(*sides, units=units)
    assert by_document.value == pytest.approx(by_row.value)
    assert by_document.interval()[0] < by_row.interval()[0] - 0.05


def test_bad_arrays_are_named():
    with pytest.raises(ValueError, match="rows_b"):
        crossed_difference([0.1], [0.2, 0.3], [1], [1], ["p"], ["q", "r"])
    with pytest.raises(ValueError, match="scores_a holds 1 NaN"):
        crossed_difference([np.nan], [0.2], [1], [1], ["p"], ["q"])
    with pytest.raises(ValueError, match="names holds NaN"):
        crossed_mean([0.1, 0.2], [1, 2], [0.0, np.nan])
