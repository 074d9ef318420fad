"""Effects on answers in words: is it the same answer, and how right is it?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelaudit.checker import Answers, ModelHandle
from modelaudit.checkers.robustness.perturbation.documents import Documents
from modelaudit.checkers.robustness.perturbation.effect import Effect
from modelaudit.checkers.robustness.perturbation.scales import Scale, scale_of
from modelaudit.checkers.robustness.perturbation.sides import kept_spans
from modelaudit.checkers.robustness.perturbation.trials import Trial
from modelaudit.checkers.robustness.perturbation.wording import Wording
from modelaudit.evidence import storable
from modelaudit.rows import Row
from modelaudit.statistics import Estimate
from modelaudit.text import Span

SHOWN = 60
"""Characters of an answer that an example shows."""

Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Said:
    """The model's own answers to rows, with the (rows,) probability a token of the right ones, NaN where not asked."""

    answers: Answers
    chances: Floats

    @classmethod
    def of(cls, model: ModelHandle, rows: Sequence[Row], scale: Scale) -> Said:
        """Ask the model."""
        chances = np.full(len(rows), np.nan)
        known = [place for place, row in enumerate(rows) if scale.asks_loss and scale.known(row)]
        if known:
            chances[known] = np.exp(-model.loss([rows[place] for place in known]).per_row)
        return cls(model.answers(rows, max_new_tokens=scale.most), chances)


@dataclass(frozen=True, slots=True, eq=False)
class AnswerEffects:
    """The answers to the original rows, against which those to changed rows are held."""

    rows: tuple[Row, ...]
    before: Said
    scale: Scale
    left_out: str = "are longer than the model reads, or leave no room for an answer"

    @classmethod
    def of(cls, rows: Sequence[Row], model: ModelHandle, task: str) -> AnswerEffects:
        """Ask about the rows as they are."""
        scale = scale_of(task, rows)
        return cls(tuple(rows), Said.of(model, rows, scale), scale)

    @property
    def wording(self) -> Wording:
        """What the answers are called."""
        return self.scale.wording

    def kept(self) -> list[tuple[Span, ...]]:
        """Return what no change of each row's context may touch."""
        return [kept_spans(row, said) for row, said in zip(self.rows, self.before.answers.texts, strict=True)]

    def ask(self, model: ModelHandle, rows: Sequence[Row]) -> Said:
        """Ask about changed rows."""
        return Said.of(model, rows, self.scale)

    def unread(self, model: ModelHandle, trials: Sequence[Trial], after: Said, same: Flags) -> Flags:
        """Return which trials can't be compared, shape (trials,).

        Those are rows that are not read whole while the model is given the same input for both, and prompts that leave
        no room for an answer, be it the model's or the right one.
        """
        place = np.array([trial.place for trial in trials], dtype=np.int64)
        beyond = same & (self.before.answers.truncated[place] | after.answers.truncated)
        no_room: Flags = np.isnan(self.before.answers.log_probs[place]) | np.isnan(after.answers.log_probs)
        if self.scale.right is None:
            # The right answer itself no longer fits, and its probability is all that is compared.
            known = np.array([self.scale.known(self.rows[each]) for each in place.tolist()], dtype=np.bool_)
            no_room |= known & (np.isnan(self.before.chances[place]) | np.isnan(after.chances))
        return beyond | no_room

    def effect(self, trials: Sequence[Trial], after: Said, *, unread: Flags, same_input: Flags) -> Effect:
        """Compare the answers; `after` answers the trials, of which those that are `unread` are left out."""
        every = np.array([trial.place for trial in trials], dtype=np.int64)
        identical = self._identical(every, after)
        # The input is that of one part of a long context; where the answer moved, another part was read otherwise.
        same = same_input & identical
        cut_before, cut_after = self.before.answers.truncated[every], after.answers.truncated
        kept = np.flatnonzero(~unread)
        place = every[kept]
        old = [self.scale.said(self.before.answers.texts[each]) for each in place]
        new = [self.scale.said(after.answers.texts[each]) for each in kept]
        pairs = list(zip(old, new, strict=True))
        moved = np.array([self.scale.key(one) != self.scale.key(other) for one, other in pairs], dtype=np.bool_)
        likeness = np.array([self.scale.likeness(other, one) for one, other in pairs], dtype=np.float64)
        right, rightly = self._right()[place], self._right_of(place, new, after.chances[kept])
        known = ~(np.isnan(right) | np.isnan(rightly))
        lost: Floats = np.where(known, right - rightly, 0.0)
        everywhere: Floats = np.zeros(len(self.rows))
        everywhere[place] = lost
        labelled = np.flatnonzero(~np.isnan(self._right()))
        units, counted = Documents.of(self.rows), self.wording.counted
        harm, repair, relative, counts = units.outcomes(right[known], rightly[known], place[known], counted=counted)
        return Effect(
            trials=tuple(trials[number] for number in kept.tolist()),
            flip=units.flips(moved, place),
            drop=units.lost(lost[known], place[known], counted=counted),
            relative=relative,
            harm=harm,
            repair=repair,
            whole=units.lost(everywhere[labelled], labelled, counted=counted),
            before=np.ones(len(place)),
            after=likeness,
            outcomes=tuple(f"{_short(one)} became {_short(other)}" for one, other in pairs),
            counts=(("changed rows compared", len(place)), ("answer changed", int(moved.sum())), *counts),
            same_input=int(same[kept].sum()),
            identical=int(identical[kept].sum()),
            cut=int((cut_after & ~cut_before)[kept].sum()),
            left_out=len(every) - len(kept),
            also=self._also(units, place, old, new, after.chances[kept], likeness),
            by_document=True,
        )

    def score(self) -> float | None:
        """Return the mean score of the answers to the rows as they are, or None where no row has a truth."""
        right = self._right()
        known = ~np.isnan(right)
        return float(right[known].mean()) if known.any() else None

    def _right(self) -> Floats:
        """How right each answer to a row as it is was, NaN without a truth."""
        said = [self.scale.said(text) for text in self.before.answers.texts]
        return self._right_of(np.arange(len(self.rows)), said, self.before.chances)

    def _right_of(self, place: NDArray[np.int64], said: Sequence[str], chances: Floats) -> Floats:
        if self.scale.right is None:
            return chances
        return self._scored(self.scale.right, place, said)

    def _scored(
        self, score: Callable[[str, Row], float], place: NDArray[np.int64], said: Sequence[str]
    ) -> Floats:  # fmt: skip
        rows = [self.rows[each] for each in place.tolist()]
        values = [score(text, row) if self.scale.known(row) else np.nan for text, row in zip(said, rows, strict=True)]
        return np.array(values, dtype=np.float64)

    def _also(
        self,
        units: Documents,
        place: NDArray[np.int64],
        old: Sequence[str],
        new: Sequence[str],
        chances: Floats,
        likeness: Floats,
    ) -> Estimate | None:
        """Return the second loss: of overlap, of the right answer's probability, or of likeness to the one before."""
        if self.wording.also is None:
            return None
        if self.scale.overlap is not None:
            lost = self._scored(self.scale.overlap, place, old) - self._scored(self.scale.overlap, place, new)
        elif self.scale.asks_loss:
            lost = self.before.chances[place] - chances
        else:
            lost = 1.0 - likeness
        known = ~np.isnan(lost)
        return units.lost(lost[known], place[known], counted=False)

    def _identical(self, place: NDArray[np.int64], after: Said) -> Flags:
        """Which trials got the same answer, with the same probability to the last bit."""
        texts = [self.before.answers.texts[each] for each in place.tolist()]
        alike = np.array([one == other for one, other in zip(texts, after.answers.texts, strict=True)], dtype=np.bool_)
        old, new = self.before.answers.log_probs[place], after.answers.log_probs
        same: Flags = alike & (old == new)
        return same


def _short(text: str) -> str:
    """The beginning of an answer."""
    shown = storable(text[:SHOWN])
    return f"{shown}…" if len(text) > SHOWN else shown or "no answer"
