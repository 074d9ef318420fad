"""Influences: what a unit adds is what leaving it out takes away, and two audits are paired by it."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from modelaudit.statistics import (
    Estimate,
    clustered_auc,
    clustered_ece,
    clustered_proportion,
    clustered_share,
    crossed_difference,
    crossed_excess,
    delong,
    difference_of,
    f1_drop,
    group_mean_difference,
    interval_at,
    largest_auc,
    largest_of,
    macro_f1,
    mean_difference,
    mean_influence,
    micro_f1,
    paired_audits,
    parity_ratio,
    rate_difference,
    sample,
    size_of,
    trials,
    wilson,
)
from modelaudit.statistics.influence import MOST_UNITS
from modelaudit.statistics.unpaired import unpaired_difference

RNG = np.random.default_rng(11)
N = 60
X, HITS = RNG.standard_normal(N), RNG.random(N) < 0.3
TOTALS = RNG.integers(1, 5, N).astype(float)
RIGHT = np.minimum(TOTALS, RNG.integers(0, 5, N)).astype(float)
COUNTS = np.stack([RIGHT, RIGHT + RNG.integers(0, 2, N), TOTALS], axis=1)
LESS = np.stack([RIGHT // 2, RIGHT // 2 + 1, TOTALS], axis=1)
TRUTH, FOUND = RNG.integers(0, 3, N), RNG.integers(0, 3, N)
HALF = N // 2


def of_rows(kind, rows):
    """The estimate of some of the rows; the first half is the one group or side, the rest the other."""
    first, second = rows[rows < HALF], rows[rows >= HALF]
    made = {
        "mean": lambda: mean_difference(X[rows]),
        "share": lambda: clustered_proportion(HITS[rows]),
        "share of entities": lambda: clustered_share(RIGHT[rows], TOTALS[rows]),
        "micro F1": lambda: micro_f1(COUNTS[rows]),
        "F1 drop": lambda: f1_drop(COUNTS[rows], LESS[rows]),
        "macro F1": lambda: macro_f1(TRUTH[rows], FOUND[rows], classes=3),
        "AUC": lambda: clustered_auc(X[first] + 0.5, X[second]),
        "DeLong": lambda: delong(X[first] + 0.5, X[second]),
        "rates": lambda: rate_difference(trials(HITS[first]), trials(HITS[second])),
        "ratio": lambda: parity_ratio(trials(HITS[first]), trials(HITS[second])),
        "means": lambda: group_mean_difference(sample(X[first]), sample(X[second])),
        "names": lambda: unpaired_difference(
            X[first] / 9, X[second] / 9, parts_a=[{i} for i in first], parts_b=[{-i} for i in second], reach=1.0
        ),
    }
    return made[kind]()


KINDS = (
    "mean", "share", "share of entities", "micro F1", "F1 drop", "macro F1", "AUC", "DeLong", "rates", "ratio", "means",
    "names",
)  # fmt: skip


@pytest.mark.parametrize("kind", KINDS)
def test_a_unit_adds_what_leaving_it_out_takes_away(kind):
    every = np.arange(N)
    whole = of_rows(kind, every)
    tried = every[::4]
    taken = whole.value - np.array([of_rows(kind, np.delete(every, row)).value for row in tried])
    assert len(whole.influence.values) == N
    assert abs(whole.influence.values.sum()) < 1e-9
    assert np.corrcoef(whole.influence.values[tried], taken)[0, 1] > 0.995
    assert np.abs(whole.influence.values[tried] - taken).max() < 0.1 * np.abs(taken).max()


def test_units_are_documents_where_rows_share_them():
    documents = np.arange(N) // 4
    found = mean_difference(X, clusters=documents)
    assert found.influence.values == pytest.approx(np.bincount(documents, weights=X - X.mean()) / N)
    assert len(clustered_proportion(HITS, documents).influence.values) == N // 4
    assert len(macro_f1(TRUTH, FOUND, classes=3, clusters=documents).influence.values) == N // 4
    by = clustered_ece(np.full(N, 0.7), HITS, design_effect=1.5).influence.by(documents)
    assert len(by.values) == N // 4
    assert by.curved


def test_the_largest_keeps_its_influence_and_its_choice():
    scores = np.stack([X, X + np.linspace(2, 0, N)])
    best = largest_auc(scores[:, :HALF], scores[:, HALF:], rng=np.random.default_rng(0))
    assert best.influence.choice == "1"
    largest, which = largest_of([mean_difference(X / 9), mean_difference(X / 9 + 0.5)], support=(-1.0, 1.0))
    assert which == 1
    assert largest.influence.values == pytest.approx(mean_difference(X / 9 + 0.5).influence.values)
    size = size_of(mean_difference(X - 3.0))
    assert size.influence.folded
    assert size.influence.values == pytest.approx(-mean_difference(X).influence.values)


def test_paired_means_are_those_of_the_differences_of_rows():
    after = X + 0.3 * RNG.standard_normal(N)
    turned = RNG.permutation(N)
    paired = paired_audits(mean_difference(X).keyed(range(N)), mean_difference(after[turned]).keyed(turned.tolist()))
    own = mean_difference(after - X)
    assert paired.value == pytest.approx(own.value)
    assert paired.n == N
    # The allowance for rare differences makes it a little wider, and no more.
    (low, high), (own_low, own_high) = paired.interval(0.95), own.interval(0.95)
    assert 1.0 <= (high - low) / (own_high - own_low) < 1.1


def test_units_of_one_audit_alone_count_as_they_are():
    first, second = mean_difference(X[:50]).keyed(range(50)), mean_difference(X[10:]).keyed(range(10, 60))
    paired = paired_audits(first, second)
    assert paired.n == 40
    parts = np.zeros(60)
    parts[:50] -= first.influence.values
    parts[10:] += second.influence.values
    half = paired.interval(0.95)[1] - paired.value
    assert half == pytest.approx(2.0 * math.sqrt(60 / 59 * float(parts @ parts)), rel=0.1)


def test_what_can_not_be_paired_is_not():
    one, other = mean_difference(X).keyed(range(N)), mean_difference(X + 0.1).keyed(range(N))
    assert paired_audits(one, replace(other, influence=None)) is None
    assert paired_audits(one, mean_difference(X + 0.1)) is None, "no keys"
    assert paired_audits(one, other.of_choice("worst")) is None
    assert paired_audits(one, other.keyed(range(45, 105))) is None, "15 units in common"
    none = clustered_proportion(np.zeros(N, dtype=bool)).keyed(range(N))
    assert paired_audits(none, none) is None, "two numbers at their boundary"
    assert paired_audits(one, one) is None, "nothing varies, and nothing bounds what may"
    assert paired_audits(replace(one, bounds=one.bounds[:3]), other) is None
    with pytest.raises(ValueError, match="one for each"):
        one.keyed(range(3))


def test_one_model_audited_twice_still_has_an_interval_where_changes_may_be_rare():
    share = clustered_proportion(HITS).keyed(range(N))
    low, high = paired_audits(share, share).interval(0.95)
    assert (low, high) == pytest.approx((-3.0 / N, 3.0 / N), rel=0.02), "the rule of three"


def test_a_distance_from_zero_whose_sign_turned_is_wider_than_one_that_kept_it():
    one, kept, turned = (
        mean_difference(X + shift if shift > 0 else sign * X + shift).keyed(range(N))
        for shift, sign in ((2.0, 1), (1.0, 1), (-1.0, 1))
    )
    same, other = paired_audits(one, kept, sizes=True), paired_audits(one, turned, sizes=True)
    assert same.value == pytest.approx(abs(kept.value) - abs(one.value))
    unpaired = difference_of(size_of(one), size_of(turned)).interval(0.95)
    assert np.ptp(same.interval(0.95)) < 0.3 * np.ptp(other.interval(0.95))
    assert np.ptp(other.interval(0.95)) > 1.2 * np.ptp(unpaired)


def test_beside_a_clear_distance_one_of_noise_may_be_none_at_all():
    clear, noise = mean_difference(X + 2.0).keyed(range(N)), mean_difference(X - X.mean() + 0.05).keyed(range(N))
    low, _ = paired_audits(clear, noise, sizes=True).interval(0.95)
    assert low == pytest.approx(-clear.interval(0.95)[1])


def test_two_distances_of_noise_gain_nothing_by_pairing():
    one, other = (mean_difference(X - X.mean() + shift).keyed(range(N)) for shift in (0.02, 0.03))
    own = np.ptp(difference_of(size_of(one), size_of(other)).interval(0.95))
    assert np.ptp(paired_audits(one, other, sizes=True).interval(0.95)) > 0.95 * own


def test_what_can_not_be_known_is_added_on_its_side():
    one, other = clustered_proportion(HITS).keyed(range(N)), clustered_proportion(~HITS).keyed(range(N))
    plain = paired_audits(one, other)
    gap = replace(one, influence=replace(one.influence, gap=0.2))
    low, high = paired_audits(gap, other).interval(0.95)
    assert low == pytest.approx(plain.interval(0.95)[0] - 0.2)
    assert high == pytest.approx(plain.interval(0.95)[1])


def crossed(shift, seed, *, flips=False):
    """Scores of 80 rows with 3 names of either group; names matter by `shift` beside noise of the row."""
    rng = np.random.default_rng(seed)
    rows = np.repeat(np.arange(80), 3)
    names = [np.concatenate([rng.permutation(12)[:3] for _ in range(80)]) for _ in range(2)]
    offsets = shift * np.random.default_rng(99).standard_normal((2, 12))
    a, b = (rng.standard_normal(80)[rows] + offsets[side][names[side]] for side in range(2))
    labels = [[f"{side}{name}" for name in names[side]] for side in range(2)]
    estimate = crossed_excess if flips else crossed_difference
    return estimate(a > 0, b > 0, rows, rows, *labels) if flips else estimate(a, b, rows, rows, *labels)


def test_names_that_matter_in_one_audit_widen_the_paired_interval():
    before, still, other = crossed(0.0, 1), crossed(0.0, 2), crossed(3.0, 2)
    assert before.influence.keys == tuple(range(80))
    narrow, wide = (paired_audits(before, after).interval(0.95) for after in (still, other))
    assert np.ptp(wide) > 2.0 * np.ptp(narrow)
    assert np.ptp(wide) < 1.5 * np.ptp(difference_of(before, other).interval(0.95))


def test_flips_keep_the_arms_of_their_own_intervals():
    before, after = crossed(0.5, 1, flips=True), crossed(0.5, 2, flips=True)
    assert before.influence.curved
    low, high = paired_audits(before, after).interval(0.95)
    value = after.value - before.value
    assert low < value < high
    assert high - value != pytest.approx(value - low)


def test_too_many_units_are_not_kept():
    assert mean_influence(np.arange(float(MOST_UNITS + 1))) is None
    assert mean_difference(np.arange(float(MOST_UNITS + 1))).influence is None


def test_influence_has_no_part_in_equality():
    found = wilson(3, 10)
    assert replace(found, influence=mean_influence(X)) == found
    assert isinstance(found, Estimate)


def test_the_paired_interval_covers_where_two_audits_are_alike():
    rng = np.random.default_rng(4)
    covered, widths = 0, []
    for _ in range(200):
        common, one, other = rng.standard_normal((3, 150))
        before, after = (
            clustered_proportion(0.9 * common + 0.44 * own < cut).keyed(range(150))
            for own, cut in ((one, -1.0), (other, -1.3))
        )
        low, high = interval_at(paired_audits(before, after).bounds, 0.95)
        covered += low <= 0.0968 - 0.1587 <= high
        widths.append((high - low) / np.ptp(difference_of(before, after).interval(0.95)))
    assert covered / 200 >= 0.92
    assert np.median(widths) < 0.85
