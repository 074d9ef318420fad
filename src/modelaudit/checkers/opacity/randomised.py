"""A check against a randomised model: do the explanations hang on what the model learnt?

The weights are drawn anew and the same rows explained on the same coalitions (the model parameter randomisation test of
Adebayo et al. 2018). Values that rank words alike under both are not those of the audited model: another model was
asked, answers were kept from elsewhere, or the output does not come from the weights.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from modelaudit.checker import Hiding, ModelHandle
from modelaudit.checkers.opacity.solving import Solved, on_coalitions, row_means
from modelaudit.checkers.opacity.stability import reliability, spearman


@dataclass(frozen=True, slots=True)
class Randomised:
    """Some rows under the audited model and under one with random weights.

    Attributes:
        clusters, agreements: what each row belongs to, and Spearman's correlation of its values under the two.
        spread: the median spread of the output under random weights, in the unit of the values.
    """

    agreements: Sequence[float]
    clusters: Sequence[str] | None
    spread: float


def against_random(model: ModelHandle, solved: Sequence[Solved], *, hide: Hiding) -> Randomised | None:
    """Explain the rows again under a model with random weights, with words hidden as they were.

    None where no row is long enough to compare.
    Rows whose values have not settled are left out: noise agrees with nothing.
    """
    chosen = [one for one in solved if (reliability(one.shapley) or 0.0) > 0.0]
    again = on_coalitions(model, [one.game for one in chosen], [one.coalitions for one in chosen], hide=hide)
    found = [
        (before.game.row, agreement)
        for before, after in zip(chosen, again, strict=True)
        if (agreement := spearman(before.shapley.values, after.shapley.values)) is not None
    ]
    if not found:
        return None
    return Randomised(*row_means(found), statistics.median(one.shapley.spread for one in again))
