"""Shares of classes, shortfalls against declared shares, and the AUC of a cross-fitted classifier."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelaudit.statistics import (
    clustered_auc,
    cross_fitted_auc,
    detectable_shortfall,
    shortfall,
    total_variation,
    trials,
)

COUNTS = st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=2, max_size=6)


def of_counts(counts):
    a, b = (np.array(side) for side in zip(*counts, strict=True))
    return [
        (trials(np.arange(a.sum()) < one), trials(np.arange(b.sum()) < other)) for one, other in zip(a, b, strict=True)
    ]


@given(COUNTS.filter(lambda counts: all(sum(side) > 1 for side in zip(*counts, strict=True))))
def test_total_variation_lies_in_its_interval_and_below_the_plain_sum(counts):
    pairs = of_counts(counts)
    found = total_variation(pairs)
    low, high = found.interval()
    plain = sum(abs(a.rate - b.rate) for a, b in pairs) / 2
    assert 0.0 <= low <= found.value <= high <= 1.0
    assert found.value <= plain + 1e-12
    assert high >= plain - 1e-12


def test_tables_without_a_common_class_differ_wholly_and_equal_ones_not_at_all():
    apart = total_variation(of_counts([(300, 0), (0, 300)]))
    assert apart.value == pytest.approx(1.0)
    assert apart.interval()[0] > 0.95
    alike = total_variation(of_counts([(150, 150), (150, 150)]))
    assert alike.value == 0.0
    assert alike.interval()[0] == 0.0


def test_rows_of_one_document_count_as_one():
    hits, code = np.repeat([1.0, 0.0], 60), np.arange(120) // 20
    alone = total_variation([(trials(hits), trials(hits[::-1][:60]))])
    together = total_variation([(trials(hits, clusters=code), trials(hits[::-1][:60], clusters=code[:60] + 6))])
    assert together.interval()[1] - together.interval()[0] > alone.interval()[1] - alone.interval()[0]


def test_a_table_without_trials_has_no_variation():
    nothing = trials(np.zeros(0))
    assert total_variation([(nothing, trials(np.ones(3)))]).value is None
    assert total_variation([]).reason


@given(st.lists(st.booleans(), min_size=1, max_size=80), st.floats(0.0, 1.0))
def test_a_shortfall_is_the_target_less_the_share(hits, target):
    found = shortfall(hits, target)
    low, high = found.interval()
    assert found.value == pytest.approx(target - np.mean(hits))
    assert target - 1.0 <= low <= found.value <= high <= target


def test_what_could_be_shown_shrinks_with_rows_and_grows_with_the_family():
    few, many = np.arange(100) < 30, np.arange(1_000) < 300
    assert detectable_shortfall(many, 0.3) < detectable_shortfall(few, 0.3) < detectable_shortfall(few, 0.3, family=9)
    documents = [f"d{place // 10}" for place in range(100)]
    assert detectable_shortfall(few, 0.3, documents) > 2 * detectable_shortfall(few, 0.3)
    with pytest.raises(ValueError, match="from 0 to 1"):
        shortfall(few, 30)


def test_a_cross_fitted_auc_is_less_certain_than_one_of_given_scores():
    rng = np.random.default_rng(0)
    pos, neg = rng.normal(0.5, 1, 80), rng.normal(0, 1, 80)
    plain, fitted = clustered_auc(pos, neg), cross_fitted_auc(pos, neg, folds=5)
    assert fitted.value == plain.value
    low, high = fitted.interval()
    assert low < plain.interval()[0] < plain.interval()[1] < high
    assert fitted.smallest_detectable > plain.smallest_detectable
    assert cross_fitted_auc(np.ones(30), np.zeros(30), folds=5).interval()[1] == 1.0
    with pytest.raises(ValueError, match="two folds"):
        cross_fitted_auc(pos, neg, folds=1)
