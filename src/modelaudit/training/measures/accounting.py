"""What differential privacy a training spends: noise for a budget before it, and epsilon for the updates behind it.

Each update is a sampled Gaussian mechanism, and the accountant is that of Rényi differential privacy (Mironov, Talwar
and Zhang 2019, arXiv 1908.10530; to epsilon by Balle et al. 2020, arXiv 1905.09982, theorem 21), as Opacus has it. It
is an upper bound without an error of its own. Others, with one, are tighter by up to a fifth.
"""

from __future__ import annotations

import math
import warnings
from dataclasses import dataclass
from functools import cache

from modelaudit.errors import InputError
from modelaudit.training.measures.opacus import opacus
from modelaudit.training.recipe import Recipe

__all__ = ["ACCOUNTANT", "Plan", "plan_of", "planned"]

ACCOUNTANT = "Rényi differential privacy (Opacus)"
# Close to 1 they are slow to sum, and matter for an epsilon of some tens only.
ORDERS = (1.25, *(1.5 + step / 4 for step in range(42)), *range(12, 64), 80, 96, 128, 160, 192, 256, 320, 384, 512)
CLOSENESS = 0.001
"""How much of the budget, at most, the search for the noise may leave unused."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """How private training goes: each of `rows` rows is in each of `steps` batches with the chance `rate`.

    Attributes:
        batches: of one pass over the rows; rate: 1 / batches.
        noise: standard deviation of the noise in units of the clipping norm.
        delta: at which epsilon is counted.
    """

    rows: int
    batches: int
    steps: int
    noise: float
    delta: float

    @property
    def rate(self) -> float:
        """The chance with which a row is in a batch."""
        return 1 / self.batches

    @property
    def expected(self) -> float:
        """How many rows a batch has on average."""
        return self.rows / self.batches

    def epsilon(self, steps: int) -> float:
        """Return what that many updates have spent; they may be fewer than were planned for."""
        return _epsilon(self.noise, rate=self.rate, steps=steps, delta=self.delta)


def planned(recipe: Recipe, *, rows: int) -> Plan:
    """Return the plan of a recipe's private training; InputError where it has no budget, and as `plan_of`."""
    if recipe.dp_epsilon is None:
        raise InputError("the recipe has no dp_epsilon to train within; give one, such as 8")
    return plan_of(
        rows=rows,
        batch_size=recipe.batch_size * recipe.accumulate,
        epochs=recipe.epochs,
        epsilon=recipe.dp_epsilon,
        delta=recipe.dp_delta,
    )


def plan_of(*, rows: int, batch_size: int, epochs: float, epsilon: float, delta: float | None = None) -> Plan:
    """Return the plan with the least noise for a budget.

    Args:
        batch_size: rows of a batch, on average; as near to it as a whole number of batches a pass allows.
        delta: None is 1 / (rows to the power 1.1).

    Raises:
        InputError: delta says nothing for so many rows, or no noise that is worth training with fits the budget.
    """
    batches = max(1, round(rows / batch_size))
    steps = math.ceil(epochs * batches)
    chosen = rows**-1.1 if delta is None else delta
    if not 0 < chosen <= 1 / rows or chosen == 1:
        raise InputError(
            f"delta is {chosen:.3g} for {rows:,} training rows; with 1/rows or more, a training that publishes whole "
            f"rows would count as private: choose one below {1 / rows:.1g}"
        )
    try:
        noise = _noise(epsilon, rate=1 / batches, steps=steps, delta=chosen)
    except ValueError as error:
        raise InputError(
            f"no noise keeps {steps:,} updates on {rows:,} rows within epsilon {epsilon:g} at delta {chosen:.2g}; "
            "allow a larger epsilon, or train for fewer epochs on more rows"
        ) from error
    return Plan(rows=rows, batches=batches, steps=steps, noise=noise, delta=chosen)


@cache
def _noise(epsilon: float, *, rate: float, steps: int, delta: float) -> float:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return float(
            opacus().accountants.utils.get_noise_multiplier(
                target_epsilon=epsilon,
                target_delta=delta,
                sample_rate=rate,
                steps=steps,
                accountant="rdp",
                epsilon_tolerance=CLOSENESS * epsilon,
                alphas=list(ORDERS),
            )
        )


@cache
def _epsilon(noise: float, *, rate: float, steps: int, delta: float) -> float:
    accountant = opacus().accountants.RDPAccountant()
    accountant.history = [(noise, rate, steps)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return float(accountant.get_epsilon(delta=delta, alphas=list(ORDERS)))
