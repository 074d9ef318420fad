"""Models that treat one group differently by a known amount: coverage, power, sign, and what is wrongly passed.

The effect belongs to the group, not to the list: offsets of names are drawn anew in every audit around the group's own,
so the names of the lexicon are a sample of all that the model would meet, and the truth is over all of them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.optimize import brentq
from scipy.special import expit
from study import Figure, at_most, within

from bias.simulated_design import POLICY, Design, Floats, compared, designed
from bias.simulated_nulls import DESIGNS, SEED, arms, names
from modelaudit.statistics import Estimate

LIMITS = {
    each.metric: each.within
    for each in POLICY.limit
    if each.checker == "modelaudit/counterfactual-substitution" and each.within is not None
}
SHIFTS = (0.25, 0.5, 1.0, 2.0)
"""Of log-odds."""
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(80)


@dataclass(frozen=True)
class Cell:
    """One kind of model, and the comparison that it is found by.

    `attribute`, `focus` and `reference` name the comparison; the focus group's log-odds are shifted. Log-odds of rows
    have the mean `centre` and the SD `spread`, those of names `name_sd`, of rows by arm `slope`, of single answers .1.
    `tagged`: the answer is whether a name was found, drawn with the model's probability, not the probability itself.
    """

    name: str
    attribute: str
    focus: str
    reference: str
    sign: int = 1
    name_sd: float = 0.3
    slope: float = 0.2
    centre: float = 0.0
    spread: float = 2.0
    tagged: bool = False

    @property
    def limit(self) -> float:
        """The starter policy's, on the size of the difference."""
        return LIMITS["recall_difference" if self.tagged else "score_difference"]

    def truth(self, shift: float) -> float:
        """Return the mean difference over all rows and names that a shift makes, by quadrature."""
        return self._mean(self.sign * shift) - self._mean(0.0)

    def shift_for(self, difference: float) -> float:
        """Return the shift that makes a difference of this size."""
        return float(brentq(lambda shift: abs(self.truth(shift)) - difference, 0.0, 12.0))

    def audit(self, shift: float, seed: int) -> Estimate:
        """Return the difference that one audit estimates."""
        design, shifted = _design(seed % DESIGNS, self.attribute, self.focus, self.reference)
        rng = np.random.default_rng([SEED, seed, *self.name.encode()])
        log_odds = rng.normal(self.centre, self.spread, design.rows)[design.row]
        log_odds += names(design, rng, self.name_sd) + arms(design, rng, self.slope)
        log_odds += rng.normal(0.0, 0.1, len(log_odds)) + self.sign * shift * shifted
        found = expit(log_odds)
        if self.tagged:
            found = (rng.random(len(found)) < found).astype(np.float64)
        [contrast] = compared(design, design.answers(found), design.planned)
        return contrast.estimates.differences[0]

    def _mean(self, shift: float) -> float:
        sd = np.sqrt(self.spread**2 + self.name_sd**2 + self.slope**2 + 0.1**2)
        return float((_WEIGHTS * expit(self.centre + shift + sd * _NODES)).sum() / _WEIGHTS.sum())


_ETHNICITY, _GENDER = "first names, ethnicity", "first names, gender"
SHIFTED = Cell("names of one ethnic group, shifted", _ETHNICITY, "black", "white")
CELLS = (
    SHIFTED,
    Cell("names of one gender, shifted, name noise .6", _GENDER, "female", "male", name_sd=0.6),
    Cell("gendered words, shifted", "gender words", "female", "male", name_sd=0.0, slope=0.5),
    Cell("names of one ethnic group, reversed", _ETHNICITY, "api", "white", sign=-1),
    Cell("names found less often in one group", _ETHNICITY, "hispanic", "white", -1, 0.5, 0.2, 2.5, 1.5, tagged=True),
    Cell("only at an intersection", f"{_GENDER} and ethnicity", "black female", "all others"),
)


def draw(cell: Cell, shift: float, seed: int) -> Mapping[str, float | bool]:
    """Return what one audit of a planted effect says, against the truth."""
    estimate, truth = cell.audit(shift, seed), cell.truth(shift)
    low, high = estimate.interval(0.95)
    found = low > 0.0 or high < 0.0
    return {
        "covered": low <= truth <= high,
        "found": found,
        "wrong sign": found and (estimate.value or 0.0) * truth < 0.0,
        "passed": max(-low, high) <= cell.limit <= abs(truth) + 1e-9,
        "exceeds": max(low, -high) > cell.limit,
        "smallest": estimate.smallest_detectable or 0.0,
    }


def stated_shift(cell: Cell, audits: Sequence[Mapping[str, float | bool]]) -> float:
    """Return the shift that makes the difference which audits without any said they could have shown, on average."""
    return cell.shift_for(float(np.mean([each["smallest"] for each in audits])))


def planted_figures(cell: Cell, shift: float, audits: Sequence[Mapping[str, float | bool]]) -> list[Figure]:
    """Return what audits of one shift found."""
    share = _shares(audits)
    said = f"{cell.name} by {shift:.3g} (truth {cell.truth(shift):+.3f}), {len(audits)} audits"
    return [
        Figure(f"{said}: the difference exceeds the limit", share["exceeds"], "rate"),
        at_most(f"{said}: wrongly within the limit", share["passed"], 0.05),
        at_most(f"{said}: found with the wrong sign", share["wrong sign"], 0.01),
    ]


def power_figures(cell: Cell, shift: float, audits: Sequence[Mapping[str, float | bool]]) -> list[Figure]:
    """Return how often an effect of the size that the report prints is found."""
    share = _shares(audits)
    said = f"{cell.name}, at the printed smallest detectable effect of {abs(cell.truth(shift)):.3f}"
    return [
        within(f"{said}, {len(audits)} audits: found", share["found"], 0.75, 0.85),
        at_most(f"{said}, {len(audits)} audits: found with the wrong sign", share["wrong sign"], 0.01),
    ]


def coverage_figures(cell: Cell, shift: float, audits: Sequence[Mapping[str, float | bool]]) -> list[Figure]:
    """Return how often the 95% interval holds the truth."""
    said = f"{cell.name} by {shift:.3g}, {len(audits)} audits: the 95% interval holds {cell.truth(shift):+.3f}"
    return [within(said, _shares(audits)["covered"], 0.93, 0.97)]


def _shares(audits: Sequence[Mapping[str, float | bool]]) -> dict[str, float]:
    return {rule: float(np.mean([each[rule] for each in audits])) for rule in audits[0]}


@cache
def _design(seed: int, *comparison: str) -> tuple[Design, Floats]:
    """Return the part of an audit that a comparison is made of, and which variants speak of its focus."""
    whole = _whole(seed)
    [planned] = [each for each in whole.planned if (each.attribute, each.focus, each.reference) == comparison]
    design = whole.only(planned)
    return design, np.array([each.group_in(planned.attribute) == planned.focus for each in design.variants], float)


@cache
def _whole(seed: int) -> Design:
    return designed(seed, topics=("gender", "ethnicity", "intersection"))
