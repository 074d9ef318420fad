"""Entities of a sentence, their fates under an edit, and the estimates over rows that hold several of them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelaudit.checkers.robustness.entities import Entity, Fates, entities, fates, moved
from modelaudit.statistics.row_outcomes import clustered_share, design_effect, f1_drop


def test_entities_are_read_alike_in_every_scheme():
    expected = [Entity(0, 2, "PER"), Entity(2, 3, "PER"), Entity(4, 5, "LOC")]
    assert entities(["B-PER", "I-PER", "B-PER", "O", "B-LOC"]) == expected
    assert entities(["B-PER", "E-PER", "S-PER", "O", "S-LOC"]) == expected
    assert entities(["B-PER", "L-PER", "U-PER", "O", "U-LOC"]) == expected
    assert entities(["I-PER", "I-PER", "B-PER", "O", "I-LOC"]) == expected
    assert entities(["PER", "PER", "O", "LOC"]) == [Entity(0, 2, "PER"), Entity(3, 4, "LOC")]
    assert entities(["I-PER", "I-LOC"]) == [Entity(0, 1, "PER"), Entity(1, 2, "LOC")]
    assert entities([]) == []


def test_fates_follow_the_words():
    word_map = ((0,), (1, 2), (), (3,))
    assert moved(Entity(0, 2, "PER"), word_map) == Entity(0, 3, "PER")
    assert moved(Entity(2, 3, "ORG"), word_map) is None
    before = [Entity(0, 2, "PER"), Entity(2, 3, "ORG"), Entity(3, 4, "LOC")]
    assert fates(before, [Entity(0, 3, "PER"), Entity(3, 4, "LOC")], word_map) == Fates(kept=2)
    assert fates(before, [Entity(1, 3, "PER")], word_map) == Fates(changed=1, lost=1)
    assert fates([], [Entity(0, 1, "PER")], word_map) == Fates(spurious=1)


tag_lists = st.lists(st.sampled_from(["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]), max_size=12)


@settings(max_examples=100, deadline=None)
@given(tag_lists, tag_lists)
def test_every_entity_has_one_fate_and_an_unedited_sentence_keeps_all(before, after):
    length = min(len(before), len(after))
    one, two = entities(before[:length]), entities(after[:length])
    same = tuple((place,) for place in range(length))
    assert fates(one, two, same).before == len(one)
    assert fates(one, one, same) == Fates(kept=len(one))
    covered = sorted(word for entity in one for word in range(entity.start, entity.end))
    assert covered == [place for place, tag in enumerate(before[:length]) if tag != "O"]


def test_the_share_of_clustered_outcomes_covers_and_does_not_alarm_too_often():
    rng = np.random.default_rng(2)
    covered, draws, truth = 0, 600, 0.05
    for _ in range(draws):
        totals = rng.integers(1, 5, size=150)
        together = rng.random(150) < truth
        apart = rng.binomial(totals, truth)
        hits = np.where(rng.random(150) < 0.5, together * totals, apart).astype(float)
        low, high = clustered_share(hits, totals.astype(float)).interval()
        covered += low <= truth <= high
    assert covered / draws > 0.93


def test_a_share_without_exceptions_counts_rows_and_not_entities():
    totals = np.full(30, 10.0)
    assert clustered_share(np.zeros(30), totals).interval()[1] == pytest.approx(0.1157, abs=1e-4)
    assert clustered_share(totals, totals).interval()[0] == pytest.approx(0.8843, abs=1e-4)
    assert clustered_share(np.array([1.0]), np.array([2.0])).value is None


@pytest.mark.parametrize(("lost", "gained"), [(0.03, 0.03), (0.10, 0.02), (0.004, 0.0)])
def test_the_f1_drop_covers(lost, gained):
    rng = np.random.default_rng(4)

    def draw(rows: int) -> tuple[np.ndarray, np.ndarray]:
        true = rng.integers(1, 4, size=rows)
        found = rng.binomial(true, 0.85)
        dropped = rng.binomial(found, lost)
        again = rng.binomial(true - found, gained)
        extra = rng.random(rows) < 0.1
        after = found - dropped + again
        before_counts = np.stack([found, found + extra, true], axis=1).astype(float)
        return before_counts, np.stack([after, after + extra, true], axis=1).astype(float)

    big = draw(400_000)
    truth = f1_drop(*big).value
    intervals = [f1_drop(*draw(150)).interval() for _ in range(400)]
    assert np.mean([low <= truth <= high for low, high in intervals]) > 0.93


def test_an_f1_without_change_is_no_certainty():
    counts = np.tile([[1.0, 1.0, 1.0], [0.0, 1.0, 2.0]], (25, 1))
    estimate = f1_drop(counts, counts)
    assert estimate.value == 0.0
    assert estimate.interval()[1] == pytest.approx(2.0096**2 / 50, rel=1e-3), "paired: what stays adds no noise"
    assert f1_drop(np.zeros((5, 3)), np.zeros((5, 3))).value is None


def test_the_design_effect_is_one_apart_and_the_cluster_size_together():
    values = np.random.default_rng(0).normal(size=300)
    assert design_effect(values, np.arange(300)) == pytest.approx(1.0)
    assert design_effect(np.repeat(values, 4), np.repeat(np.arange(300), 4)) == pytest.approx(4.0)
    assert design_effect(np.full(300, 0.1), np.repeat(np.arange(100), 3)) == 3.0, "likeness can't be seen"
