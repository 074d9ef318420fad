"""Effects on masked language models: tokens that the change leaves as they are, hidden and recovered one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher

import numpy as np
from numpy.typing import NDArray

from modelaudit.checker import ModelHandle, TokenStatistics
from modelaudit.checkers.robustness.perturbation.effect import Effect
from modelaudit.checkers.robustness.perturbation.trials import Trial
from modelaudit.checkers.robustness.perturbation.wording import TOKENS, Wording
from modelaudit.rows import Row
from modelaudit.statistics import mean_difference
from modelaudit.statistics.row_outcomes import clustered_share

Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class _Row:
    """The tokens of one row: their ids, whether each is the model's first guess where it is hidden, and how sure."""

    ids: tuple[int, ...]
    top: Flags
    log_probs: Floats


@dataclass(frozen=True, slots=True, eq=False)
class MaskedEffects:
    """What is recovered of the original rows, against which changed rows are held.

    A hidden token that was itself changed has another truth, so only those are compared that stay as they are.
    """

    originals: tuple[_Row, ...]
    ids: tuple[str, ...]
    truncated: Flags
    wording: Wording = TOKENS
    left_out: str = "have no token that the change leaves as it is, or were changed only beyond what the model reads"

    @classmethod
    def of(cls, rows: Sequence[Row], told: TokenStatistics) -> MaskedEffects:
        """Take the statistics of the rows, in their order."""
        return cls(_rows(told), tuple(row.id for row in rows), told.truncated)

    def ask(self, model: ModelHandle, rows: Sequence[Row]) -> TokenStatistics:
        """Hide each token of the rows in turn."""
        return model.token_statistics(rows)

    def unread(self, model: ModelHandle, trials: Sequence[Trial], after: TokenStatistics, same: Flags) -> Flags:
        """Return which trials can't be compared, shape (trials,).

        Those keep no token, or are not read whole while the model is given the same input for both.
        """
        none = np.array([not pairs for pairs in self._pairs(trials, _rows(after))], dtype=np.bool_)
        place = np.array([trial.place for trial in trials], dtype=np.int64)
        beyond: Flags = same & (self.truncated[place] | after.truncated)
        return none | beyond

    def effect(self, trials: Sequence[Trial], after: TokenStatistics, *, unread: Flags, same_input: Flags) -> Effect:
        """Compare what is recovered of the tokens that stay; `after` answers the trials."""
        kept = np.flatnonzero(~unread).tolist()
        changed = _rows(after)
        pairs = self._pairs(trials, changed)
        place = [trials[number].place for number in kept]
        pairs = [pairs[number] for number in kept]
        olds = [self.originals[each].top[[old for old, _ in pair]] for each, pair in zip(place, pairs, strict=True)]
        news = [changed[number].top[[new for _, new in pair]] for number, pair in zip(kept, pairs, strict=True)]
        found = np.array([old.sum() for old in olds], dtype=np.float64)
        lost, gained = (
            np.array([(one & ~other).sum() for one, other in zip(*sides, strict=True)], dtype=np.float64)
            for sides in ((olds, news), (news, olds))
        )
        before, later = (np.array([top.mean() for top in side], dtype=np.float64) for side in (olds, news))
        asked = [self.ids[each] for each in place]
        everywhere: Floats = np.zeros(len(self.originals))
        everywhere[place] = before - later
        readable = [number for number, row in enumerate(self.originals) if len(row.ids)]
        return Effect(
            trials=tuple(trials[number] for number in kept),
            flip=clustered_share(lost, found).keyed(asked),
            drop=mean_difference(before - later, reach=1.0).keyed(asked),
            relative=None,
            harm=None,
            repair=None,
            whole=mean_difference(everywhere[readable], reach=1.0).keyed([self.ids[each] for each in readable]),
            before=before,
            after=later,
            outcomes=tuple(
                f"{int(one - other)} of {int(one)} recovered tokens kept"
                for one, other in zip(found, lost, strict=True)
            ),
            counts=(
                ("changed rows compared", len(kept)),
                ("tokens that stay as they are", sum(map(len, olds))),
                ("of these recovered before", int(found.sum())),
                ("recovered before and not after (harm)", int(lost.sum())),
                ("recovered after and not before (repair)", int(gained.sum())),
            ),
            same_input=int(same_input[kept].sum()),
            identical=sum(
                _same(self.originals[each], changed[number]) for each, number in zip(place, kept, strict=True)
            ),
            cut=0,
            left_out=len(trials) - len(kept),
        )

    def score(self) -> float | None:
        """Return the share of the tokens of a row that are recovered, averaged over rows; None where none has any."""
        shares = [float(row.top.mean()) for row in self.originals if len(row.ids)]
        return float(np.mean(shares)) if shares else None

    def _pairs(self, trials: Sequence[Trial], changed: Sequence[_Row]) -> list[list[tuple[int, int]]]:
        return [_alike(self.originals[trial.place].ids, row.ids) for trial, row in zip(trials, changed, strict=True)]


def _rows(told: TokenStatistics) -> tuple[_Row, ...]:
    bounds = zip(told.offsets[:-1].tolist(), told.offsets[1:].tolist(), strict=True)
    return tuple(
        _Row(tuple(told.tokens[start:end].tolist()), told.top[start:end], told.log_probs[start:end])
        for start, end in bounds
    )


def _alike(old: Sequence[int], new: Sequence[int]) -> list[tuple[int, int]]:
    """Return the places of tokens that both rows have in the same order."""
    blocks = SequenceMatcher(None, old, new, autojunk=False).get_matching_blocks()
    return [(block.a + step, block.b + step) for block in blocks for step in range(block.size)]


def _same(one: _Row, other: _Row) -> bool:
    return one.ids == other.ids and bool((one.log_probs == other.log_probs).all())
