"""Shortcuts by simulation: false alarms of search and judgement, and planted shortcuts in whole audits."""

from __future__ import annotations

from typing import Any

import numpy as np

from modelaudit.checkers.data.shortcuts.association import associated
from modelaudit.checkers.data.shortcuts.checker import Shortcuts
from modelaudit.checkers.data.shortcuts.cues import Cue
from modelaudit.checkers.data.shortcuts.reliance import accuracy_lost, detectable_loss
from modelaudit.statistics import Estimate, largest_of, p_above
from modelaudit.testing.planted import planted_classifier, planted_rows
from robustness.asking import context_of

STUDY = "shortcuts"
AUDITS = 200
CUES, ROWS = 6, 200
LIMIT = 0.05
WORDS = {"good": 2.0, "kind": 1.5, "fine": 1.0, "bad": -2.0, "slow": -1.5, "poor": -1.0}
SHORTCUTS = {"a name": ("Spielberg",), "an exclamation mark": ("!",), "a number": ("7", "12", "30")}


def study(draws: int, seed: int) -> list[dict[str, Any]]:
    """Return what was asked and measured: losses over `draws`, searches over 200 of them, whole audits over 20."""
    rng = np.random.default_rng([seed, 5])
    return [*_losses(rng, draws), *_searches(rng, min(draws, AUDITS)), *_audits(rng, min(draws, AUDITS) // 10)]


def _losses(rng: np.random.Generator, draws: int) -> list[dict[str, Any]]:
    """Judge six cues in a model that changes 3 answers in 100 whatever is put in, and one that leans on a cue."""

    def largest(effect: float) -> Estimate:
        each = []
        for place in range(CUES):
            right = rng.random(ROWS) < 0.85
            control, cue = right ^ (rng.random(ROWS) < 0.03), right ^ (rng.random(ROWS) < 0.03)
            if place == 0 and effect:
                cue &= rng.random(ROWS) >= effect / 0.85
            each.append(accuracy_lost(control, cue))
        return largest_of(each, support=(-1.0, 1.0))[0]

    null = [largest(0.0) for _ in range(draws)]
    stated = detectable_loss(ROWS, 0.06, family=CUES)
    planted = [largest(stated) for _ in range(draws)]
    # Of the answers that a cue turns, those that noise would have turned anyway don't count.
    truth = stated * (0.85 * 0.97 + 0.15 * 0.03) / 0.85
    audits = min(draws, AUDITS)
    where = f"{CUES} cues in {ROWS} rows, 3% of the answers change by chance"
    return [
        _at_most(f"{where}: one-sided alarms at 5%", [p_above(e.bounds, 0.0) <= 0.05 for e in null[:audits]], 18 / 200),
        _at_most(f"{where}: alarms against .05", [e.interval()[0] > LIMIT for e in null[:audits]], 18 / 200),
        _at_least(f"{where}: coverage of 0 (simultaneous)", [_covers(e, 0.0) for e in null], 0.93),
        _at_least(f"{where}, a loss of {stated:.3f} (printed): power", [e.interval()[0] > 0.0 for e in planted], 0.8),
        _at_least(
            f"{where}, a loss of {stated:.3f}: coverage (simultaneous)", [_covers(e, truth) for e in planted], 0.93
        ),
    ]


def _searches(rng: np.random.Generator, draws: int) -> list[dict[str, Any]]:
    """Search 150 cues in 400 rows: none goes with a label, or one does."""

    def confirmed(lift: float) -> bool:
        labels = rng.integers(2, size=400)
        frequency = rng.uniform(0.05, 0.5, size=150)
        has = rng.random((400, 150)) < frequency
        if lift:
            has[:, 0] = rng.random(400) < np.where(labels == 1, 0.2 * (1.0 + lift), 0.2 * (1.0 - lift))
        cues = [Cue("word", f"w{place:03d}") for place in range(150)]
        rows = [frozenset(cue for cue, there in zip(cues, line, strict=True) if there) for line in has]
        found = associated(rows, labels, rng.random(400) < 0.5).confirmed
        return any(each.cue == cues[0] for each in found) if lift else bool(found)

    return [
        _at_most(
            "150 cues, none telling, 400 rows: audits that confirm one",
            [confirmed(0.0) for _ in range(draws)],
            18 / 200,
        ),
        _at_least(
            "a cue in 20% of 400 rows, of which 80% have the label: found", [confirmed(0.6) for _ in range(draws)], 0.8
        ),
    ]


def _audits(rng: np.random.Generator, draws: int) -> list[dict[str, Any]]:
    """Audit models of 2.5 log-odds for a cue that 80% of one label have and 10% of the other, and their clean twins."""
    lines: list[dict[str, Any]] = []
    alarms: list[bool] = []
    if not draws:
        return lines
    for name, cues in SHORTCUTS.items():
        found = []
        for planted in (True, False):
            model = planted_classifier(
                WORDS | dict.fromkeys(cues, 2.5 if planted else 0.0), extra_vocabulary=("she", "he")
            )
            for _ in range(draws):
                low = _audited(model, cued_rows(300, int(rng.integers(10**6)), cues))
                (found if planted else alarms).append(low > (LIMIT if planted else 0.0))
        lines.append(_at_least(f"a model that leans on {name}, 300 rows: power against .05", found, 0.8))
    return [*lines, _at_most("its clean twins, which do not: alarms at 5%", alarms, 18 / 200)]


def cued_rows(size: int, seed: int, cues: tuple[str, ...]) -> list[dict[str, Any]]:
    """Return rows whose label the words decide, with a cue in 80% of the positive and 10% of the negative ones."""
    rng = np.random.default_rng([seed, 11])
    rows = []
    for row in planted_rows(size, seed, words=WORDS, labels="drawn"):
        name = "".join(rng.choice(list("abcdefgh"), 8))
        text = f"{row['text'][:-1]}, writes {name}"
        if rng.random() < (0.8 if row["label"] else 0.1):
            cue = str(rng.choice(cues))
            text += "!" if cue == "!" else f" to {cue} of us."
        else:
            text += "."
        rows.append({"text": text, "label": row["label"]})
    return rows


def _audited(model: Any, rows: list[dict[str, Any]]) -> float:
    """Return the lower end of the judged number's interval in one audit."""
    checker = Shortcuts()
    with context_of(*model, rows, checker=checker.info.id, preset="quick") as (ctx, _):
        found = next(iter(checker.run(ctx))).metric
    return next(bound.low for bound in found.bounds if bound.level == 0.95)


def _covers(estimate: Estimate, truth: float) -> bool:
    low, high = estimate.interval()
    return low - 1e-12 <= truth <= high + 1e-12


def _at_most(cell: str, found: list[bool], most: float) -> dict[str, Any]:
    value = float(np.mean(found))
    return _line(cell, f"<= {most:.3g}", value, value <= most, len(found))


def _at_least(cell: str, found: list[bool], least: float) -> dict[str, Any]:
    value = float(np.mean(found))
    return _line(cell, f">= {least:.3g}", value, value >= least, len(found))


def _line(cell: str, asked: str, value: float, holds: bool, draws: int) -> dict[str, Any]:
    return {"study": STUDY, "cell": cell, "asked": asked, "measured": value, "holds": holds, "draws": draws}
