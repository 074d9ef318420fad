"""Search: which edited texts of one row are asked about, and in which order.

A search asks `target` for margins until that is done: a flip was found, or the budget is spent. It calls the model for
one row alone; many run in lockstep.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from modelaudit.checkers.robustness.attack.site import Choice
from modelaudit.checkers.robustness.attack.target import OUT_OF_REACH, Target

BEAM = 4
BEAM_WORDS = 30
"""Words beyond which a beam would spend its budget on the first edit, and the search is greedy."""
BEAM_FORMS = 4
"""Forms of each word that a beam tries, one of each sort of typing slip."""
DRAWS_AT_ONCE = 16


def greedy(target: Target, order: Sequence[int]) -> None:
    """Edit word after word, the best form of each, as long as the margin falls.

    A text that has all the edits it may have gives up the one that brought least for a better one elsewhere. Once all
    words had their turn they get another, on the text as it is by then and with twice as many of their forms: first one
    form of each word is tried, then two. It ends where nothing improves and no form is left.
    """
    held: dict[int, int] = {}
    brought: dict[int, float] = {}
    margin = target.start
    longest = max(len(target.sites.sites[site].forms) for site in order)
    forms, improved = 1, True
    while improved or forms < 2 * longest:
        improved = False
        for site in order:
            ground = _ground(held, brought, site, target.most)
            best, form = _best_form(target, ground, site, forms)
            if target.done:
                return
            if best < margin:
                brought = {kept: brought[kept] for kept in ground} | {site: margin - best}
                held = ground | {site: form}
                margin, improved = best, True
        forms = min(2 * forms, 2 * longest)


def beam(target: Target, order: Sequence[int]) -> None:
    """Edit one word more at a time in each of the best texts so far, and keep the best of what comes of it."""
    if target.sites.words > BEAM_WORDS:
        greedy(target, order)
        return
    front: list[Choice] = [()]
    for _ in range(target.most):
        grown: dict[Choice, float] = {}
        for choice in front:
            held = dict(choice)
            for site in order:
                if site not in held:
                    trials = [
                        _choice(held | {site: form})
                        for form in range(min(BEAM_FORMS, len(target.sites.sites[site].forms)))
                    ]
                    grown.update(zip(trials, target.ask(trials), strict=True))
                    if target.done:
                        return
        reached = [choice for choice, margin in grown.items() if margin < OUT_OF_REACH]
        front = sorted(reached, key=lambda choice: (grown[choice], choice))[:BEAM]


def random_draws(target: Target, order: Sequence[int], rng: np.random.Generator) -> None:
    """Ask about texts with as many edits as may be, at places and in forms that are drawn."""
    most = min(target.most, len(order))
    # Draws can repeat; a small text has few different ones.
    for _ in range(2 * target.plan.queries // DRAWS_AT_ONCE + 1):
        target.ask([_drawn(target, order, most, rng) for _ in range(DRAWS_AT_ONCE)])
        if target.done:
            return


def _drawn(target: Target, order: Sequence[int], most: int, rng: np.random.Generator) -> Choice:
    sites = [order[int(place)] for place in rng.permutation(len(order))[:most]]
    return _choice({site: int(rng.integers(len(target.sites.sites[site].forms))) for site in sites})


def _best_form(target: Target, ground: dict[int, int], site: int, forms: int) -> tuple[float, int]:
    """Return the least margin with a site edited, and the form that gives it."""
    forms = min(forms, len(target.sites.sites[site].forms))
    margins = target.ask([_choice(ground | {site: form}) for form in range(forms)])
    best = int(np.argmin(margins))
    return margins[best], best


def _ground(held: dict[int, int], brought: dict[int, float], site: int, most: int) -> dict[int, int]:
    """Return the edits beside which a site may be edited: without its own, and within the most there may be."""
    others = {kept: form for kept, form in held.items() if kept != site}
    if len(others) < most:
        return others
    least = min(others, key=lambda kept: (brought[kept], kept))
    return {kept: form for kept, form in others.items() if kept != least}


def _choice(held: dict[int, int]) -> Choice:
    return tuple(sorted(held.items()))
