"""Gender and ethnicity on the user's own rows: planted effects are found, clean twins and noise are not accused."""

import numpy as np
import pytest
from bias_cases import (
    API,
    BLACK,
    BY_NAMES,
    CELLS,
    GENDER,
    HISPANIC,
    PEOPLE,
    WORD_GROUP,
    WORDS,
    answer_of,
    asked,
    clear,
    compared,
    log_odds,
    names_of,
    sigmoid,
    source_of,
    table_of,
)
from measured import backwards, exceeds, findings_of, subject_of

from modelaudit.checkers.bias.counterfactual import CounterfactualSubstitution
from modelaudit.checkers.bias.name_design import dealt
from modelaudit.checkers.bias.source import drawn
from modelaudit.evidence import Examples
from modelaudit.rows import Row
from modelaudit.statistics import p_above, p_outside
from modelaudit.testing.planted import planted_classifier, planted_rows

GROUPS = (GENDER, BLACK, HISPANIC, API)


@pytest.mark.parametrize("strength", [1.0, -1.0])
def test_a_planted_gender_shortcut_is_found_with_its_sign_and_size(strength):
    rows = planted_rows(200, 1, words=WORDS)
    model = planted_classifier(WORDS, shifts={"she": strength})
    found = asked(model, rows)[0]
    difference = found["score_difference", WORD_GROUP]
    texts = {row["text"] for row in rows}
    plain = np.array([log_odds(text) for text in texts])
    assert difference.metric.n == len(texts)
    assert difference.metric.value == pytest.approx((sigmoid(plain + strength) - sigmoid(plain)).mean(), abs=1e-5)
    assert clear(difference)
    flips = np.mean((plain + strength > 0) != (plain > 0))
    assert found["flip_rate", WORD_GROUP].metric.value == pytest.approx(flips, abs=0.02)
    assert exceeds(found["excess_flip_rate", WORD_GROUP], 0.02)
    assert found["control_flip_rate", WORD_GROUP].metric.value == 0


def test_the_clean_twin_is_not_accused():
    rows = planted_rows(160, 1, words=WORDS, mentions=("she", "he", *PEOPLE))
    found = asked(planted_classifier(WORDS), rows)[0]
    assert {group for _, group in found} == {WORD_GROUP, *GROUPS, *CELLS.values()}
    for finding in found.values():
        assert finding.metric.value == pytest.approx(0, abs=1e-9)
        if finding.metric.primary:
            assert finding.metric.grid[3][2] * finding.metric.n > 2.9, "rows that change may be too rare to be seen"


def test_names_of_one_gender_are_found_and_ethnicity_is_not_accused():
    names = names_of()
    shifts = dict.fromkeys(names, 0.0) | dict.fromkeys(names_of(gender="female"), 1.0)
    rows = planted_rows(90, 2, words=WORDS, mentions=PEOPLE)
    found = asked(planted_classifier(WORDS, shifts=shifts), rows)[0]
    difference = found["score_difference", GENDER].metric
    plain = np.array([log_odds(row["text"]) for row in rows])
    assert difference.value == pytest.approx((sigmoid(plain + 1) - sigmoid(plain)).mean(), abs=0.01)
    assert clear(found["score_difference", GENDER])
    assert exceeds(found["excess_flip_rate", GENDER], 0.02)
    for group in (BLACK, HISPANIC, API):
        assert abs(found["score_difference", group].metric.value) < 1e-6
        assert found["excess_flip_rate", group].metric.value == 0


def test_names_of_one_ethnicity_are_found_and_gender_is_not_accused():
    names = names_of()
    shifts = dict.fromkeys(names, 0.0) | dict.fromkeys(names_of(ethnicity="black"), -1.0)
    rows = planted_rows(90, 2, words=WORDS, mentions=PEOPLE)
    found = asked(planted_classifier(WORDS, shifts=shifts), rows)[0]
    assert found["score_difference", BLACK].metric.value < -0.1
    assert clear(found["score_difference", BLACK])
    assert exceeds(found["excess_flip_rate", BLACK], 0.02)
    for group in (GENDER, HISPANIC, API):
        assert not clear(found["score_difference", group])
        assert not exceeds(found["excess_flip_rate", group], 0.02)


def test_noise_of_single_names_is_not_taken_for_a_group():
    model = planted_classifier(WORDS, noise=0.6, noise_words=names_of())
    rows = planted_rows(160, 3, words=WORDS, mentions=PEOPLE)
    found = asked(model, rows)[0]
    for group in GROUPS:
        assert found["flip_rate", group].metric.value > 0.05
        assert not clear(found["score_difference", group])
        assert not exceeds(found["excess_flip_rate", group], 0.02)
        assert found["score_difference", group].metric.smallest_detectable > 0.01
    assert found["excess_flip_rate", GENDER].caveats


def simulated(seed, *, rows=60, sd=0.6, shift=0.0):
    """Answers of a model with an effect for each name, under the checker's own design."""
    rng = np.random.default_rng(seed)
    level = rng.normal(0, 1.5, rows)
    answers = []
    for group, moved in (("black", shift), ("white", 0.0)):
        pool = [f"{group}{index}" for index in range(40)]
        offset = dict(zip(pool, rng.normal(0, sd, 40), strict=True))
        for row in range(rows):
            source = source_of(f"r{row}")
            for name in dealt(pool, row, 4, seed=seed, purpose=group):
                value = level[row] + offset[name] + moved
                answers.append(
                    answer_of(source, BY_NAMES, group, name=name, value=sigmoid(value), decision=int(value > 0))
                )
    return compared(answers, BY_NAMES).estimates


def test_false_alarms_under_name_noise_stay_rare():
    alarms, naive = 0, 0
    for seed in range(200):
        found = simulated(seed)
        alarms += p_outside(found.differences[0].bounds, 0.02) < 0.05 or p_above(found.flips.excess.bounds, 0.02) < 0.05
        naive += (found.flips.across.value or 0) > 0.05
    assert alarms <= 18
    assert naive >= 180


def test_a_shift_of_a_group_is_seen_through_the_noise_and_covered():
    hits = covered = 0
    for seed in range(40):
        found = simulated(seed, sd=0.3, shift=1.0)
        hits += p_outside(found.differences[0].bounds, 0.02) < 0.05
        level = np.random.default_rng(seed).normal(0, 1.5, 60)
        offset = np.random.default_rng(1).normal(0, 0.3, (2000, 1))
        truth = (sigmoid(level + offset + 1.0) - sigmoid(level + offset)).mean()
        low, high = found.differences[0].interval()
        covered += low <= truth <= high
    assert hits >= 38
    assert covered >= 34


def test_evidence_shows_extremes_and_typical_rows_and_each_name():
    rows = planted_rows(80, 2, words=WORDS, mentions=("she", "he", *PEOPLE))
    model = planted_classifier(WORDS, shifts={"she": 1.0} | dict.fromkeys(names_of(), 0.0))
    found = asked(model, rows)[0]
    examples = [item for item in found["score_difference", GENDER].evidence if isinstance(item, Examples)]
    assert [item.title.split(" (")[0] for item in examples] == ["Rows that moved most", "Typical rows"]
    assert all(example.before and example.after and example.change for item in examples for example in item.items)
    names = table_of(found["score_difference", GENDER], "Names with the largest effects")
    assert {row[0] for row in names} <= set(names_of())
    assert [row[1] for row in names] == ["female"] * 10 + ["male"] * 10
    assert not any(name in finding.statement for finding in found.values() for name in PEOPLE)


def test_the_order_of_rows_in_memory_changes_nothing():
    rows = planted_rows(150, 1, words=WORDS, mentions=("she", "he", *PEOPLE))
    model = planted_classifier(WORDS, shifts={"she": 1.0}, noise=0.3, noise_words=names_of())
    subject = subject_of(model, data=rows, preset="quick")
    forward = findings_of(CounterfactualSubstitution(), subject)
    assert forward == findings_of(CounterfactualSubstitution(), subject, data=backwards(subject.data))
    assert forward != findings_of(CounterfactualSubstitution(), subject, seed=1)


def test_repeated_rows_count_once_whatever_their_order():
    rows = [Row("a:1", "She came."), Row("a:2", "He came."), Row("a:3", "She came.")]
    first, second = drawn(rows, seed=3), drawn(rows[::-1], seed=3)
    assert first == second
    assert sorted(row.id for row in first) == ["a:1", "a:2"]


def test_hostile_rows_go_through():
    rows = planted_rows(60, 1, words=WORDS, mentions=("she", "he", *PEOPLE))
    rows += [
        {
            "text": "<b onclick='x'>She</b> told the office \u202eabout\u202c her \ud800 letter & it was good.",
            "label": 1,
        },
        {"text": "Maria\u200b said that \x00 she was in the office; [MASK] {name} %s", "label": 1},
        {"text": "she said that it was good " * 400, "label": 1},
        {"text": "\u05d4\u05d9\u05d0 \u0647\u064a", "label": 0},
    ]
    found = asked(planted_classifier(WORDS), rows)[0]
    assert all("onclick" not in finding.statement for finding in found.values())


def test_cost_bounds_what_the_model_is_asked():
    rows = planted_rows(400, 1, words=WORDS, mentions=("she", "he", *PEOPLE))
    subject = subject_of(planted_classifier(WORDS), data=rows, preset="quick")
    checker = CounterfactualSubstitution()
    before = subject.engines[0].stats.requested
    findings_of(checker, subject)
    asked = subject.engines[0].stats.requested - before
    assert 0.5 * checker.cost(subject.info).evaluations < asked <= checker.cost(subject.info).evaluations


def test_the_size_of_batches_changes_nothing():
    rows = planted_rows(80, 1, words=WORDS, mentions=("she", "he", *PEOPLE))
    model = planted_classifier(WORDS, shifts={"she": 1.0}, noise=0.5, noise_words=names_of())
    small, large = (asked(model, rows, batch_tokens=tokens)[0] for tokens in (512, 4096))
    assert small == large
