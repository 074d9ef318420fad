"""Ranking: which words of a row the answer hangs on most, so that they are edited first."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from modelaudit.checkers.robustness.attack.plan import GRADIENT_COST
from modelaudit.checkers.robustness.attack.site import players_of
from modelaudit.checkers.robustness.attack.target import Target
from modelaudit.evidence import storable

Floats = NDArray[np.float64]

MOST_OF_BUDGET = 2
"""Ranking takes at most one query in so many."""


def ranked(target: Target, rng: np.random.Generator) -> list[int]:
    """Return the sites that the model reads, by number, the one first on which the answer hangs most.

    Ties keep the order of the text. Where no word can be hidden, or none of the sites can be told from the model's own
    words, the order is drawn.
    """
    row, count = target.sites.row, len(target.sites.sites)
    touched = None
    if "players" in target.model.capabilities:
        players = target.model.players([row])[0]
        touched = players_of(target.sites, players, storable(row.text))
    if touched is None:
        return [int(place) for place in rng.permutation(count)]
    read = [site for site in range(count) if touched[site]]
    able, plan = target.model.capabilities, target.plan
    if plan.search == "random" or plan.ranking == "random":
        return [read[int(place)] for place in rng.permutation(len(read))]
    if plan.ranking == "gradient" and "gradients" in able and target.left > GRADIENT_COST:
        weights = _by_gradient(target, [touched[site] for site in read])
    elif "predict_masked" in able and len(read) > 1 and target.left > 1:
        weights = _by_masking(target, [touched[site] for site in read], len(players))
    else:
        return [read[int(place)] for place in rng.permutation(len(read))]
    return [read[int(place)] for place in np.argsort(-weights, kind="stable")]


def _by_masking(target: Target, touched: list[list[int]], players: int) -> Floats:
    """Return for each site what the margin loses with its words hidden; a long text is hidden by runs of sites."""
    variants = min(len(touched), max(1, target.left // MOST_OF_BUDGET))
    run_of = np.arange(len(touched)) * variants // len(touched)
    keep = np.ones((variants, players), dtype=np.bool_)
    for run, hidden in zip(run_of, touched, strict=True):
        keep[run, hidden] = False
    return (target.start - target.mask(keep))[run_of]


def _by_gradient(target: Target, touched: list[list[int]]) -> Floats:
    """Return for each site how steeply the answer's logit reacts to its words."""
    target.spent.queries += GRADIENT_COST
    weights = target.model.saliency([target.sites.row], [target.goal.label])[0]
    return np.array([weights[words].sum() for words in touched])
