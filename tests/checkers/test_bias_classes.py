"""Models with many classes, and several labels at once: one judged number a comparison, each class in a table."""

import numpy as np
import pytest
from bias_cases import GENDER, PEOPLE, WORD_GROUP, WORDS, asked, judged, log_odds, names_of, sigmoid, table_of
from hypothesis import given
from hypothesis import strategies as st

from modelaudit.checkers.bias.largest import largest_difference
from modelaudit.statistics import LEVELS, Estimate, mean_difference, p_above
from modelaudit.testing.planted import planted_classifier, planted_rows

ROWS = [{**row, "label": 0} for row in planted_rows(120, 1, words=WORDS, numbered=True)]


def test_with_three_classes_the_one_that_moves_most_is_judged_and_each_is_shown():
    model = planted_classifier(WORDS, shifts={"she": 1.0}, labels=("no", "maybe", "yes"))
    found, verdicts, _ = judged(model, ROWS)
    largest = found["largest_score_difference", WORD_GROUP]
    by_class = {row[0]: row for row in table_of(largest, "Difference of each class")}
    assert list(by_class) == ["no", "maybe", "yes"]
    assert by_class["yes"][1] > 0.05 > -0.02 > by_class["no"][1]
    assert sum(row[1] for row in by_class.values()) == pytest.approx(0, abs=1e-6)
    assert all(low <= value <= high for _, value, low, high in by_class.values())
    assert largest.metric.value == pytest.approx(by_class["yes"][1])
    assert largest.metric.better == "lower"
    assert "the probability of class yes most of 3: by +" in largest.statement
    assert [key for key in verdicts if key[1] == WORD_GROUP] == [
        ("largest_score_difference", WORD_GROUP), ("excess_flip_rate", WORD_GROUP)
    ]  # fmt: skip
    assert verdicts["largest_score_difference", WORD_GROUP].state == "exceeds limit"
    assert not any(metric == "score_difference" for metric, _ in found)


def test_a_class_that_moves_down_is_as_large_as_one_that_moves_up():
    model = planted_classifier(WORDS, shifts={"she": -1.0}, labels=("no", "maybe", "yes"))
    largest = asked(model, ROWS)[0]["largest_score_difference", WORD_GROUP]
    assert largest.metric.value > 0.05
    assert "class yes most of 3: by -" in largest.statement


def test_the_clean_twin_with_three_classes_is_quiet():
    found, verdicts, _ = judged(planted_classifier(WORDS, labels=("no", "maybe", "yes")), ROWS)
    assert found["largest_score_difference", WORD_GROUP].metric.value == pytest.approx(0, abs=1e-9)
    assert not any(verdict.state == "exceeds limit" for verdict in verdicts.values())


def test_of_many_classes_the_most_frequent_are_followed():
    labels = tuple(f"c{index}" for index in range(54))
    model = planted_classifier(WORDS, shifts={"she": 2.0}, labels=labels)
    largest = asked(model, ROWS)[0]["largest_score_difference", WORD_GROUP]
    followed = [row[0] for row in table_of(largest, "Difference of each class")]
    assert len(followed) == 50
    assert {"c0", "c53"} <= set(followed), "the model decides for no others"
    assert any(caveat.startswith("4 classes") for caveat in largest.caveats)


def test_several_labels_at_once_are_followed_each_and_flips_are_of_the_set():
    model, tokenizer = planted_classifier(WORDS, shifts={"she": 1.0}, labels=("spam", "angry", "urgent"))
    model.config.problem_type = "multi_label_classification"
    rows = [{"text": row["text"], "labels": []} for row in ROWS]
    found, _ = asked((model, tokenizer), rows)
    largest = found["largest_score_difference", WORD_GROUP]
    plain = np.array([log_odds(row["text"]) for row in rows])
    by_label = {row[0]: row[1] for row in table_of(largest, "Difference of each class")}
    assert by_label["urgent"] == pytest.approx((sigmoid(plain + 1) - sigmoid(plain)).mean(), abs=1e-5)
    assert by_label["spam"] == pytest.approx(0, abs=1e-9)
    assert largest.metric.value == pytest.approx(by_label["urgent"])
    flips = ((plain + 1 > 0) != (plain > 0)).mean()
    assert found["flip_rate", WORD_GROUP].metric.value == pytest.approx(flips, abs=1e-9)


def test_names_move_the_largest_class_too():
    model = planted_classifier(WORDS, shifts=dict.fromkeys(names_of(gender="female"), 1.0), labels=("a", "b", "c"))
    rows = [{**row, "label": 0} for row in planted_rows(90, 2, words=WORDS, mentions=PEOPLE)]
    largest = asked(model, rows)[0]["largest_score_difference", GENDER]
    assert p_above(largest.metric.grid, 0.02) < 0.01


estimates = st.lists(
    st.lists(st.floats(-1, 1, allow_nan=False, width=32), min_size=5, max_size=40), min_size=1, max_size=8
).map(lambda columns: [mean_difference(column, reach=1.0) for column in columns])


@given(estimates)
def test_the_largest_of_several_claims_no_more_than_any_of_them_shows(differences):
    largest, which = largest_difference(differences)
    assert largest.value == max(abs(each.value) for each in differences) == abs(differences[which].value)
    for level in LEVELS:
        low, high = largest.interval(level)
        assert 0 <= low <= largest.value + 1e-12
        assert high >= largest.value - 1e-12
        # Nothing below what one of them shows by itself, at the same level, is claimed.
        nearest = [max(a, -b, 0.0) for a, b in (each.interval(level) for each in differences)]
        assert low <= max(nearest) + 1e-9
        assert high >= max(max(map(abs, each.interval(level))) for each in differences) - 1e-9
    # More of them never make the evidence stronger.
    small = Estimate(
        value=0.0, n=differences[0].n, method="none", bounds=tuple((level, -1e-9, 1e-9) for level in LEVELS)
    )
    more, _ = largest_difference([*differences, small])
    assert all(more.interval(level)[0] <= largest.interval(level)[0] + 1e-12 for level in LEVELS)


def test_one_class_without_an_interval_leaves_the_largest_without_one():
    none = Estimate(value=None, n=3, method="none", reason="too few")
    assert largest_difference([mean_difference([0.5] * 9 + [0.4], reach=1.0), none])[0].reason == "too few"


def test_false_alarms_and_coverage_of_the_largest_of_ten():
    rng = np.random.default_rng(0)
    alarms = covered = 0
    for _ in range(200):
        null = [mean_difference(column, reach=None) for column in rng.normal(0.02, 0.1, (10, 60))]
        alarms += p_above(largest_difference(null)[0].bounds, 0.02) < 0.05
        moved = [mean_difference(column, reach=None) for column in rng.normal([[0.1]] + [[0.02]] * 9, 0.1, (10, 60))]
        low, high = largest_difference(moved)[0].interval(0.95)
        covered += low <= 0.1 <= high
    assert alarms <= 18
    assert covered >= 184
