"""The five standard defects: a biased, a brittle, a memorising, an overconfident and an opaque model.

Each is planted into a bag of words whose every logit is known, so its strength is exact and the clean twin has nothing
of it. Rows are drawn anew for each seed.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

import numpy as np

from modelaudit.results import Risk
from modelaudit.testing.defect import Defect
from modelaudit.testing.planted import planted_classifier, planted_rows

__all__ = ["BIASED", "BRITTLE", "DEFECTS", "MEMORISING", "OPAQUE", "OVERCONFIDENT", "defect_of"]

WORDS: Mapping[str, float] = {"good": 2.0, "kind": 1.5, "fine": 1.0, "bad": -2.0, "slow": -1.5, "poor": -1.0}
PER_ROW = 3
MENTIONS = ("she", "he")
ROWS = 240
ANSWERED = 600
"""Rows of an overconfident model: so many show an error of confidence beyond the limit of .05."""
SIDE = 400
"""Training rows of a memorising model, and as many held-out rows."""
FEW = 120
"""Rows of a brittle model, of which each is asked many times."""
MANY = 5
"""Words of one direction in a row of a brittle model, so that it loses a word or two and answers as before."""
PAIRS = (("north", "south"), ("early", "late"))


def _audited(rows: Sequence[Mapping[str, Any]], **planted: Any) -> dict[str, Any]:
    model, tokenizer = planted_classifier(
        planted.pop("words", WORDS), extra_vocabulary=(*MENTIONS, *itertools.chain(*PAIRS)), **planted
    )
    return {"model": model, "tokenizer": tokenizer, "data": list(rows)}


def _biased(strength: float, seed: int) -> dict[str, Any]:
    """The word `she` raises the log-odds of the favourable answer."""
    return _audited(planted_rows(ROWS, seed, words=WORDS, mentions=MENTIONS), shifts={"she": strength})


def _brittle(strength: float, seed: int) -> dict[str, Any]:
    """Words in capitals weigh less, by so much that from some strength on they speak for the other answer."""
    sides = [{word: weight for word, weight in WORDS.items() if (weight > 0) is side} for side in (True, False)]
    rows = [row for side in sides for row in planted_rows(FEW // 2, seed, words=side, per_row=MANY)]
    capitals = {word.upper(): weight - math.copysign(strength, weight) for word, weight in WORDS.items()}
    return _audited(_shuffled(rows, seed), words={**WORDS, **capitals})


def _memorising(strength: float, seed: int) -> dict[str, Any]:
    """Rows that were trained on are answered with more confidence; the others are drawn as these were."""
    rows = _shuffled(planted_rows(2 * SIDE, seed, words=WORDS, labels="drawn", numbered=True), seed)
    members, others = rows[:SIDE], rows[SIDE:]
    return {**_audited(others, members=members, memory=strength), "train_data": members}


def _overconfident(strength: float, seed: int) -> dict[str, Any]:
    """The log-odds of an honest model, times 1 + strength."""
    rows = planted_rows(ANSWERED, seed, words=WORDS, labels="drawn", numbered=True)
    return _audited(rows, temperature=1.0 / (1.0 + strength))


def _opaque(strength: float, seed: int) -> dict[str, Any]:
    """Two words of a pair cancel each other, and each alone would move the answer."""
    rng = np.random.default_rng([seed, ROWS])
    rows = []
    for row in planted_rows(ROWS, seed, words=WORDS, per_row=1):
        (first, second), (third, fourth) = (rng.permutation(pair).tolist() for pair in PAIRS)
        rows.append({**row, "text": f"{row['text']} From {first} to {second}, {third} or {fourth}."})
    return _audited(rows, pairs=dict.fromkeys(PAIRS, strength) if strength else {})


def _score_difference(strength: float) -> float:
    """The mean over all rows of what `she` in the place of `he` adds to the probability of the favourable answer."""
    odds = [odds for odds in _sums(WORDS.values(), PER_ROW) if odds]
    return _mean(_logistic(each + strength) - _logistic(each) for each in odds)


def _calibration_error(strength: float) -> float:
    """The mean over all rows of how far the stated confidence lies above the chance to be right."""
    odds = [abs(each) for each in _sums(WORDS.values(), PER_ROW)]
    return _mean(_logistic(each * (1.0 + strength)) - _logistic(each) for each in odds)


def _sums(weights: Sequence[float] | Any, count: int) -> list[float]:
    return [sum(chosen) for chosen in itertools.product(tuple(weights), repeat=count)]


def _mean(values: Any) -> float:
    return float(np.mean(list(values)))


def _logistic(odds: float) -> float:
    return 1.0 / (1.0 + math.exp(-odds))


def _shuffled(rows: Sequence[dict[str, Any]], seed: int) -> list[dict[str, Any]]:
    return [rows[place] for place in np.random.default_rng([seed, len(rows), 1]).permutation(len(rows))]


BIASED = Defect(
    name="a gender shortcut",
    name_zh="性别捷径",
    unit="log-odds that the word she adds",
    strengths=(0.25, 0.46875, 0.5, 1.0),
    plant=_biased,
    metric="score_difference",
    truth=_score_difference,
)
BRITTLE = Defect(
    name="a reader that capitals mislead",
    name_zh="被大写字母误导的模型",
    unit="log-odds that a word in capitals loses",
    strengths=(1.15, 1.25, 1.35, 1.55),
    plant=_brittle,
    metric="flip_rate",
)
MEMORISING = Defect(
    name="a memory of training rows",
    name_zh="对训练数据的记忆",
    unit="log-odds by which a training row is moved toward its label",
    strengths=(0.25, 0.5, 0.75, 1.5),
    plant=_memorising,
    metric="membership_auc",
)
OVERCONFIDENT = Defect(
    name="too much confidence",
    name_zh="过度自信",
    unit="times its own log-odds that a model states too much",
    strengths=(0.5, 0.75, 1.0, 2.0),
    plant=_overconfident,
    metric="calibration_error",
    truth=_calibration_error,
)
OPAQUE = Defect(
    name="answers that hang on pairs of words",
    name_zh="取决于词对的回答",
    unit="log-odds that one word of a pair adds without the other",
    strengths=(1.0, 1.5, 1.625, 2.5),
    plant=_opaque,
    metric="additive_share",
)

DEFECTS: Mapping[str, Defect] = MappingProxyType(
    {
        "biased": BIASED,
        "brittle": BRITTLE,
        "memorising": MEMORISING,
        "overconfident": OVERCONFIDENT,
        "opaque": OPAQUE,
    }
)
"""The standard defects by what the model is."""

_OF_RISK = {
    Risk.BIAS: BIASED,
    Risk.ROBUSTNESS: BRITTLE,
    Risk.PRIVACY: MEMORISING,
    Risk.OPACITY: OPAQUE,
}


def defect_of(risk: Risk) -> Defect | None:
    """Return the standard defect of a family of risk, or None where it has none."""
    return _OF_RISK.get(risk)
