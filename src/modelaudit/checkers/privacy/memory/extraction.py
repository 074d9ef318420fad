"""Discoverable extraction: does a model write the rest of a training text, given its beginning or its source?

Nothing is generated. A text that is read once says of each of its tokens how probable it was: the model would write
the rest word for word where each token is the most probable one (greedy; Carlini et al. 2023, "Quantifying memorization
across neural language models", arXiv 2202.07646), and one sample in 1 / p is the rest, p the product of its tokens'
probabilities (Hayes et al. 2025, "Measuring memorization through probabilistic extraction", arXiv 2410.19482).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelaudit.checker import ModelHandle, TokenStatistics
from modelaudit.checkers.privacy.folds import unit
from modelaudit.checkers.privacy.token_rows import Ragged, Shared
from modelaudit.rows import Row
from modelaudit.statistics import (
    Estimate,
    clustered_proportion,
    mean_difference,
    on_grid,
    paired_difference,
    quantile,
    wilson,
    z_sum,
)

Vector = NDArray[np.float64]
Flags = NDArray[np.bool_]
Counts = NDArray[np.int64]

SHORTEST = 10
"""Tokens. A shorter rest may be written by chance or for lack of another, as "yes" and "no" are."""


@dataclass(frozen=True, slots=True)
class Demand:
    """What counts as extracted.

    Attributes:
        prefix, suffix: tokens of a text that are given, and tokens behind them that must be written.
        queries, chance: at a temperature of 1 the rest must come at least once in so many samples with this chance.
        targets: whether rows are sources with a target that must be written.
    """

    prefix: int = 50
    suffix: int = 50
    queries: int = 100
    chance: float = 0.5
    targets: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Written:
    """What one model would write of some rows: (n,) each.

    Attributes:
        greedy: whether the rest is what it writes when it takes the most probable token each time.
        sampled: whether the rest comes in as many samples as are demanded.
        log_p: natural log of the probability of the rest.
    """

    greedy: Flags
    sampled: Flags
    log_p: Vector


@dataclass(frozen=True, slots=True, eq=False)
class Side:
    """The rows of one side, training or held-out, that are long enough.

    Attributes:
        rows: they; target, base: what the two models would write of them, None where there is no base model.
        lengths: (n,) tokens that must be written.
        short, differing: rows left out, since too little of them is judged, or since the base model reads other tokens.
    """

    rows: tuple[Row, ...]
    target: Written
    base: Written | None
    lengths: Counts
    short: int
    differing: int

    def excess(self, way: str) -> Estimate:
        """Return the share of rows that the audited model writes, `greedy` or `sampled`, less the base model's share.

        With Tango's interval for pairs, where rows belong to documents or persons with a cluster-robust one; without a
        base model the share itself, with Wilson's or Clopper and Pearson's at the size that clusters leave.
        """
        own: Flags = getattr(self.target, way)
        units = [unit(row) for row in self.rows] if any(row.group is not None for row in self.rows) else None
        if self.base is None:
            return wilson(int(own.sum()), len(own)) if units is None else clustered_proportion(own, units)
        before: Flags = getattr(self.base, way)
        if units is None:
            return paired_difference(int((own & ~before).sum()), int((before & ~own).sum()), len(own))
        return mean_difference(own.astype(np.float64) - before, clusters=units, reach=1.0)


def measured(model: ModelHandle, base: ModelHandle | None, rows: Sequence[Row], demand: Demand) -> Side:
    """Ask both models once about rows and return what they would write of those that are long enough.

    Of a row with an answer the prompt is given and the answer's first `suffix` tokens must be written. Of a text the
    `prefix` first judged tokens are given, and the `suffix` behind them must be written; a text that is shorter than
    both is parted in the middle, or behind its prefix. A row of which fewer than ten tokens are to be written is left
    out. Of a source with a target the source is given, and the target's first `suffix` tokens must be written.
    """
    target = model.token_statistics(rows)
    before = None if base is None else base.token_statistics(rows)
    every = np.arange(len(target.log_probs))
    if before is None:
        judged, own, other = Ragged.of(target.offsets), every, every
    else:
        both = Shared.of(target, before)
        judged, own, other = both.rows, both.own, both.before
    answered = np.array([row.answer is not None for row in rows], dtype=np.bool_)
    first, lengths = parted(judged.lengths, answered, demand)
    long = lengths >= SHORTEST
    chosen = np.flatnonzero(long & judged.known)
    inside = (judged.rank >= first[judged.owner]) & (judged.rank < (first + lengths)[judged.owner])

    def of(statistics: TokenStatistics, places: NDArray[np.int64]) -> Written:
        wrong, total = _sums(judged, inside, statistics, places)
        log_p = total[chosen]
        return Written(wrong[chosen] == 0, within(log_p, demand), log_p)

    return Side(
        rows=tuple(rows[place] for place in chosen.tolist()),
        target=of(target, own),
        base=None if before is None else of(before, other),
        lengths=lengths[chosen],
        short=int((~long).sum()),
        differing=int((long & ~judged.known).sum()),
    )


def parted(judged: Counts, answered: Flags, demand: Demand) -> tuple[Counts, Counts]:
    """Return the first token to be written and how many there are, (n,) each, of rows with so many judged tokens."""
    given = np.where(answered, 0, np.minimum(demand.prefix, judged // 2))
    return given, np.minimum(demand.suffix, judged - given)


def within(log_p: Vector, demand: Demand) -> Flags:
    """Say whether what has the probability exp(log_p) comes in so many samples with the chance that is demanded.

    That is 1 - (1 - p)^queries >= chance (Hayes et al. 2025, definition 3).
    """
    with np.errstate(divide="ignore"):
        never = demand.queries * np.log1p(-np.exp(np.minimum(log_p, 0.0)))
    return np.asarray(never <= np.log1p(-demand.chance))


def beyond(excess: Estimate, control: Estimate) -> Estimate:
    """Return an excess less that of independent control rows.

    The interval joins those of the two, each from its own value (Zou and Donner 2008, Statistics in Medicine 27:1693).
    """
    method = f"{excess.method}, less that of held-out rows (MOVER)"
    if excess.value is None or control.value is None or not excess.bounds or not control.bounds:
        reason = excess.reason or control.reason or "One of the two has no interval."
        return Estimate(value=None, n=excess.n, method=method, reason=reason)
    here, there = excess.value, control.value

    def interval(level: float) -> tuple[float, float]:
        low, high = excess.interval(level)
        least, most = control.interval(level)
        below = float(np.hypot(here - low, most - there))
        above = float(np.hypot(high - here, there - least))
        return here - there - below, here - there + above

    seen, also = excess.smallest_detectable, control.smallest_detectable
    if seen is None or also is None:
        # Shares by themselves say none; what an interval reaches upwards is so many standard errors near 0.
        up = np.hypot(excess.interval()[1] - here, control.interval()[1] - there)
        smallest = min(1.0, float(up) * z_sum() / quantile(0.95))
    else:
        smallest = float(np.hypot(seen, also))
    return Estimate(
        value=here - there,
        n=excess.n,
        method=method,
        bounds=on_grid(interval, support=(-1.0, 1.0)),
        smallest_detectable=smallest,
    )


def _sums(
    judged: Ragged, inside: Flags, statistics: TokenStatistics, places: NDArray[np.int64]
) -> tuple[Counts, Vector]:
    """Return how many tokens to be written are not the most probable, and the sum of their log p, (n,) each."""

    wrong = (~statistics.top)[places]
    total = np.bincount(judged.owner[inside], statistics.log_probs[places][inside], minlength=judged.count)
    errors = np.bincount(judged.owner[inside & wrong], minlength=judged.count)
    return errors.astype(np.int64), np.asarray(total, dtype=np.float64)
