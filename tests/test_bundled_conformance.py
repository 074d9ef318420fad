"""The bundled checkers keep the contract that plugins are held to, by the same suite."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from modelaudit.checker import Checker
from modelaudit.checkers import modelaudit_checkers
from modelaudit.testing import (
    BIASED,
    BRITTLE,
    MEMORISING,
    OVERCONFIDENT,
    Defect,
    conformance,
    planted_classifier,
    planted_rows,
)

BENCHMARKS = Path(__file__).parents[1] / "benchmarks"
TABLES = ("data", "train_data")
FRAMES = {"attributes": ("gender",)}
"""Fewer persons than by default: what is asked is asked in the same way, and sooner."""
SEARCHED = "a bag of words forgets each word that is misspelt, so a search turns its answers with the fault or without"
CHECKERS = {checker.info.id.removeprefix("modelaudit/"): checker for checker in modelaudit_checkers()}


@dataclass(frozen=True)
class Case:
    """A fault, how many of its rows do for all checks but its own, options that make it cheaper, and what must fail."""

    defect: Defect
    rows: int
    options: Mapping[str, Any] = field(default_factory=dict)
    expected_failures: Mapping[str, str] = field(default_factory=dict)

    def checker(self, like: Checker) -> Checker:
        """Return the checker, or one of its kind with the options."""
        return type(like)(**self.options) if self.options else like

    def subject(self) -> dict[str, Any]:
        """Return the subject with the fault, with fewer rows."""
        planted = self.defect.defective(0)
        return {name: part[: self.rows] if name in TABLES else part for name, part in planted.items()}


def _own(noun: str) -> Any:
    sys.path.insert(0, str(BENCHMARKS))
    try:
        return import_module(f"bundled_defects.{noun.replace('-', '_')}")
    finally:
        sys.path.remove(str(BENCHMARKS))


def _cases() -> dict[str, tuple[Checker, Case]]:
    rows = {
        "corruption-robustness": 20,
        "group-performance": 200,
        "memorisation": 40,
        "personal-data": 60,
        "prompt-robustness": 30,
        "shapley-explanation": 12,
        "stereotype-preference": 40,
    }
    found = {noun: (_own(noun).CHECKER, Case(_own(noun).DEFECT, many)) for noun, many in rows.items()}
    # Fewer sentences find a stronger fault.
    frames = Case(_stronger(_own("counterfactual-frames").DEFECT, 1.5), 12, FRAMES | {"domains": ("hiring", "news")})
    verdicts = {"classifier": _own("completion-bias").Verdicts(), "unfavourable": "bad", "new_tokens": 2}
    completions = Case(_stronger(_own("completion-bias").DEFECT, 3.0), 12, FRAMES | verdicts | {"sentences": 30})
    others = {
        "adversarial-search": Case(
            BRITTLE.limited({"accuracy_drop": {"max": 0.1}}), 20, {"rows": 20, "queries": 40}, {"quiet": SEARCHED}
        ),
        "calibration": Case(OVERCONFIDENT, 150),
        "completion-bias": completions,
        "counterfactual-frames": frames,
        "counterfactual-substitution": Case(BIASED, 60),
        "duplicates": Case(Defect("copies", "share of rows", (0.3,), leaking, "leaked_rows"), 60),
        "data-drift": Case(Defect("drift", "log-odds", (0.8,), drifting, "drift_auc"), 200),
        "label-errors": Case(Defect("wrong labels", "share of rows", (0.3,), mislabelled, "label_error_rate"), 120),
        "membership-inference": Case(MEMORISING, 120),
        "perturbation": Case(BRITTLE, 24),
        "shortcuts": Case(
            Defect("a telling mark", "log-odds", (4.0,), telling, "shortcut_reliance"), 150, {"suspects": ("alpha",)}
        ),
        "task-performance": Case(Defect("no use", "share of rows", (0.9,), useless, "gain_over_commonest"), 100),
        "weak-slices": Case(Defect("a weak slice", "log-odds", (6.0,), weak, "weak_slice_gap"), 400),
    }
    return found | {noun: (case.checker(CHECKERS[noun]), case) for noun, case in others.items()}


def _stronger(defect: Defect, strength: float) -> Defect:
    return replace(defect, strengths=(strength,))


def leaking(strength: float, seed: int) -> dict[str, Any]:
    """A share of the evaluation rows are copies of training rows."""
    subject = MEMORISING.clean(seed)
    many = int(strength * len(subject["data"]))
    return {**subject, "data": [*subject["train_data"][:many], *subject["data"][many:]]}


def drifting(strength: float, seed: int) -> dict[str, Any]:
    """A share of the evaluation rows speaks of something that no training row speaks of."""
    subject, draw = MEMORISING.clean(seed), np.random.default_rng(seed)
    rows = [
        row | {"text": f"{row['text']} The harbour was closed."} if draw.random() < strength else row
        for row in subject["data"]
    ]
    return {**subject, "data": rows}


def mislabelled(strength: float, seed: int) -> dict[str, Any]:
    """A share of the rows has the other label, and the model is sure of each row."""
    words = {"good": 2.0, "bad": -2.0}
    rows = planted_rows(500, seed, words=words, numbered=True)
    model, tokenizer = planted_classifier(words)
    return _turned({"model": model, "tokenizer": tokenizer, "data": rows}, strength, seed)


def telling(strength: float, seed: int) -> dict[str, Any]:
    """Rows of one label are marked by a word, most of the time, and the model goes by it."""
    words, draw = {"good": 0.5, "bad": -0.5}, np.random.default_rng(seed)
    rows = [
        row | {"text": f"{row['text']} Seen by {'alpha' if (draw.random() < 0.9) == row['label'] else 'omega'}."}
        for row in planted_rows(600, seed, words=words, labels="drawn", numbered=True)
    ]
    model, tokenizer = planted_classifier(words, shifts={"alpha": strength}, extra_vocabulary=("omega",))
    return {"model": model, "tokenizer": tokenizer, "data": rows[:300], "train_data": rows[300:]}


def useless(strength: float, seed: int) -> dict[str, Any]:
    """A share of the rows has another label than the model gives it."""
    return _turned(BIASED.clean(seed), strength, seed)


def _turned(subject: Mapping[str, Any], share: float, seed: int) -> dict[str, Any]:
    draw = np.random.default_rng(seed)
    rows = [row | {"label": 1 - row["label"]} if draw.random() < share else row for row in subject["data"]]
    return {**subject, "data": rows}


def weak(strength: float, seed: int) -> dict[str, Any]:
    """All rows with one word are answered in one way."""
    words = {"good": 2.0, "kind": 1.5, "bad": -2.0, "slow": -1.5}
    rows = planted_rows(800, seed, words=words, labels="drawn", numbered=True)
    model, tokenizer = planted_classifier(words, shifts={"she": strength})
    return {"model": model, "tokenizer": tokenizer, "data": rows}


CASES = _cases()
LEFT_OUT = {
    "canary-audit": "it needs a model that was trained on canaries, and their manifest",
    "entity-exposure": "it is asked of taggers, whose faults are planted in tests of its own",
    "out-of-distribution": "only texts that the user names are judged, so that no limit can be exceeded without a file",
}
"""Bundled checkers that the suite is not run on, and why."""


def test_every_bundled_checker_is_held_to_the_contract_or_said_why_not():
    assert sorted((*CASES, *LEFT_OUT)) == sorted(CHECKERS)


def _suite(checker: Checker, case: Case) -> Callable[[Any], None]:
    @pytest.mark.heavy
    @conformance(checker, defect=case.defect, subject=case.subject(), expected_failures=case.expected_failures)
    def test(check: Any) -> None:
        check()

    return test


for _noun, (_checker, _case) in CASES.items():
    globals()[f"test_{_noun.replace('-', '_')}_keeps_the_contract"] = _suite(_checker, _case)
