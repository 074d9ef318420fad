"""Scores of a regression: the share of variance explained, and the mean absolute error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
from numpy.typing import NDArray

from modelaudit.checker import Predictions
from modelaudit.checkers.performance.scores import Floats, Score
from modelaudit.checkers.unit_keys import unit_keys
from modelaudit.drawing import documents
from modelaudit.evidence import Evidence, Table
from modelaudit.rows import Row
from modelaudit.statistics import Estimate, mean_difference


@dataclass(frozen=True, slots=True, eq=False)
class Regression:
    """Scores of a regression; `found` and `truth` have shape (rows, outputs), the truth's `spread` (outputs,)."""

    rows: Sequence[Row]
    found: Floats
    truth: Floats
    spread: Floats
    headline: Score
    others: tuple[Score, ...]
    evidence: tuple[Evidence, ...]

    @classmethod
    def of(cls, rows: Sequence[Row], answers: Predictions) -> Regression:
        """Score the outputs against the rows' values."""
        truth = np.array([cast("tuple[float, ...]", row.values) for row in rows], dtype=np.float64)
        found, units = answers.logits, documents(rows)
        spread = np.where(np.ptp(truth, axis=0) > 0.0, truth.std(axis=0), 0.0)
        keys = unit_keys(rows, units)
        explained = _explained(found, truth, spread, units).keyed(keys)
        absolute = mean_difference(np.abs(found - truth).mean(axis=1), clusters=units).keyed(keys)
        return cls(
            rows, found, truth, spread,
            headline=Score(
                "r_squared", "Share of variance explained (R squared)", "share of variance", "higher", explained,
                f"The model explains {explained.value or 0.0:.1%} of the variance of {explained.n:,} labelled rows",
            ),
            others=(
                Score(
                    "mean_absolute_error", "Mean absolute error", "units of the output", "lower", absolute,
                    f"On average it is {absolute.value or 0.0:.3g} units off",
                ),
            ),
            evidence=(_by_output(found, truth, spread),),
        )  # fmt: skip

    def of_baseline(self, answers: Sequence[object]) -> float:
        """Return a baseline's share of variance explained, 0 where there is no variance."""
        squared = _squared(np.asarray(answers, dtype=np.float64), self.truth, self.spread)
        return float(1.0 - squared.mean()) if squared.size else 0.0

    def gain(self, answers: Sequence[object]) -> Estimate:
        """Return the share of variance explained less the baseline's, paired by row."""
        theirs = np.asarray(answers, dtype=np.float64)
        gains = _squared(theirs, self.truth, self.spread) - _squared(self.found, self.truth, self.spread)
        units = documents(self.rows)
        gain = _mean(gains - gains.mean(axis=0) * (_deviations(self.truth, self.spread) - 1.0), units)
        return gain.keyed(unit_keys(self.rows, units))


def _explained(found: Floats, truth: Floats, spread: Floats, units: NDArray[np.int64] | None) -> Estimate:
    errors = _squared(found, truth, spread)
    share = 1.0 - errors.mean(axis=0)
    # The spread is estimated too: a row far from the mean makes what is left to explain look smaller.
    return _mean(share + (1.0 - share) * _deviations(truth, spread) - errors, units)


def _mean(values: Floats, units: NDArray[np.int64] | None) -> Estimate:
    """Return the mean over rows and outputs, or why there is none: no output varies."""
    if not values.size:
        reason = "All true values of an output are equal, so there is no variance to explain."
        return Estimate(value=None, n=len(values), method="paired-t", reason=reason)
    return mean_difference(values.mean(axis=1), clusters=units)


def _squared(outputs: Floats, truth: Floats, spread: Floats) -> Floats:
    """Return squared errors in spreads of the truth, of the outputs that vary (rows, outputs that vary)."""
    varies = spread > 0.0
    return np.asarray(((outputs - truth)[:, varies] / spread[varies]) ** 2, dtype=np.float64)


def _deviations(truth: Floats, spread: Floats) -> Floats:
    return _squared(np.broadcast_to(truth.mean(axis=0), truth.shape), truth, spread)


def _by_output(found: Floats, truth: Floats, spread: Floats) -> Table:
    error = found - truth
    return Table(
        title="Each output",
        columns=("output", "spread of the truth", "mean error", "mean absolute error", "root mean square error"),
        rows=tuple(
            (
                f"output {place + 1}",
                float(f"{spread[place]:.4g}"),
                float(f"{error[:, place].mean():.4g}"),
                float(f"{np.abs(error[:, place]).mean():.4g}"),
                float(f"{np.sqrt((error[:, place] ** 2).mean()):.4g}"),
            )
            for place in range(truth.shape[1])
        ),
    )
