"""Models that treat no group differently, and what a whole audit, a flip rule and a paired t-test find in them.

All are fair: whatever moves a score is drawn without regard to groups. The models differ in what does move it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import cache

import numpy as np
from scipy.special import expit
from scipy.stats import ttest_1samp
from study import Figure, at_most

from bias.simulated_design import Design, Floats, compared, designed, judged, stated
from modelaudit.checkers.bias.contrasts import Contrast
from modelaudit.statistics import benjamini_hochberg

SEED = 20261127
DESIGNS = 5
"""Audits with names and rows drawn anew; the seeds of a study take turns with them."""
FLIPS = 0.05
SINGLE = "first names, gender: female - male"
RULES = {
    "our verdict": "low",
    f"a flip rate of {FLIPS:.0%}": "flip rule",
    "paired t-test, Benjamini-Hochberg": "t-test",
    "our verdict, one comparison": "single",
    f"a flip rate of {FLIPS:.0%}, one comparison": "flip rule, single",
    "paired t-test, one comparison": "t-test, single",
}
Model = Callable[[Design, np.random.Generator], Floats]


def level(design: Design, rng: np.random.Generator) -> Floats:
    """Return the log-odds of each variant's row, shape [variants]."""
    return rng.normal(0.0, 2.0, design.rows)[design.row]


def arms(design: Design, rng: np.random.Generator, sd: float) -> Floats:
    """Return how far each row takes the words of each arm: one offset a row and arm."""
    return rng.normal(0.0, sd, (design.rows, int(design.arm.max()) + 1))[design.row, design.arm]


def names(design: Design, rng: np.random.Generator, sd: float) -> Floats:
    """Return the offset of each variant's name, drawn anew: the names are a sample of all that there are."""
    return np.where(design.filler >= 0, rng.normal(0.0, sd, len(design.fillers))[design.filler], 0.0)


def blind(design: Design, rng: np.random.Generator) -> Floats:
    return level(design, rng)


def name_noise(sd: float) -> Model:
    return lambda design, rng: (
        level(design, rng) + names(design, rng, sd) + arms(design, rng, 0.2) + rng.normal(0.0, 0.1, len(design.row))
    )


def length_and_case(design: Design, rng: np.random.Generator) -> Floats:
    return level(design, rng) + 0.3 * (design.tokens - 8.0) + 0.1 * (design.capitals - 3.0)


def margin_flips(design: Design, rng: np.random.Generator) -> Floats:
    return level(design, rng) + rng.normal(0.0, 0.6, len(design.row))


def constant(design: Design, rng: np.random.Generator) -> Floats:
    return np.full(len(design.row), 0.8)


def permuted(design: Design, rng: np.random.Generator) -> Floats:
    """One unit of log-odds for half of the groups, where it is drawn anew which group a name or a text speaks of."""
    shifted = rng.random(len(design.fillers)) < 0.5
    by_text = rng.random(len(design.row)) < 0.5
    return level(design, rng) + np.where(design.filler >= 0, shifted[design.filler], by_text)


NULLS: Mapping[str, Model] = {
    "name-blind model": blind,
    "name noise .3": name_noise(0.3),
    "name noise .6": name_noise(0.6),
    "length- and case-sensitive model": length_and_case,
    "random flips near the margin": margin_flips,
    "constant model": constant,
    "labels permuted": permuted,
}


def audit(name: str, seed: int) -> Mapping[str, bool]:
    """Return what one audit of a null finds, by the rule that finds it."""
    design = _design(seed % DESIGNS)
    rng = np.random.default_rng([SEED, list(NULLS).index(name), seed])
    contrasts = compared(design, design.answers(expit(NULLS[name](design, rng))), design.planned)
    exceeded = [each for each in judged(stated(contrasts)) if each.state == "exceeds limit"]
    p = [row_t_test(each) for each in contrasts]
    single = next(place for place, each in enumerate(contrasts) if each.title == SINGLE)
    flips = [_flipped(each) for each in contrasts]
    return {
        "low": bool(exceeded),
        "medium": any(each.severity != "low" for each in exceeded),
        "single": any(each.group == SINGLE for each in exceeded),
        "flip rule": any(flips),
        "flip rule, single": flips[single],
        "t-test": bool((benjamini_hochberg(p) <= 0.05).any()),
        "t-test, single": p[single] <= 0.05,
    }


def row_t_test(contrast: Contrast) -> float:
    """Return the p-value of the paired t-test over rows, with the names of a group averaged first."""
    focus, reference = (
        np.array([np.mean([answer.scores[0] for answer in side[row]]) for row in contrast.focus_answers])
        for side in (contrast.focus_answers, contrast.reference_answers)
    )
    differences = focus - reference
    return 1.0 if np.ptp(differences) < 1e-12 else float(ttest_1samp(differences, 0.0).pvalue)


def null_figures(found: Mapping[str, Sequence[Mapping[str, bool]]]) -> list[Figure]:
    """Return the share of audits of each null with a false finding; the limits are 31 and 9 of 400."""
    figures = []
    for name, audits in found.items():
        runs = len(audits)
        share = {rule: sum(each[rule] for each in audits) / runs for rule in audits[0]}
        said = f"{name}, {runs} audits"
        figures += [
            at_most(f"{said}: any finding at low or above", share["low"], 31 / 400),
            at_most(f"{said}: any finding at medium or above", share["medium"], 9 / 400),
            Figure(f"{said}: any flip rate of {FLIPS:.0%} or more", share["flip rule"], "rate"),
            Figure(f"{said}: any paired t-test, Benjamini-Hochberg at .05", share["t-test"], "rate"),
            at_most(f"{said}, {SINGLE} alone: our verdict", share["single"], 31 / 400),
            Figure(f"{said}, {SINGLE} alone: a flip rate of {FLIPS:.0%} or more", share["flip rule, single"], "rate"),
            Figure(f"{said}, {SINGLE} alone: a paired t-test at .05", share["t-test, single"], "rate"),
        ]
    return figures


def table(found: Mapping[str, Sequence[Mapping[str, bool]]]) -> dict[str, dict[str, float]]:
    """Return the share of audits in which each rule has a false alarm, by model and rule."""
    return {
        name: {said: sum(each[rule] for each in audits) / len(audits) for said, rule in RULES.items()}
        for name, audits in found.items()
    }


def comparison(shares: Mapping[str, Mapping[str, float]]) -> str:
    """Return that table in Markdown."""
    lines = ["", "## False alarms in models that treat no group differently", ""]
    lines += ["| model | " + " | ".join(RULES) + " |", "|---" * (len(RULES) + 1) + "|"]
    lines += [f"| {name} | " + " | ".join(f"{own[rule]:.1%}" for rule in RULES) + " |" for name, own in shares.items()]
    lines += ["", f"The first three over all comparisons of an audit, the last three over one, {SINGLE}.", ""]
    return "\n".join(lines)


def _flipped(contrast: Contrast) -> bool:
    flips = contrast.estimates.flips
    return flips is not None and (flips.across.value or 0.0) >= FLIPS


@cache
def _design(seed: int) -> Design:
    return designed(seed)
