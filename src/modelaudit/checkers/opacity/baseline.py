"""Another baseline: do the values hold when words are hidden in another way?

What an absent word, patch or segment is taken for is a choice, and the values are of the game that it makes. Where
another choice ranks the words differently, the explanation says as much about the choice as about the model.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from modelaudit.checker import Hiding, ModelHandle
from modelaudit.checkers.opacity.solving import Solved, on_coalitions, row_means
from modelaudit.checkers.opacity.stability import reliability, spearman

IN_THEIR_PLACE: dict[Hiding, str] = {
    "mask": "the mask token stands in their place",
    "attention": "no other word attends to them",
    "unknown": "the token for unknown words stands in their place",
    "delete": "they are taken out of the row",
    "mean": "the picture's mean colour stands in their place",
    "blur": "the picture, blurred, stands in their place",
    "silence": "silence stands in their place",
    "noise": "noise as loud as the sound stands in their place",
}


@dataclass(frozen=True, slots=True)
class OtherBaseline:
    """How far the values of some rows keep their order under another way to hide words.

    Attributes:
        hide: the other way. clusters, agreements: what each row belongs to, and Spearman's correlation of its values.
    """

    hide: Hiding
    agreements: Sequence[float]
    clusters: Sequence[str] | None


def other_baseline(model: ModelHandle, solved: Sequence[Solved]) -> OtherBaseline | None:
    """Explain the rows again on the same coalitions, with words hidden in the first other way that the model has.

    None where it has no other way, or no row is long enough to compare. Rows whose values have not settled are left
    out: noise is not sensitivity.
    """
    places = [place for place, one in enumerate(solved) if (reliability(one.shapley) or 0.0) > 0.0]
    for hide in model.hidings[1:2]:
        chosen = [solved[place] for place in places]
        again = on_coalitions(model, [one.game for one in chosen], [one.coalitions for one in chosen], hide=hide)
        found = [
            (before.game.row, agreement)
            for before, after in zip(chosen, again, strict=True)
            if (agreement := spearman(before.shapley.values, after.shapley.values)) is not None
        ]
        return OtherBaseline(hide, *row_means(found)) if found else None
    return None
