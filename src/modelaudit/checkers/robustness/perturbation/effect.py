"""What an arm did to the model's answers, in all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelaudit.checkers.robustness.perturbation.trials import Trial
from modelaudit.statistics import Estimate, clopper_pearson

NO_TRUTH = "No row that was changed has a true label."


@dataclass(frozen=True, slots=True, eq=False)
class Effect:
    """The answers to the rows that an arm changed, against the answers to the originals.

    Attributes:
        trials: the rows that could be compared.
        flip: share of answers that changed; of rows, or of entities or tokens that were found before.
        drop: accuracy, entity F1 or another score lost over the changed rows.
        relative: share of the right answers lost in net; None where the score is no count of rows.
        harm, repair: share of right answers (entities found) that became wrong, and of wrong ones that became right;
            None where answers are more or less right.
        also: the second loss of those that have one, over the same rows.
        by_document: whether the intervals allow for rows of one document that are alike.
        whole: the same as drop over all labelled rows of the sample, where rows that were not changed stay as they are.
        before, after: confidence in the originally predicted labels, or likeness to the original answer, (trials,).
        outcomes: for each trial what happened, in words.
        counts: what is counted over all trials, with its name.
        same_input: trials that the model reads exactly as their originals, since the tokenizer undoes the change.
        identical: trials with logits, or answers and their probabilities, equal to the last bit.
        cut: trials that no longer fit the model's length, though the original did.
        left_out: rows that can't be compared: the model did not read the change, or every word, or no token stayed.
    """

    trials: tuple[Trial, ...]
    flip: Estimate
    drop: Estimate
    relative: Estimate | None
    harm: Estimate | None
    repair: Estimate | None
    whole: Estimate
    before: NDArray[np.float64]
    after: NDArray[np.float64]
    outcomes: tuple[str, ...]
    counts: tuple[tuple[str, int], ...]
    same_input: int
    identical: int
    cut: int
    left_out: int
    also: Estimate | None = None
    by_document: bool = False

    @property
    def untouched(self) -> bool:
        """Whether no answer changed in any bit."""
        return self.identical == len(self.trials)

    @property
    def invariant(self) -> bool:
        """Whether the model is given the same input for every trial, so that no answer can change."""
        return self.same_input == len(self.trials)


def share(hits: int, n: int, none: str) -> Estimate:
    """Return a share of right or of wrong answers; `none` says that there are none."""
    return clopper_pearson(hits, n) if n else Estimate(value=None, n=0, method="clopper-pearson", reason=none)
