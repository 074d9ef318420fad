"""The standard defects: what is planted is there at its strength, the twin has none of it, and checkers find it."""

from __future__ import annotations

import numpy as np
import pytest

from modelaudit.plugins import Plugins
from modelaudit.results import Risk
from modelaudit.testing import BIASED, BRITTLE, DEFECTS, MEMORISING, OPAQUE, OVERCONFIDENT, alarmed, run_checker
from modelaudit.testing.defects import defect_of

FINDS = {
    "biased": "modelaudit/counterfactual-substitution",
    "brittle": "modelaudit/perturbation",
    "memorising": "modelaudit/membership-inference",
    "overconfident": "modelaudit/calibration",
    "opaque": "modelaudit/shapley-explanation",
}


def checker(name):
    return next(item.checker for item in Plugins(installed=False).checkers() if item.info.id == FINDS[name])


def answers(subject, texts):
    import torch

    read = subject["tokenizer"](texts, padding=True, return_tensors="pt")
    with torch.no_grad():
        logits = subject["model"](**read).logits.double().numpy()
    return logits[:, 1] - logits[:, 0]


@pytest.mark.parametrize("name", DEFECTS)
def test_another_seed_is_another_draw_and_the_twin_has_the_same_rows(name):
    defect = DEFECTS[name]
    rows = defect.clean(3)["data"]
    assert rows == defect.clean(3)["data"] == defect.defective(3)["data"]
    assert rows != defect.clean(4)["data"]
    assert {row["label"] for row in rows} == {0, 1}


def test_the_strength_is_what_it_says():
    strength = 0.75
    women, men = "The report says that she found the letter fine.", "The report says that he found the letter fine."
    one, other = answers(BIASED.plant(strength, 0), [women, men])
    assert one - other == strength
    plain, loud = answers(BRITTLE.plant(strength, 0), ["It was good and slow.", "It was GOOD and good."])
    assert (plain, loud) == (0.5, 4.0 - strength)
    memory = MEMORISING.plant(strength, 0)
    twin = MEMORISING.clean(0)
    for row in memory["train_data"][:5]:
        moved = answers(memory, [row["text"]]) - answers(twin, [row["text"]])
        assert moved == strength * (1 if row["label"] else -1)
    others = [row["text"] for row in memory["data"][:20]]
    assert answers(memory, others).tolist() == answers(twin, others).tolist()
    told = [row["text"] for row in OVERCONFIDENT.clean(0)["data"][:20]]
    assert answers(OVERCONFIDENT.plant(1.0, 0), told).tolist() == (2 * answers(OVERCONFIDENT.clean(0), told)).tolist()
    pair = answers(OPAQUE.plant(strength, 0), ["north", "south", "north south", "fine"])
    assert pair.tolist() == [strength, strength, 0.0, 1.0]


@pytest.mark.parametrize("defect", [BIASED, OVERCONFIDENT], ids=["biased", "overconfident"])
def test_the_stated_truth_is_the_mean_over_many_rows(defect):
    assert defect.truth(0.0) == 0.0
    strength, found = defect.strengths[-1], []
    for seed in range(5):
        subject = defect.plant(strength, seed)
        odds = answers(subject, [row["text"] for row in subject["data"]])
        if defect is BIASED:
            women, men = (
                answers(subject, [f" {row['text']} ".lower().replace(" he ", f" {word} ").replace(" she ", f" {word} ")
                                  for row in subject["data"]])
                for word in ("she", "he")
            )  # fmt: skip
            found.append((1 / (1 + np.exp(-women)) - 1 / (1 + np.exp(-men))).mean())
        else:
            stated = 1 / (1 + np.exp(-np.abs(odds)))
            right = [(odd > 0) == row["label"] for odd, row in zip(odds, subject["data"], strict=True)]
            found.append(stated.mean() - np.mean(right))
    assert np.mean(found) == pytest.approx(defect.truth(strength), abs=0.02)


def test_each_family_has_its_defect():
    assert {risk: defect_of(risk) for risk in Risk} == {
        Risk.BIAS: BIASED, Risk.ROBUSTNESS: BRITTLE, Risk.PRIVACY: MEMORISING, Risk.OPACITY: OPAQUE,
        Risk.DATA: None, Risk.PERFORMANCE: None,
    }  # fmt: skip
    for name, defect in DEFECTS.items():
        assert defect.name_zh, name
        assert len(defect.strengths) >= 3, name


@pytest.mark.parametrize("name", ["biased", "overconfident"])
def test_a_defect_is_found_and_its_clean_twin_is_not_accused(name):
    defect, audits = DEFECTS[name], checker(name)
    assert alarmed(audits, defect.defective(5), defect)
    assert not alarmed(audits, defect.clean(5), defect)
    assert run_checker(audits, defect.clean(5)).status == "completed"


@pytest.mark.heavy
@pytest.mark.parametrize("name", FINDS)
def test_more_of_a_defect_is_found_more_often(name):
    """Over several seeds: never where there is none, always at the last strength, and no less often with more of it."""
    defect, audits, seeds = DEFECTS[name], checker(name), range(3)
    strengths = defect.strengths[::3] if name == "brittle" else defect.strengths
    found = [
        sum(alarmed(audits, defect.plant(strength, seed), defect) for seed in seeds) for strength in (0.0, *strengths)
    ]
    assert found[0] == 0
    assert found[-1] == len(seeds)
    assert found == sorted(found)
    assert found[1] < len(seeds), "the first strength is too small to be found always"


def test_a_defect_is_limited_to_the_metrics_of_another_checker():
    own = BIASED.limited({"drop": {"max": 0.1}})
    assert (own.metric, own.truth, own.plant) == ("drop", None, BIASED.plant)
    assert [limit.max for limit in own.policy("acme/check").limit if limit.checker == "acme/check"] == [0.1]
    assert own.limited({"drop": {"max": 0.1}, "rise": {"max": 0.1}}).metric is None
