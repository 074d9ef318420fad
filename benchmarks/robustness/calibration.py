"""Calibration on drawn answers: alarms for honest models, planted temperatures, coverage of every printed interval.

Estimates and findings are those of the checker; only the model's answers are drawn. Logits of C classes are normal, the
truth is drawn with their softmax, and the model states the softmax of the logits divided by a planted temperature.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from scipy.special import log_softmax, softmax

from modelaudit.checkers.robustness.calibration.answers import FOLDS, Answers, error_of
from modelaudit.checkers.robustness.calibration.division import divisions_of
from modelaudit.checkers.robustness.calibration.gaps import gap_findings
from modelaudit.checkers.robustness.calibration.parts import parts_of
from modelaudit.checkers.robustness.calibration.selection import SURE
from modelaudit.statistics import (
    THRESHOLDS,
    Estimate,
    aurc,
    brier_score,
    clustered_proportion,
    confidence_auroc,
    cross_fitted,
    excess_aurc,
    kept_from,
    largest_of,
    negative_log_likelihood,
    size_of,
    temperature_estimate,
)
from modelaudit.statistics.row_outcomes import signed_gap

STUDY = "calibration"
AUDITS = 200
"""Of clean twins and for power."""
TEMPERATURES = (0.25, 0.5, 1.0, 2.0, 4.0)
MANY = 200_000
"""Answers that the truth of a population is computed from."""
Cell = dict[str, Any]


@dataclass(frozen=True)
class Population:
    """Answers of one kind of model: `alike` is the chance that an answer shares its document's draw of the truth."""

    name: str
    classes: int
    spread: float
    temperature: float
    answers: int
    documents: int | None = None
    alike: float = 0.0

    def draw(self, rng: np.random.Generator) -> Answers:
        n = self.answers
        document = np.arange(n) if self.documents is None else np.arange(n) * self.documents // n
        honest = self.spread * rng.standard_normal((n, self.classes))
        common, own = rng.random(n)[document], rng.random(n)
        at = np.where(rng.random(n) < self.alike, common, own)
        truth = (at[:, None] > softmax(honest, axis=1).cumsum(axis=1)[:, :-1]).sum(axis=1)
        logits = honest / self.temperature
        return Answers(
            logits, softmax(logits, axis=1), truth.astype(np.int64), np.arange(n), document, document % FOLDS, "rows"
        )

    @cached_property
    def many(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Honest logits, their softmax, and the chance that the predicted class is right, of many answers."""
        honest = self.spread * np.random.default_rng(0).standard_normal((MANY, self.classes))
        chances = softmax(honest, axis=1)
        return honest, chances, chances.max(axis=1)

    @cached_property
    def truths(self) -> Mapping[str, float]:
        """What each printed number is in the population."""
        honest, chances, right = self.many
        logits = honest / self.temperature
        stated = softmax(logits, axis=1)
        confidence, wrong = stated.max(axis=1), 1.0 - right
        order = np.argsort(-confidence)
        area = float((np.cumsum(wrong[order]) / np.arange(1, MANY + 1)).mean())
        rate = float(wrong.mean())
        below = np.cumsum(wrong[order][::-1])[::-1]
        return {
            "confidence gap": float((confidence - right).mean()),
            "Brier score": float(((stated**2).sum(axis=1) - 2.0 * (chances * stated).sum(axis=1) + 1.0).mean()),
            "negative log-likelihood": float(-(chances * log_softmax(logits, axis=1)).sum(axis=1).mean()),
            "AURC": area,
            "excess AURC": area - rate - (1.0 - rate) * float(np.log1p(-rate)),
            "AUROC of confidence": float(right[order] @ below) / float(right.sum() * wrong.sum()),
            "confident errors": float(wrong[confidence > SURE].sum() / wrong.sum()),
            "temperature": 1.0 / self.temperature,
            "calibration error": self.error(1.0),
            "largest gap by class": abs(float((confidence - right).mean())),
        }

    def error(self, divisor: float) -> float:
        """Return the calibration error of the population with its logits divided once more."""
        return float(np.interp(np.log(divisor), *self._errors))

    def risks(self) -> np.ndarray:
        """Return the share of wrong answers among those from each threshold; 0 where there are none."""
        honest, _, right = self.many
        confidence = softmax(honest / self.temperature, axis=1).max(axis=1)
        kept = [confidence >= threshold for threshold in THRESHOLDS]
        return np.array([1.0 - right[one].mean() if one.any() else 0.0 for one in kept])

    @cached_property
    def _errors(self) -> tuple[np.ndarray, np.ndarray]:
        honest, _, right = (one[:40_000] for one in self.many)
        divisors = np.exp(np.linspace(np.log(0.1), np.log(10.0), 61))
        found = []
        for divisor in divisors:
            confidence = softmax(honest / (self.temperature * divisor), axis=1).max(axis=1)
            gaps = (confidence - right)[np.argsort(confidence)].reshape(200, -1).mean(axis=1)
            found.append(float(np.abs(gaps).mean()))
        return np.log(divisors), np.array(found)


THREE = Population("three classes, twice too sure, 500 rows", 3, 2.5, 0.5, 500)
FEW = Population("two classes, 96% right, 200 rows", 2, 9.0, 1.0, 200)
DOCUMENTS = Population("three classes, 100 documents of 5 alike rows", 3, 2.5, 1.0, 500, documents=100, alike=0.5)
CONSERVATIVE = (
    *(
        "calibration error",
        "calibration error after scaling",
        "largest gap by class",
        "bounds of all thresholds at once",
    ),
    *("confidence gap", "Brier score", "negative log-likelihood", "confident errors"),
)
"""Intervals that cover more than they say by construction: bias-aware, Bonferroni's, the rule of three's, exact."""


def study(draws: int, seed: int) -> list[Cell]:
    """Return the cells of the study; alarms and power take 200 audits at the most."""
    audits = min(draws, AUDITS)
    cells = [*_clean(audits, seed), *_planted(audits, seed), *_power(audits, seed)]
    for population in (THREE, FEW, DOCUMENTS):
        cells += _coverage(population, draws, seed)
    return cells


def _clean(audits: int, seed: int) -> list[Cell]:
    twin = Population("clean twin", 3, 2.5, 1.0, 500)
    counts = dict.fromkeys(("p of the null test", "confidence gap", "largest gap by class", "temperature"), 0)
    above = 0
    for draw in range(audits):
        rng = np.random.default_rng([seed, 1, draw])
        answers = twin.draw(rng)
        error, gap = gap_findings(answers, rng=rng)
        above += _interval(error.metric.grid)[0] > 0.05
        counts["p of the null test"] += error.evidence[1].rows[0][2] <= 0.05
        counts["confidence gap"] += not _holds(_interval(gap.metric.grid), 0.0)
        counts["largest gap by class"] += _interval(_largest(answers).bounds)[0] > 0.0
        counts["temperature"] += not _holds(temperature_estimate(answers.logits, answers.truth).interval(), 1.0)
    most = round(audits * 18 / AUDITS)
    return [
        _cell("clean twin, error above the limit of .05", "0", above, above == 0, audits),
        *(_cell(f"clean twin, {name}", f"<= {most}", count, count <= most, audits) for name, count in counts.items()),
    ]


def _planted(audits: int, seed: int) -> list[Cell]:
    cells = []
    for place, temperature in enumerate(TEMPERATURES):
        planted = Population("planted", 3, 2.5, temperature, 5_000)
        near = signs = 0
        for draw in range(audits):
            answers = planted.draw(np.random.default_rng([seed, 2, place, draw]))
            found = temperature_estimate(answers.logits, answers.truth).value
            near += abs(found * temperature - 1.0) <= 0.1
            low, high = signed_gap(answers.confidence, answers.correct, answers.cluster).interval()
            signs += low > 0 if temperature < 1.0 else high < 0
        share = near / audits
        name = f"planted temperature {temperature:g}, 5,000 rows"
        cells.append(_cell(f"{name}: fitted within 10%", ">= 0.95", share, share >= 0.95, audits))
        if temperature != 1.0:
            cells.append(_cell(f"{name}: sign found", ">= 0.95", signs / audits, signs / audits >= 0.95, audits))
    return cells


def _power(audits: int, seed: int) -> list[Cell]:
    """Plant the error that an honest model's audit prints as the smallest it could show."""
    cells = []
    for place, rows in enumerate((500, 2_000)):
        twin = Population("twin", 3, 2.5, 1.0, rows)
        printed = []
        for draw in range(min(audits, 50)):
            answers = twin.draw(np.random.default_rng([seed, 3, place, draw]))
            printed.append(error_of(answers.confidence, answers.correct, answers.cluster).smallest_detectable)
        size = float(np.mean(printed))
        divisors, errors = twin._errors
        sharper = divisors <= 0.0
        planted = Population(
            "planted", 3, 2.5, float(np.exp(np.interp(-size, -errors[sharper], divisors[sharper]))), rows
        )
        found = 0
        for draw in range(audits):
            answers = planted.draw(np.random.default_rng([seed, 4, place, draw]))
            found += error_of(answers.confidence, answers.correct, answers.cluster).interval()[0] > 0.0
        share = found / audits
        cells.append(
            _cell(f"power at the printed error of {size:.3f}, {rows:,} rows", ">= 0.80", share, share >= 0.8, audits)
        )
    return cells


def _coverage(population: Population, draws: int, seed: int) -> list[Cell]:
    held: dict[str, list[bool]] = {}
    truths, risks = population.truths, population.risks()
    for draw in range(draws):
        answers = population.draw(np.random.default_rng([seed, 5, len(population.name), draw]))
        for name, estimate in _estimates(answers).items():
            held.setdefault(name, []).append(bool(estimate.bounds) and _holds(estimate.interval(), truths[name]))
        scaled, temperatures = cross_fitted(answers.logits, answers.truth, answers.fold)
        after = error_of(softmax(scaled, axis=1).max(axis=1), answers.correct, answers.cluster)
        left = float(np.mean([population.error(one) for one in temperatures]))
        held.setdefault("calibration error after scaling", []).append(_holds(after.interval(), left))
        kept = kept_from(answers.confidence, answers.correct, clusters=answers.units)
        held.setdefault("bounds of all thresholds at once", []).append(
            all(one.most_wrong >= risk for one, risk in zip(kept, risks, strict=True))
        )
    cells = []
    for name, each in held.items():
        share = float(np.mean(each))
        wide = name in CONSERVATIVE
        asked = ">= 0.93, conservative" if wide else "0.93 to 0.97"
        holds = share >= 0.93 and (wide or share <= 0.97)
        cells.append(_cell(f"coverage of {name}, {population.name}", asked, share, holds, draws))
    return cells


def _estimates(answers: Answers) -> Mapping[str, Estimate]:
    confidence, correct, units = answers.confidence, answers.correct, answers.units
    wrong = ~correct
    return {
        "confidence gap": signed_gap(confidence, correct, answers.cluster),
        "Brier score": brier_score(answers.probabilities, answers.truth, clusters=units),
        "negative log-likelihood": negative_log_likelihood(answers.logits, answers.truth, clusters=units),
        "AURC": aurc(confidence, correct, clusters=units),
        "excess AURC": excess_aurc(confidence, correct, clusters=units),
        "AUROC of confidence": confidence_auroc(confidence, correct, clusters=units),
        "confident errors": clustered_proportion(confidence[wrong] > SURE, None if units is None else units[wrong]),
        "temperature": temperature_estimate(answers.logits, answers.truth, clusters=units),
        "calibration error": error_of(confidence, correct, answers.cluster),
        "largest gap by class": _largest(answers),
    }


def _largest(answers: Answers) -> Estimate:
    classes = [str(index) for index in range(answers.logits.shape[1])]
    [division] = divisions_of(answers, [], classes, ())
    return largest_of([size_of(part.gap) for part in parts_of(division, answers)], support=(0.0, 1.0))[0]


def _interval(bounds: tuple[tuple[float, float, float], ...]) -> tuple[float, float]:
    return next((low, high) for level, low, high in bounds if level == 0.95)


def _holds(interval: tuple[float, float], truth: float) -> bool:
    return interval[0] <= truth <= interval[1]


def _cell(cell: str, asked: str, measured: float, holds: bool, draws: int) -> Cell:
    return {
        "study": STUDY,
        "cell": cell,
        "asked": asked,
        "measured": round(float(measured), 4),
        "holds": bool(holds),
        "draws": draws,
    }
