"""The share of wrong labels: recovered where it is planted, not seen where a model merely errs."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import expit

from modelaudit.statistics.label_noise import MOST, label_noise


def table(n, share, seed, *, sureness=1.0, shift=0.0, classes=2):
    """Return margins, contradictions and predicted classes of a model that knows the true log-odds."""
    rng = np.random.default_rng([seed, n])
    truth = rng.normal(0.0, 3.0, n)
    label = (rng.random(n) < expit(truth)).astype(int)
    wrong = rng.random(n) < share
    label = np.where(wrong, (label + rng.integers(1, classes, n)) % classes, label)
    stated = truth * sureness + shift
    predicted = (stated > 0).astype(int)
    return np.abs(stated), label != predicted, predicted, wrong


@pytest.mark.parametrize("sureness", [0.5, 1.0, 3.0])
@pytest.mark.parametrize("share", [0.0, 0.03, 0.1])
def test_a_planted_share_lies_in_its_interval_however_sure_the_model_is(share, sureness):
    held, above, values = 0, 0, []
    for seed in range(6):
        found = label_noise(*table(1_000, share, seed, sureness=sureness)[:3], detectable=False).estimate
        low, high = found.interval()
        held += low <= share <= high
        above += low > share
        values.append(found.value)
    assert held >= 5
    assert above <= 1
    assert abs(np.mean(values) - share) < 0.025


def test_wrong_answers_of_an_unsure_model_are_no_wrong_labels():
    depth, differs, predicted, _ = table(2_000, 0.0, 1)
    assert differs.mean() > 0.1
    low, high = label_noise(depth, differs, predicted).estimate.interval()
    assert low == 0.0
    assert high < 0.03


def test_the_wrong_label_is_blamed_where_the_model_is_sure():
    depth, differs, predicted, wrong = table(3_000, 0.1, 2)
    blamed = label_noise(depth, differs, predicted).blamed
    assert blamed[differs & wrong].mean() > blamed[differs & ~wrong].mean() + 0.2
    assert blamed.mean() == pytest.approx(wrong.mean(), abs=0.03)
    assert ((blamed >= 0) & (blamed <= 1)).all()


def test_more_classes_are_told_as_well():
    values = [
        label_noise(*table(2_000, 0.1, seed, classes=5)[:3], classes=5, detectable=False).estimate.value
        for seed in range(6)
    ]
    assert np.mean(values) == pytest.approx(0.1, abs=0.02)


def test_all_right_all_wrong_and_one_row_have_an_interval():
    depth = np.linspace(0.1, 6.0, 200)
    right = label_noise(depth, np.zeros(200, dtype=bool)).estimate
    assert right.value == pytest.approx(0.0, abs=1e-4)
    assert 0.014 < right.interval()[1] < 0.04
    wrong = label_noise(depth, np.ones(200, dtype=bool)).estimate
    assert 0.0 <= wrong.interval()[0] <= wrong.interval()[1] <= MOST
    assert label_noise([1.0], [True]).estimate.interval() == (0.0, MOST)


def test_a_model_that_is_equally_sure_of_all_rows_tells_nothing():
    rng = np.random.default_rng(3)
    found = label_noise(np.full(1_000, 2.0), rng.random(1_000) < 0.2).estimate
    low, high = found.interval()
    assert low == 0.0
    assert high > 0.15
    assert found.smallest_detectable is None


def test_likeness_within_documents_widens_the_interval():
    given = table(4_000, 0.1, 4)[:3]
    alone, alike = (label_noise(*given, design_effect=effect).estimate for effect in (1.0, 2.0))
    assert alone.value == pytest.approx(alike.value, abs=1e-6)
    (low, high), (lower, higher) = alone.interval(), alike.interval()
    assert lower < low < high < higher
    assert alone.smallest_detectable < alike.smallest_detectable


def test_the_smallest_share_that_is_printed_is_found_four_times_in_five():
    printed = label_noise(*table(3_000, 0.0, 5, sureness=2.0)[:3]).estimate.smallest_detectable
    assert 0.005 < printed < 0.08
    found = [
        label_noise(*table(3_000, printed, seed, sureness=2.0)[:3], detectable=False).estimate.interval()[0] > 0.0
        for seed in range(12)
    ]
    assert sum(found) >= 7


def test_order_of_rows_and_names_of_classes_change_nothing_that_counts():
    depth, differs, predicted, _ = table(600, 0.1, 6)
    one = label_noise(depth, differs, predicted).estimate
    other = label_noise(depth[::-1], differs[::-1], np.array(["b", "a"])[predicted][::-1]).estimate
    assert other.value == pytest.approx(one.value, abs=1e-4)


@pytest.mark.parametrize("arguments", [([], []), ([1.0], [0.5]), ([1.0, 2.0], [True])])
def test_tables_that_are_none_are_refused(arguments):
    with pytest.raises(ValueError, match=r"needs a row|only 0 and 1|values, but"):
        label_noise(*arguments)
