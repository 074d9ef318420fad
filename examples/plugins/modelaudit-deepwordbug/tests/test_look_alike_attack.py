"""What the attack finds, held against what is planted, and what it leaves alone."""

import numpy as np
import pytest
from modelaudit_deepwordbug.attack import attacker_of
from modelaudit_deepwordbug.checker import FEWEST, LookAlikeAttack
from modelaudit_deepwordbug.defect import ONE_WORD_DEFECT

from modelaudit.testing import FakeModel, run_checker


@pytest.mark.parametrize("strength", [0.0, *ONE_WORD_DEFECT.strengths])
def test_just_the_rows_that_hang_on_one_word_are_lost(strength):
    subject = ONE_WORD_DEFECT.plant(strength, 3)
    planted = sum("superb" in row["text"] or "dreadful" in row["text"] for row in subject["data"])
    metric = run_checker(LookAlikeAttack(), subject).findings[0].metric
    assert metric.value == pytest.approx(planted / 200)
    bound = next(bound for bound in metric.bounds if bound.level == pytest.approx(0.99))
    assert bound.low <= ONE_WORD_DEFECT.truth(strength) <= bound.high


def test_the_attack_edits_so_many_words_and_nothing_else():
    def proba(texts):
        flagged = np.array(["superb" in text for text in texts], dtype=float)
        return np.stack([1.0 - flagged, flagged], axis=1)

    text = "It was  superb , all of it ."
    found = attacker_of(proba, words=1)(text, np.random.default_rng(0))
    changed = [(a, b) for a, b in zip(text.split(" "), found.split(" "), strict=True) if a != b]
    assert [a for a, _ in changed] == ["superb"]
    assert len(changed[0][1]) == len("superb")
    assert attacker_of(proba, words=1)(text.replace("superb", "SUPERB"), np.random.default_rng(0)) is None


def test_wrong_answers_are_not_attacked():
    data = [{"text": f"good case {at}", "label": "yes" if at % 2 else "no"} for at in range(100)]
    model = FakeModel(labels=("no", "yes"), predict=lambda row: (0.0, 1.0 if "good" in row.text else -1.0))
    result = run_checker(LookAlikeAttack(), {"model": model, "data": data})
    drop, robust = (finding.metric for finding in result.findings)
    assert (drop.value, drop.n, robust.value) == (0.5, 100, 0.0)


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ([{"text": f"good {i}", "label": "yes"} for i in range(FEWEST - 1)], str(FEWEST)),
        ([{"text": f"good {i}", "label": "no"} for i in range(90)], "rightly"),
        ([{"text": "good " * 200 + str(i), "label": "yes"} for i in range(60)], "0 labelled rows"),
    ],
)
def test_what_can_not_be_told_is_not_told(data, said):
    # The model knows both labels by rows of its own.
    model = FakeModel(labels=("no", "yes"), predict=lambda row: (0.0, 1.0 if "good" in row.text else -1.0))
    result = run_checker(LookAlikeAttack(), {"model": model, "data": data})
    assert result.status == "skipped"
    assert said in result.reason
