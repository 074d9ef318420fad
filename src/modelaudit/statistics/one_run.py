"""A lower bound on epsilon from one training run with randomly included canaries.

Steinke, Nasr and Jagielski 2023, "Privacy auditing with one (1) training run" (arXiv 2305.08846), theorem 5.2: m
canaries are each included by an independent fair coin before training. Afterwards r of them are guessed to be in or
out, the others are left alone, and v guesses are right. Under (epsilon, delta)-differential privacy the number of right
guesses is about a binomial with q = e^epsilon / (1 + e^epsilon), so that too many of them refute an epsilon.

How many to guess is the auditor's choice, and the best of many choices is right too often by chance. So the choices are
a grid that hangs on m alone (`guess_grid`), and each has its share of the error (Bonferroni).

The bound has one side. Few right guesses show that this audit saw little, never that epsilon is small: its intervals
reach from the bound to `OPEN_END`, which stands for "no upper end".
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import betainc, betaincinv, gammaln, xlog1py, xlogy

from .arrays import booleans, check_level, vector
from .confidence import LEVELS, Estimate, interval_at, on_grid

OPEN_END: float = 1e6
"""Upper end of an interval that has none, since bounds are finite; no epsilon that means anything comes near it."""

SIZES = 9
FEWEST_GUESSES = 10
METHOD = "one-run audit, Bonferroni over a fixed grid, one-sided"
_STEPS = 60
_LARGEST = 64.0


@dataclass(frozen=True, slots=True)
class Guesses:
    """One cell of the grid: the `guessed_in` highest scores are called in, the `guessed_out` lowest are called out.

    Attributes:
        correct: how many of these guesses were right.
        bound: the lower bound on epsilon at 95% that this cell alone gives, the grid's correction included.
    """

    guessed_in: int
    guessed_out: int
    correct: int
    bound: float

    @property
    def guesses(self) -> int:
        """How many canaries are guessed."""
        return self.guessed_in + self.guessed_out


@dataclass(frozen=True, slots=True)
class OneRunAudit:
    """What one run shows: the lower bound on epsilon with its one-sided intervals, and the cells it comes from.

    The estimate's value is the bound at 95%. Its interval at a level L is [bound at confidence L, OPEN_END], all of the
    error on the lower side, so that a two-sided test against a limit has the level of the one-sided bound.
    """

    estimate: Estimate
    cells: tuple[Guesses, ...]
    delta: float

    def bound(self, level: float = 0.95) -> float:
        """Return the lower bound on epsilon at a confidence level."""
        return self.estimate.value or 0.0 if level == 0.95 else interval_at(self.estimate.bounds, level)[0]

    def beyond(self, claim: float) -> Estimate:
        """Return the bound less a claimed epsilon, with intervals; above 0 the claim is refuted.

        ValueError for a claim that is negative or not finite.
        """
        if not 0.0 <= claim < math.inf:
            raise ValueError(f"A claimed epsilon is a number of at least 0, not {claim}.")
        bounds = tuple((level, low - claim, high) for level, low, high in self.estimate.bounds)
        return replace(self.estimate, value=self.bound() - claim, bounds=bounds, smallest_detectable=None)


def one_run_p(epsilon: float, m: int, r: int, v: int, delta: float) -> float:
    """Return the p-value of "the training is (epsilon, delta)-differentially private".

    min(1, beta + 2 m delta alpha) with beta = P[B >= v], alpha = max over 1 <= i <= v of P[v > B >= v - i] / i and
    B ~ Binomial(r, q) (the paper's theorem 5.2 and its appendix D).

    Args:
        epsilon: the hypothesis, at least 0.
        m: canaries; r: guesses among them; v: right guesses.
        delta: of the hypothesis, 0 <= delta < 1.

    Raises:
        ValueError: `epsilon` is negative, `delta` is no probability below 1, or the counts contradict one another.
    """
    _check(m, r, v, delta)
    if not epsilon >= 0.0:
        raise ValueError(f"epsilon is at least 0, not {epsilon}.")
    if v == 0:
        return 1.0
    q = 1.0 / (1.0 + math.exp(-epsilon))
    beta = float(betainc(v, r - v + 1, q))
    if delta == 0.0 or beta >= 1.0:
        return min(1.0, beta)
    hits = np.arange(v - 1, -1, -1, dtype=np.float64)
    choose = gammaln(r + 1.0) - gammaln(hits + 1.0) - gammaln(r - hits + 1.0)
    below = np.cumsum(np.exp(choose + xlogy(hits, q) + xlog1py(r - hits, -q)))
    alpha = float((below / np.arange(1, v + 1)).max())
    return min(1.0, beta + 2.0 * m * delta * alpha)


def epsilon_lower_bound(m: int, r: int, v: int, delta: float, level: float = 0.95) -> float:
    """Return the largest epsilon that v right ones of r guesses refute at a one-sided level; 0 where they refute none.

    Arguments as in `one_run_p`. It can't pass about ln(r / 3) at 95%, however well all guesses go.
    """
    check_level(level)
    least = 1.0 - level
    if one_run_p(0.0, m, r, v, delta) >= least:
        return 0.0
    low, high = 0.0, 1.0
    while high < _LARGEST and one_run_p(high, m, r, v, delta) < least:
        low, high = high, 2.0 * high
    for _ in range(_STEPS):
        middle = (low + high) / 2.0
        if one_run_p(middle, m, r, v, delta) < least:
            low = middle
        else:
            high = middle
    return low


def guess_grid(m: int) -> tuple[tuple[int, int], ...]:
    """Return the cells (guessed in, guessed out) that an audit of m canaries looks at; they hang on m alone.

    Nine sizes k = m/2, m/2^1.5, m/4, ... m/32, each guessed on both ends (k, k), on the upper one (k, 0) and on the
    lower one (0, k): 27 cells. Cells with fewer than ten guesses are left out, since all of them right would refute
    nothing. ValueError for fewer than ten canaries.
    """
    if m < FEWEST_GUESSES:
        raise ValueError(f"A one-run audit needs {FEWEST_GUESSES} canaries, and there are {m}.")
    sizes = list(dict.fromkeys(int(m / 2.0 * 2.0 ** (-step / 2.0)) for step in range(SIZES)))
    cells = [cell for k in sizes for cell in ((k, k), (k, 0), (0, k)) if sum(cell) >= FEWEST_GUESSES]
    return tuple(cells) or ((m // 2, m // 2),)


def one_run_audit(scores: ArrayLike, included: ArrayLike, *, delta: float, ties: ArrayLike) -> OneRunAudit:
    """Return the lower bound on epsilon that the scores of one model give.

    Args:
        scores: (m,) higher where the model seems to know the canary.
        included: bool (m,), whether the coin put the canary into the training rows.
        delta: of the (epsilon, delta) that is bounded.
        ties: (m,) numbers that decide between equal scores; they must not hang on `included`.

    Raises:
        ValueError: fewer than ten canaries, a score that is not finite, or parts of different lengths.
    """
    cells = right_guesses(scores, included, ties=ties)
    m = len(np.asarray(included))
    counts = [(guessed_in + guessed_out, correct) for guessed_in, guessed_out, correct in cells]

    def bounds_at(level: float) -> list[float]:
        corrected = 1.0 - (1.0 - level) / len(cells)
        return [epsilon_lower_bound(m, r, v, delta, corrected) for r, v in counts]

    by_level = {level: bounds_at(level) for level in LEVELS}
    estimate = Estimate(
        value=max(by_level[0.95]),
        n=m,
        method=METHOD,
        bounds=on_grid(lambda level: (max(by_level[level]), OPEN_END)),
        smallest_detectable=detectable_epsilon(m, delta),
    )
    shown = tuple(Guesses(*cell, bound) for cell, bound in zip(cells, by_level[0.95], strict=True))
    return OneRunAudit(estimate, shown, delta)


def right_guesses(scores: ArrayLike, included: ArrayLike, *, ties: ArrayLike) -> list[tuple[int, int, int]]:
    """Return (guessed in, guessed out, right guesses) of each cell of the grid; arguments as in `one_run_audit`.

    Raises:
        ValueError: there are not as many tie breakers as scores.
    """
    values, order_of_ties = vector(scores, "scores"), vector(ties, "ties")
    inside = booleans(included, "included", length=len(values))
    if len(order_of_ties) != len(values):
        raise ValueError(f"There are {len(order_of_ties)} tie breakers for {len(values)} scores.")
    ranked = inside[np.lexsort((order_of_ties, -values))]
    from_top = np.concatenate([[0], np.cumsum(ranked)])
    from_bottom = np.concatenate([[0], np.cumsum(~ranked[::-1])])
    return [(k_in, k_out, int(from_top[k_in] + from_bottom[k_out])) for k_in, k_out in guess_grid(len(values))]


def detectable_epsilon(m: int, delta: float, *, level: float = 0.95, power: float = 0.8) -> float | None:
    """Return the smallest epsilon of which the bound is above 0 with this power, at the best: every canary tells all.

    That is randomised response, where each guess is right with probability q. A real training tells less of a canary
    than its epsilon allows, so that it may have a larger one and stay unseen. None where no epsilon would be seen.
    """
    corrected = 1.0 - (1.0 - level) / len(guess_grid(m))
    r = 2 * (m // 2)
    # The p-value falls with the number of right guesses.
    too_few, enough = r // 2, r
    if one_run_p(0.0, m, r, enough, delta) >= 1.0 - corrected:
        return None
    while enough - too_few > 1:
        middle = (too_few + enough) // 2
        if one_run_p(0.0, m, r, middle, delta) < 1.0 - corrected:
            enough = middle
        else:
            too_few = middle
    q = float(betaincinv(enough, r - enough + 1, power))
    return math.log(q / (1.0 - q))


def _check(m: int, r: int, v: int, delta: float) -> None:
    if not 0 <= v <= r <= m or r < 1:
        raise ValueError(f"{v} right of {r} guesses among {m} canaries is not a count: 0 <= v <= r <= m, r >= 1.")
    if not 0.0 <= delta < 1.0:
        raise ValueError(f"delta lies between 0 and 1, not at {delta}.")
