"""The one-run bound against mechanisms whose epsilon is known, and against none at all.

How often a model that never saw the coins gets a bound above 0 (nominal: at most 5%), and how often the bound passes
the epsilon of a mechanism that has exactly that (at most 5%).
"""

from __future__ import annotations

import functools
import math

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtr
from study import Figure, at_most

from modelaudit.statistics import epsilon_lower_bound, guess_grid, right_guesses

DELTA = 1e-5
EPSILONS = (0.5, 1.0, 2.0, 4.0, 8.0)


@functools.cache
def cell_bound(m: int, r: int, v: int, delta: float) -> float:
    return epsilon_lower_bound(m, r, v, delta, 1.0 - 0.05 / len(guess_grid(m)))


def bound(scores: np.ndarray, included: np.ndarray, rng: np.random.Generator, *, delta: float = DELTA) -> float:
    cells = right_guesses(scores, included, ties=rng.random(len(scores)))
    return max(cell_bound(len(scores), k_in + k_out, v, delta) for k_in, k_out, v in cells)


def gaussian_scale(epsilon: float, delta: float = DELTA) -> float:
    """The noise at which adding one unit is exactly (epsilon, delta)-private (Balle and Wang 2018, theorem 8)."""

    def excess(mu: float) -> float:
        return ndtr(mu / 2 - epsilon / mu) - math.exp(epsilon) * ndtr(-mu / 2 - epsilon / mu) - delta

    return 1.0 / brentq(excess, 1e-3, 50.0)


def gaussian(included: np.ndarray, epsilon: float, rng: np.random.Generator) -> np.ndarray:
    return included + gaussian_scale(epsilon) * rng.normal(size=len(included))


def randomised_response(included: np.ndarray, epsilon: float, rng: np.random.Generator) -> np.ndarray:
    honest = rng.random(len(included)) < 1.0 / (1.0 + math.exp(-epsilon))
    return (included == honest).astype(float)


def null_figures(runs: int, rng: np.random.Generator) -> list[Figure]:
    """How often a bound is above 0 where nobody saw the coins."""
    found = []
    for m in (200, 1000):
        hits = sum(bound(rng.normal(size=m), rng.random(m) < 0.5, rng) > 0 for _ in range(runs))
        found.append(at_most(f"one-run bound above 0 without any leak, {m} canaries, {runs} runs", hits / runs, 0.05))
    return found


def known_figures(runs: int, rng: np.random.Generator) -> list[Figure]:
    """How often the bound passes an epsilon that is known, and how near it comes; 1,000 canaries."""
    found = []
    for mechanism in (gaussian, randomised_response):
        name = mechanism.__name__.replace("_", " ")
        for epsilon in EPSILONS:
            bounds = np.empty(runs)
            for run in range(runs):
                included = rng.random(1000) < 0.5
                bounds[run] = bound(mechanism(included, epsilon, rng), included, rng)
            said = f"one-run bound, {name} of epsilon {epsilon:g}, {runs} runs"
            found.append(at_most(f"{said}: above that epsilon", float((bounds > epsilon).mean()), 0.05))
            found.append(Figure(f"{said}: mean", float(bounds.mean()), "epsilon"))
    return found
