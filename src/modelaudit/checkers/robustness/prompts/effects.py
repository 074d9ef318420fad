"""Effects of a change of prompts: is it the same answer, and is it as often right?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelaudit.checker import ModelHandle
from modelaudit.checkers.robustness.perturbation.documents import Documents
from modelaudit.checkers.robustness.perturbation.effect import Effect
from modelaudit.checkers.robustness.perturbation.trials import Trial
from modelaudit.checkers.robustness.perturbation.wording import Wording
from modelaudit.checkers.robustness.prompts.answers import Answer, answers_of
from modelaudit.checkers.robustness.prompts.forms import Form
from modelaudit.evidence import storable
from modelaudit.rows import Row

Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]

SHOWN = 60
"""Characters of an answer that an example shows."""
WORDING = Wording(
    flips="Answers changed",
    labels="right answers",
    compared="rows with a right answer that were compared",
    shown="Scores are the share of the option chosen for the original, or the likeness to what was written then.",
    most="whose answer changed most.",
    typical="whose answer changed as much as the median one.",
)


@dataclass(frozen=True, slots=True, eq=False)
class PromptEffects:
    """The rows and the answers to their prompts as they are."""

    rows: tuple[Row, ...]
    before: tuple[Answer, ...]

    @property
    def right(self) -> Floats:
        """Which answers are right, (rows,), NaN where nobody knows."""
        return np.array([answer.right for answer in self.before], dtype=np.float64)

    def effect(self, model: ModelHandle, places: Sequence[int], forms: Sequence[Form], same_input: Flags) -> Effect:
        """Ask for the answers to changed prompts and compare; `places` are those of the rows that were changed."""
        after = answers_of(model, forms, [self.rows[place] for place in places])
        kept = [
            number
            for number, place in enumerate(places)
            if self.before[place].key is not None and after[number].key is not None
        ]
        place = np.array([places[number] for number in kept], dtype=np.int64)
        pairs = [(self.before[places[number]], after[number]) for number in kept]
        moved = np.array([one.key != other.key for one, other in pairs], dtype=np.bool_)
        right, rightly = (np.array([pair[side].right for pair in pairs], dtype=np.float64) for side in (0, 1))
        known, labelled = ~np.isnan(right), np.flatnonzero(~np.isnan(self.right))
        everywhere: Floats = np.zeros(len(self.rows))
        everywhere[place] = np.where(known, right - rightly, 0.0)
        units = Documents.of(self.rows)
        harm, repair, relative, counts = units.outcomes(right[known], rightly[known], place[known], counted=True)
        return Effect(
            trials=tuple(Trial(places[number], forms[number].row, (), 1) for number in kept),
            flip=units.flips(moved, place),
            drop=units.lost((right - rightly)[known], place[known], counted=True),
            relative=relative,
            harm=harm,
            repair=repair,
            whole=units.lost(everywhere[labelled], labelled, counted=True),
            before=np.array([one.likeness(one) for one, _ in pairs], dtype=np.float64),
            after=np.array([other.likeness(one) for one, other in pairs], dtype=np.float64),
            outcomes=tuple(f"{_short(one.text)} became {_short(other.text)}" for one, other in pairs),
            counts=(("changed rows compared", len(kept)), ("answer changed", int(moved.sum())), *counts),
            same_input=int(same_input[kept].sum()),
            identical=sum(one.key == other.key and one.weight == other.weight for one, other in pairs),
            cut=0,
            left_out=len(forms) - len(kept),
            by_document=True,
        )

    def score(self) -> float | None:
        """Return how often the answers to the prompts as they are were right, or None where nobody knows."""
        known = ~np.isnan(self.right)
        return float(self.right[known].mean()) if known.any() else None


def _short(text: str) -> str:
    shown = storable(text[:SHOWN])
    return f"{shown}…" if len(text) > SHOWN else shown or "no answer"
