"""Label errors by simulation: right labels and imperfect models, planted shares, power at the smallest share."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import expit, ndtr

from modelaudit.checkers.data.labels.confident import contradictions, log_odds
from modelaudit.checkers.data.labels.witness import FOLDS, cross_fitted
from modelaudit.statistics import Estimate
from modelaudit.statistics.label_noise import label_noise

STUDY = "label errors"
AUDITS = 200
ROWS = 1_000
SPREAD = 3.0
"""Standard deviation of the true log-odds: at 3 a model that knows them is right in 83% of rows."""


def study(draws: int, seed: int) -> list[dict[str, Any]]:
    """Return what was asked and measured; coverage over `draws`, audits over at most 200 of them."""
    rng = np.random.default_rng([seed, 12])
    audits = min(draws, AUDITS)
    return [*_clean(rng, audits), *_planted(rng, draws), *_power(rng, audits), *_trained(rng, audits)]


def _clean(rng: np.random.Generator, audits: int) -> list[dict[str, Any]]:
    """Audit right labels with models that err: honest, overconfident with a shifted threshold, of another shape."""
    found = []
    for said, more in (
        ("an honest model", {}),
        ("a model three times too sure, its threshold shifted", {"sureness": 3.0, "shift": 1.0}),
        ("a model whose errors follow a normal curve", {"shape": "normal"}),
        ("a model whose errors have long tails", {"shape": "long tails"}),
    ):
        alarms = sum(_estimate(rng, ROWS, 0.0, **more).interval()[0] > 0.0 for _ in range(audits)) / audits
        target = "reported" if more.get("shape") == "long tails" else "<= 0.09"
        found.append(
            _row(
                f"right labels, {said}: audits that see wrong labels",
                target,
                alarms,
                target == "reported" or alarms <= 18 / 200,
                audits,
            )
        )
    return found


def _planted(rng: np.random.Generator, draws: int) -> list[dict[str, Any]]:
    """Draw tables with a known share of wrong labels."""
    found = []
    for share in (0.03, 0.10):
        estimates = [_estimate(rng, ROWS, share, sureness=2.0, shift=0.5) for _ in range(draws)]
        held = np.mean([low <= share <= high for low, high in (one.interval() for one in estimates)])
        values = np.array([one.value for one in estimates])
        mean, chance = float(values.mean()), 2.0 * float(values.std()) / len(values) ** 0.5
        found += [
            _row(
                f"{share:.0%} wrong labels, {ROWS} rows, a model twice too sure: coverage of the 95% interval",
                ">= 0.93 (half a row is added at either end)",
                float(held),
                held >= 0.93,
                draws,
            ),
            _row(
                f"{share:.0%} wrong labels: mean estimate",
                f"{share}, a tenth and two standard errors off at the most",
                mean,
                abs(mean - share) <= 0.1 * share + chance,
                draws,
            ),
        ]
    return found


def _power(rng: np.random.Generator, audits: int) -> list[dict[str, Any]]:
    """Plant the smallest share that audits of right labels print, and count the audits that find it."""
    more: dict[str, Any] = {"sureness": 2.0, "shift": 0.5}
    n = 3 * ROWS
    printed = [_estimate(rng, n, 0.0, detectable=True, **more).smallest_detectable for _ in range(max(audits // 5, 1))]
    smallest = float(np.median([0.5 if each is None else each for each in printed]))
    seen = sum(_estimate(rng, n, smallest, **more).interval()[0] > 0.0 for _ in range(audits)) / audits
    return [
        _row(
            f"the smallest share that is printed for {n} rows ({smallest:.3f}): audits that find it",
            "0.8, less chance: >= 0.73",
            seen,
            seen >= 0.73,
            audits,
        )
    ]


def _trained(rng: np.random.Generator, audits: int) -> list[dict[str, Any]]:
    """Train the cross-fitted witness on tables with wrong labels, as an audit of training rows does."""
    found = []
    for share in (0.0, 0.03, 0.10):
        held, alarms, counted = 0, 0, []
        for _ in range(audits):
            features, given = _features(rng, ROWS, share)
            chances = cross_fitted(features, given, rng.integers(FOLDS, size=ROWS))
            depth, best = log_odds(chances)
            low, high = label_noise(depth, best != given, best, detectable=False).estimate.interval()
            held += low <= share <= high
            alarms += low > share
            counted.append(contradictions(chances, given).contradicted.mean())
        rate, target = (alarms, "<= 0.09") if share == 0.0 else (held, ">= 0.90")
        measured = rate / audits
        found.append(
            _row(
                f"cross-fitted witness, {share:.0%} wrong labels (confident learning counts {np.mean(counted):.1%}): "
                + ("audits that see wrong labels" if share == 0.0 else "coverage of the 95% interval"),
                target,
                measured,
                measured <= 18 / 200 if share == 0.0 else measured >= 0.90,
                audits,
            )
        )
    return found


def _estimate(
    rng: np.random.Generator,
    n: int,
    share: float,
    *,
    sureness: float = 1.0,
    shift: float = 0.0,
    shape: str = "logistic",
    detectable: bool = False,
) -> Estimate:
    """Draw a table for a model whose log-odds are those of the truth, times `sureness`, plus `shift`."""
    truth = rng.normal(0.0, SPREAD, n)
    chance = {
        "logistic": expit(truth),
        "normal": ndtr(truth / 1.7),
        "long tails": 0.5 + np.arctan(truth) / np.pi,
    }[shape]
    label = (rng.random(n) < chance) ^ (rng.random(n) < share)
    stated = truth * sureness + shift
    predicted = stated > 0.0
    return label_noise(np.abs(stated), label != predicted, predicted, detectable=detectable).estimate


def _features(rng: np.random.Generator, n: int, share: float) -> tuple[np.ndarray, np.ndarray]:
    """Draw 20 features, a truth that follows from them by chance, and labels of which a share is wrong."""
    features = rng.normal(size=(n, 20))
    label = rng.random(n) < expit(4.0 * features @ rng.normal(size=20) / np.sqrt(20))
    return features, (label ^ (rng.random(n) < share)).astype(np.int64)


def _row(cell: str, asked: str, measured: float, holds: bool, draws: int) -> dict[str, Any]:
    return {"study": STUDY, "cell": cell, "asked": asked, "measured": measured, "holds": bool(holds), "draws": draws}
