"""Perturbation: coverage of its intervals, false alarms of jitter, planted brittleness found at the printed size."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from modelaudit.checkers.robustness.perturbation import Perturbation
from modelaudit.checkers.robustness.perturbation.arms import JUDGED_TIERS
from modelaudit.policy import judge
from modelaudit.policy_file import load_policy
from modelaudit.results import CheckResult
from modelaudit.statistics import (
    benjamini_hochberg,
    clopper_pearson,
    largest_of,
    p_above,
    paired_difference,
    relative_loss,
    tango_interval,
)
from modelaudit.testing.planted import planted_classifier
from modelaudit.text import bundled_perturbations
from robustness.asking import context_of
from robustness.cells import Cell, alarm_cell, coverage_cell, power_cell

ROWS = 400
KINDS, MEMBERS = 11, 4
"""About what an English table has: kinds of change, and changes of each."""
WORDS = {"fun": 2.0, "fit": 1.5, "new": 1.0, "bad": -2.0, "sad": -1.5, "odd": -1.0}
"""Words too short for slips, so that only the cue is fragile."""
TRIED = ("letter case", "punctuation", "wording", "typing errors", "scanning errors", "irrelevant text")
CUES: Mapping[str, tuple[str, str]] = {
    "case-sensitive": ("zap", "letter case"),
    "punctuation shortcut": ("!", "punctuation"),
    "digit shortcut": ("7", "wording"),
}
"""Defect: the cue that decides an answer, and the kind of change that takes it away."""


def study(draws: int, seed: int) -> list[Cell]:
    """Return the cells; audits of planted models are a twentieth of the draws."""
    rng = np.random.default_rng(seed)
    audits = max(draws // 20, 4)
    return [
        *_relative_losses(draws, rng),
        *_largest(draws, rng),
        *_power(draws, rng),
        _jitter(max(draws // 10, 20), rng),
        *_planted(audits, seed),
    ]


def _relative_losses(draws: int, rng: np.random.Generator) -> list[Cell]:
    cells = []
    for n, lost, gained in ((200, 0.02, 0.05), (1_000, 0.01, 0.02), (1_000, 0.10, 0.05), (300, 0.3, 0.1)):
        right = round(0.85 * n)
        truth = 1 - (right * (1 - lost) + (n - right) * gained) / right
        counts = zip(rng.binomial(right, lost, draws), rng.binomial(n - right, gained, draws), strict=True)
        held = np.mean([_holds(relative_loss(int(a), int(b), right, n).interval(), truth) for a, b in counts])
        cells.append(coverage_cell("share of right answers lost", f"n {n}, lost {lost}, gained {gained}", held, draws))
    return cells


def _largest(draws: int, rng: np.random.Generator) -> list[Cell]:
    """The largest of several: conservative at the lower end by Bonferroni, and by the exact intervals."""
    cells = []
    for name, rates in (
        ("4 alike", [0.05] * 4),
        ("one stands out", [0.02, 0.02, 0.02, 0.10]),
        ("40 alike", [0.03] * 40),
    ):
        held = np.mean(
            [
                _holds(
                    largest_of([clopper_pearson(int(k), ROWS) for k in rng.binomial(ROWS, rates)], support=(0.0, 1.0))[
                        0
                    ].interval(),
                    max(rates),
                )
                for _ in range(draws)
            ]
        )
        cells.append(coverage_cell("largest flip rate", name, held, draws, conservative=True))
    return cells


def _power(draws: int, rng: np.random.Generator) -> list[Cell]:
    """A loss of the printed smallest detectable size, with a background that goes both ways."""
    cells = []
    for both in (0.0, 0.01, 0.05):
        stated = paired_difference(round(both * ROWS), round(both * ROWS), ROWS).smallest_detectable or 0.0
        counts = rng.multinomial(ROWS, [both + stated, both, 1 - 2 * both - stated], size=draws)
        found = np.mean([paired_difference(int(a), int(b), ROWS).interval()[0] > 0 for a, b, _ in counts])
        cell = f"{both:.0%} of rows flip either way, {stated:.3f} lost"
        cells.append(power_cell("accuracy lost, at the printed smallest effect", cell, found, draws))
    for count in (MEMBERS, KINDS * MEMBERS):
        alike = [paired_difference(4, 4, ROWS)] * count
        stated = largest_of(alike, support=(-1.0, 1.0))[0].smallest_detectable or 0.0
        counts = rng.multinomial(ROWS, [4 / ROWS + stated, 4 / ROWS, 1 - 8 / ROWS - stated], size=draws)
        # The lower end of the largest is above 0 where that of any is, each at the level of all at once.
        level = 1.0 - 0.05 / count
        found = np.mean([tango_interval(int(a), int(b), ROWS, level)[0] > 0 for a, b, _ in counts])
        cell = f"the worst of {count}, {stated:.3f} lost under one of them"
        cells.append(power_cell("accuracy lost, at the printed smallest effect", cell, found, draws))
    return cells


def _jitter(audits: int, rng: np.random.Generator) -> Cell:
    """A model that flips 2% of answers either way under any change, net of nothing: no verdict is due."""
    limits = {limit.metric: limit.max for limit in load_policy().limit if limit.checker == "modelaudit/perturbation"}
    alarms = 0
    for _ in range(audits):
        p_values = []
        for _ in range(KINDS):
            counts = rng.multinomial(ROWS, [0.01, 0.01, 0.98], size=MEMBERS)
            flips = [clopper_pearson(int(a + b), ROWS) for a, b, _ in counts]
            drops = [paired_difference(int(a), int(b), ROWS) for a, b, _ in counts]
            p_values += [
                p_above(largest_of(found, support=support)[0].bounds, limits[metric] or 0.0)
                for found, support, metric in (
                    (flips, (0.0, 1.0), "flip_rate"),
                    (drops, (-1.0, 1.0), "accuracy_drop"),
                )
            ]
        alarms += bool(benjamini_hochberg(p_values).min() <= 0.05)
    return alarm_cell("jitter of 2% under 44 changes, judged as an audit", "no verdict is due", alarms, audits)


def _planted(audits: int, seed: int) -> list[Cell]:
    """Models with one cue each, in as many rows as are needed to be seen; and their clean twin."""
    cells, found = [], {defect: [] for defect in (*CUES, "clean twin")}
    share = (paired_difference(0, 0, ROWS).smallest_detectable or 0.0) + 0.05
    for number in range(audits):
        for defect in found:
            found[defect].append(_exceeding(defect, share, seed + number))
    for defect, (_, kind) in CUES.items():
        hit = np.mean([kind in each for each in found[defect]])
        wrong = sum(bool(each - {kind}) for each in found[defect])
        cell = f"{defect}, in {share:.1%} of {ROWS} rows: the limit of 5% and the smallest effect"
        cells.append(power_cell("planted brittleness", cell, hit, audits))
        cells.append(alarm_cell("planted brittleness, other kinds of change", defect, wrong, audits))
    cells.append(
        alarm_cell("clean twin", "any kind of change", sum(bool(each) for each in found["clean twin"]), audits)
    )
    return cells


def _exceeding(defect: str, share: float, seed: int) -> set[str]:
    """Return the kinds of change by which an audit says that the model exceeds a limit."""
    cue = CUES.get(defect, ("zap", ""))[0]
    rows = _rows(cue if defect in CUES else None, share, seed)
    chosen = [each for each in bundled_perturbations() if each.family in TRIED and each.tier in JUDGED_TIERS]
    checker = Perturbation(chosen)
    model, tokenizer = planted_classifier(_weights(defect, cue), case_sensitive=True)
    with context_of(model, tokenizer, rows, checker=checker.info.id, preset="standard", seed=seed) as (ctx, _):
        found = tuple(checker.run(ctx))
    judged = judge([CheckResult(checker=checker.info, status="completed", findings=found)], load_policy())
    return {verdict.group or "" for verdict in judged.verdicts if verdict.state == "exceeds limit"}


def _weights(defect: str, cue: str) -> dict[str, float]:
    """Words in every case, so that only the cue is fragile: it is known in one form."""
    forms = {form: weight for word, weight in WORDS.items() for form in (word, word.upper(), word.title())}
    return {**forms, cue: 9.0} if defect in CUES else forms


def _rows(cue: str | None, share: float, seed: int) -> list[dict[str, Any]]:
    rng = np.random.default_rng(seed)
    words = sorted(WORDS)
    rows = []
    for number in range(ROWS):
        word = words[int(rng.integers(len(words)))]
        cued = cue is not None and rng.random() < share
        negative = [each for each in words if WORDS[each] < 0]
        if cued:
            word = negative[int(rng.integers(len(negative)))]
        text = f"Case {chr(97 + number % 26)}{number}x was {word} to us"
        end = "!" if cued and cue == "!" else "."
        middle = f" for {cue} days" if cued and cue == "7" else f" with {cue}" if cued and cue == "zap" else ""
        rows.append({"text": f"{text}{middle}{end}", "label": int(cued or WORDS[word] > 0)})
    return rows


def _holds(interval: tuple[float, float], truth: float) -> bool:
    return interval[0] <= truth <= interval[1]
