"""Effects on text classification: predicted labels, row by row."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from modelaudit.checker import ModelHandle, Predictions
from modelaudit.checkers.robustness.perturbation.effect import NO_TRUTH, Effect, share
from modelaudit.checkers.robustness.perturbation.reach import unread
from modelaudit.checkers.robustness.perturbation.trials import Trial
from modelaudit.checkers.robustness.perturbation.wording import LABELS, Wording
from modelaudit.rows import Row
from modelaudit.statistics import Estimate, clopper_pearson, mean_influence, paired_difference, relative_loss

Flags = NDArray[np.bool_]

CERTAIN = 0.9
"""Confidence above which a wrong answer is counted as one that nobody would have looked at again."""


@dataclass(frozen=True, slots=True, eq=False)
class TextEffects:
    """The answers to the original rows, against which those to changed rows are held; `truth` is -1 where unknown."""

    answers: Predictions
    truth: NDArray[np.int64]
    labels: Sequence[str]
    rows: tuple[Row, ...]
    wording: Wording = LABELS
    left_out: str = "are longer than the model reads and were changed only beyond that"

    @classmethod
    def of(cls, rows: Sequence[Row], answers: Predictions, labels: Sequence[str]) -> TextEffects:
        """Take the answers to the rows, in their order."""
        truth = np.array([-1 if row.label is None else row.label for row in rows], dtype=np.int64)
        return cls(answers, truth, labels, tuple(rows))

    def ask(self, model: ModelHandle, rows: Sequence[Row]) -> Predictions:
        """Ask about changed rows."""
        return model.predict(rows)

    def unread(self, model: ModelHandle, trials: Sequence[Trial], after: Predictions, same: Flags) -> Flags:
        """Return which trials changed only what the model does not read, shape (trials,)."""
        return unread(model, self.rows, trials, self.answers, after, same)

    def effect(self, trials: Sequence[Trial], after: Predictions, *, unread: Flags, same_input: Flags) -> Effect:
        """Compare predicted labels; `after` answers the trials.

        Trials that are `unread` (shape (trials,)) are left out: an answer can't heed what the model never saw.
        """
        kept = np.flatnonzero(~unread)
        trials = [trials[int(number)] for number in kept]
        after = Predictions(after.logits[kept], after.probabilities[kept], after.truncated[kept])
        place = np.array([trial.place for trial in trials], dtype=np.int64)
        before, every = self.answers, np.arange(len(place))
        old, new, truth = before.labels[place], after.labels, self.truth[place]
        known, was_right, is_right = truth >= 0, old == truth, new == truth
        lost, gained = int((known & was_right & ~is_right).sum()), int((known & ~was_right & is_right).sum())
        right, labelled, flips = int((known & was_right).sum()), int(known.sum()), int((old != new).sum())
        loss = np.where(known, was_right.astype(np.float64) - is_right, 0.0)
        labelled_rows = np.flatnonzero(self.truth >= 0)
        every_loss: NDArray[np.float64] = np.zeros(len(self.truth))
        every_loss[place] = loss
        certain = known & ~is_right & (after.probabilities.max(axis=1, initial=0.0) > CERTAIN)
        return Effect(
            trials=tuple(trials),
            flip=self._known(clopper_pearson(flips, len(place)), (old != new).astype(np.float64), place),
            drop=self._known(_drop(lost, gained, labelled), loss[known], place[known]),
            relative=relative_loss(lost, gained, right, labelled),
            harm=share(lost, right, "No answer was right before."),
            repair=share(gained, labelled - right, "No answer was wrong before."),
            whole=self._known(_drop(lost, gained, len(labelled_rows)), every_loss[labelled_rows], labelled_rows),
            before=before.probabilities[place, old],
            after=after.probabilities[every, old],
            outcomes=tuple(
                f"{self.labels[one]}, as before" if one == other else f"{self.labels[one]} became {self.labels[other]}"
                for one, other in zip(old, new, strict=True)
            ),
            counts=(
                ("changed rows compared", len(place)),
                ("predicted label changed", flips),
                ("right before, wrong after (harm)", lost),
                ("wrong before, right after (repair)", gained),
                (f"wrong after, and more than {CERTAIN:.0%} sure", int(certain.sum())),
            ),
            same_input=int(same_input[kept].sum()),
            identical=int((before.logits[place] == after.logits).all(axis=1).sum()),
            cut=int((after.truncated & ~before.truncated[place]).sum()),
            left_out=int(unread.sum()),
        )

    def _known(self, estimate: Estimate, values: NDArray[np.float64], place: NDArray[np.int64]) -> Estimate:
        """Return the estimate of a mean of these values, with what each row adds to it."""
        if not len(values):
            return estimate
        influence = mean_influence(values, reach=1.0)
        return replace(estimate, influence=influence).keyed([self.rows[each].id for each in place.tolist()])

    def score(self) -> float | None:
        """Return the accuracy on the labelled rows as they are, or None where there are none."""
        known = self.truth >= 0
        return float((self.answers.labels == self.truth)[known].mean()) if known.any() else None


def _drop(lost: int, gained: int, n: int) -> Estimate:
    drop = paired_difference(lost, gained, n)
    return drop if n else Estimate(value=None, n=0, method=drop.method, reason=NO_TRUTH)
