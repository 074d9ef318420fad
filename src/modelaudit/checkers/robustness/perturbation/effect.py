"""What an arm did to the model's answers, in all."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelaudit.checkers.robustness.perturbation.trials import Trial
from modelaudit.statistics import Estimate

NO_TRUTH = "No row that was changed has a true label."


@dataclass(frozen=True, slots=True, eq=False)
class Effect:
    """The answers to the rows that an arm changed, against the answers to the originals.

    Attributes:
        trials: the rows that could be compared.
        flip: share of answers that changed; rows for text, originally predicted entities for token classification.
        drop: accuracy (text) or entity F1 (token classification) lost over the changed rows.
        relative: share of the right answers lost in net; None for token classification, whose F1 is no count of rows.
        harm, repair: share of right answers (entities found) that became wrong, and of wrong ones that became right.
        whole: the same as drop over all labelled rows of the sample, where rows that were not changed stay as they are.
        before, after: confidence in the originally predicted labels, shape (trials,).
        outcomes: for each trial what happened, in words.
        counts: what is counted over all trials, with its name.
        same_input: trials that the model reads exactly as their originals, since the tokenizer undoes the change.
        identical: trials with logits equal to the last bit.
        cut: trials that no longer fit the model's length, though the original did.
        left_out: rows that can't be compared, since the model did not read the change (text) or every word (tokens).
    """

    trials: tuple[Trial, ...]
    flip: Estimate
    drop: Estimate
    relative: Estimate | None
    harm: Estimate
    repair: Estimate
    whole: Estimate
    before: NDArray[np.float64]
    after: NDArray[np.float64]
    outcomes: tuple[str, ...]
    counts: tuple[tuple[str, int], ...]
    same_input: int
    identical: int
    cut: int
    left_out: int

    @property
    def untouched(self) -> bool:
        """Whether no answer changed in any bit."""
        return self.identical == len(self.trials)

    @property
    def invariant(self) -> bool:
        """Whether the model is given the same input for every trial, so that no answer can change."""
        return self.same_input == len(self.trials)
