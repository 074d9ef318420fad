"""Judging a window: all measures of one look together, so that any alarm at all is as rare as was declared."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from modelaudit.monitoring.alert_rule import AlertRule
from modelaudit.monitoring.measure import Measure, Scope, Trial
from modelaudit.monitoring.tally import Tally, size
from modelaudit.monitoring.trials import KINDS, Asking, embedding_trial, feature_trial, rule_trial
from modelaudit.statistics import holm
from modelaudit.statistics.sequential import look_share, over_looks

Floats = NDArray[np.float64]

LEAST_ROWS = 50
"""Rows on either side that a measure needs to be taken."""
CHANGE = 0.15
"""The change of a share, or gap of distributions, that a measure should be able to show."""


@dataclass(frozen=True, slots=True, eq=False)
class Window:
    """The live rows of one look: their tally, the tally of the recent windows with it (or None), their embeddings."""

    tally: Tally
    recent: Tally | None = None
    embeddings: Floats | None = None


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """The baseline's rows: their tally and embeddings."""

    tally: Tally
    embeddings: Floats | None = None


@dataclass(frozen=True, slots=True)
class _Taking:
    """A measure that is about to be taken, and whether it is an alert rule."""

    take: Callable[[Asking], Trial]
    rule: bool = False


@dataclass(frozen=True, slots=True)
class _Few:
    """A measure that has too few rows to be taken."""

    name: str
    scope: Scope
    rows: int
    reference_rows: int


def judge_window(
    reference: Reference,
    window: Window,
    *,
    look: int,
    alpha: float,
    rules: Sequence[AlertRule] = (),
    change: float = CHANGE,
    rng: np.random.Generator,
) -> tuple[Measure, ...]:
    """Return all measures of the `look`-th look.

    A measure raises the alarm where its p, adjusted for the measures of this look (Holm) and for all looks that were
    and will be (`statistics.sequential`), is at most `alpha`. Where there are alert rules, which somebody declared to
    matter, half of alpha is theirs. Without a change the chance that any measure ever raises the alarm is at most
    alpha, however the looks hang together.
    """
    takings: list[_Taking] = []
    few: list[_Few] = []
    scopes: tuple[tuple[Scope, Tally | None], ...] = (("window", window.tally), ("recent", window.recent))
    for scope, tally in scopes:
        if tally is not None:
            _plan(reference.tally, tally, scope, rules, takings, few)
    if reference.embeddings is not None and window.embeddings is not None:
        sides = len(reference.embeddings), len(window.embeddings)
        if min(sides) >= LEAST_ROWS:
            takings.append(_Taking(partial(_embedded, reference.embeddings, window.embeddings, rng)))
        else:
            few.append(_Few("embedding", "window", sides[1], sides[0]))
    families = [family for rule in (False, True) if (family := [each for each in takings if each.rule is rule])]
    measures: list[Measure] = []
    for family in families:
        asking = Asking(alpha * look_share(look) / (len(families) * len(family)), change)
        taken = [each.take(asking) for each in family]
        for trial, p in zip(taken, holm([each.p for each in taken]).tolist(), strict=True):
            measures.append(_measured(trial, over_looks(min(1.0, len(families) * p), look), alpha, asking))
    return (*measures, *map(_unmeasured, few))


def _embedded(before: Floats, after: Floats, rng: np.random.Generator, asking: Asking) -> Trial:
    return embedding_trial(before, after, asking, rng)


def _plan(
    before: Tally,
    after: Tally,
    scope: Scope,
    rules: Sequence[AlertRule],
    takings: list[_Taking],
    few: list[_Few],
) -> None:
    for name in KINDS:
        if name not in before or name not in after:
            continue
        sides = size(before[name]), size(after[name])
        if min(sides) < LEAST_ROWS:
            few.append(_Few(name, scope, sides[1], sides[0]))
            continue
        takings.append(_Taking(partial(feature_trial, name, scope, before[name], after[name])))
        if name == "prediction":
            asked = [partial(rule_trial, rule, scope, before[name], after[name]) for rule in rules]
            takings += [_Taking(each, rule=True) for each in asked]


def _measured(trial: Trial, adjusted: float, alpha: float, asking: Asking) -> Measure:
    found = trial.model_dump() | {"adjusted": adjusted, "threshold": asking.threshold}
    if adjusted <= alpha:
        return Measure(state="alarm", **found)
    reason = _doubt(trial, asking)
    return Measure(state="no alarm" if reason is None else "inconclusive", reason=reason, **found)


def _doubt(trial: Trial, asking: Asking) -> str | None:
    """Why no alarm says little, or None."""
    if trial.least_p is not None and trial.least_p > asking.threshold:
        return (
            f"so late a look asks for a p of {asking.threshold:.1g} and permutations give {trial.least_p:.1g} at the "
            "least, so that no change could raise the alarm: begin anew with a new audit"
        )
    shown = trial.smallest_detectable
    if shown is None or shown <= asking.change:
        return None
    said = f"with {trial.rows:,} rows this look could have shown a change of {shown:.2f} and not of {asking.change:g}"
    if trial.rows_needed is None:
        return f"{said}, nor could any number of rows: the baseline has too few ({trial.reference_rows:,})"
    return f"{said}; that takes {trial.rows_needed:,} rows"


def _unmeasured(few: _Few) -> Measure:
    side = "live rows" if few.rows < LEAST_ROWS else "rows of the baseline"
    count = few.rows if few.rows < LEAST_ROWS else few.reference_rows
    return Measure(
        name=few.name,
        kind=KINDS[few.name],
        scope=few.scope,
        state="inconclusive",
        rows=few.rows,
        reference_rows=few.reference_rows,
        unit="not measured",
        rows_needed=LEAST_ROWS if few.rows < LEAST_ROWS else None,
        reason=f"{count:,} {side} are too few; {LEAST_ROWS} are the least",
    )
