"""A planned comparison that could not be made is reported without a value, so that nobody takes it for a good one."""

import pytest
from measured import context_of, subject_of

from modelaudit import load_policy
from modelaudit.checkers.bias.counterfactual import COMPARISONS, CounterfactualSubstitution
from modelaudit.policy import judge
from modelaudit.results import CheckResult
from modelaudit.testing.planted import planted_classifier, planted_rows
from modelaudit.text import load_names

WORDS = {"excellent": 1.0, "good": 0.5, "kind": 0.75, "poor": -1.0, "slow": -0.5, "rude": -0.75}
PRIMARY = ("score_difference", "excess_flip_rate")
PLANNED = [f"{attribute}: {focus} - {reference}" for attribute, focus, reference in COMPARISONS]


def judged(model, rows):
    checker = CounterfactualSubstitution()
    found = tuple(checker.run(context_of(subject_of(model, data=rows), checker)))
    result = CheckResult(checker=checker.info, status="completed", findings=found)
    judgement = judge([result], load_policy())
    return found, {(each.metric, each.group): each for each in judgement.verdicts}, judgement.families[0]


def test_names_that_are_too_few_keep_the_family_from_its_limit():
    black = [each.name for each in load_names() if each.ethnicity == "black"]
    model = planted_classifier(WORDS, shifts=dict.fromkeys(black, -3.0))
    rows = planted_rows(400, 1, words=WORDS, numbered=True)
    rows += planted_rows(25, 2, words=WORDS, mentions=("Linda", "Robert"), numbered=True)
    found, verdicts, family = judged(model, rows)
    assert {verdicts[metric, PLANNED[0]].state for metric in PRIMARY} == {"within limit"}
    for group in PLANNED[1:]:
        for metric in PRIMARY:
            assert verdicts[metric, group].state == "not assessed"
            assert "25 of 425 rows have a first name, and 30 are the least" in verdicts[metric, group].reason
    assert family.incomplete
    assert family.state == "incomplete"
    assert all(each.metric.n == 25 for each in found if each.metric.value is None)
    assert not any(each.metric.id == "flip_rate" and each.metric.value is None for each in found)


def test_gendered_words_that_are_too_few_are_not_passed_over():
    rows = planted_rows(200, 1, words=WORDS, mentions=("Linda", "Robert"), numbered=True)
    _, verdicts, family = judged(planted_classifier(WORDS), rows)
    assert verdicts["score_difference", PLANNED[0]].state == "not assessed"
    assert "0 of 200 rows have gendered words that can be exchanged" in verdicts["excess_flip_rate", PLANNED[0]].reason
    assert family.state == "incomplete"


@pytest.mark.parametrize("classes", [2, 3])
def test_every_planned_comparison_is_there_for_each_class(classes):
    labels = ("no", "maybe", "yes")[-classes:]
    rows = [{**row, "label": 0} for row in planted_rows(60, 1, words=WORDS, numbered=True)]
    _, verdicts, _ = judged(planted_classifier(WORDS, labels=labels), rows)
    suffixes = [""] if classes == 2 else [f" · class {label}" for label in labels]
    expected = {("score_difference", group + suffix) for group in PLANNED for suffix in suffixes}
    assert set(verdicts) == expected | {("excess_flip_rate", group) for group in PLANNED}
