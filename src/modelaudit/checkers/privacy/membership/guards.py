"""Guards: what could let an attack succeed, or fail, without any memory of the model's; each can withhold a verdict."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.stats import chi2_contingency

from modelaudit.checkers.privacy.blind_guard import BlindGuard
from modelaudit.checkers.privacy.folds import digest, unit
from modelaudit.checkers.privacy.membership.attack import Attack
from modelaudit.checkers.privacy.membership.sides import Sides
from modelaudit.checkers.privacy.membership.suite import Suite
from modelaudit.checkers.privacy.record import extent
from modelaudit.checkers.privacy.wording import p_words, rounded
from modelaudit.evidence import Table
from modelaudit.results import Finding, Metric
from modelaudit.rows import Row
from modelaudit.statistics import Estimate, clopper_pearson, clustered_auc

COPIES = 0.5
"""Share of held-out rows that equal or nearly equal a training row, above which the rest is a mere selection."""
IMBALANCE = 0.1
"""Cramer's V of labels by side, above which their mixture differs; .1 is what Cohen (1988) calls a small effect."""
CERTAIN = 0.01
"""P of a test below which a guard believes it."""
CONTROL = 0.005
"""P of the half-split control below which it has failed: once in 200 audits by chance."""

LENGTHS = {
    "text": ("longer", "shorter", "the length of a text", "lengths"),
    "picture": ("larger", "smaller", "the size of a picture", "sizes"),
    "sound": ("longer", "shorter", "the length of a sound", "lengths"),
}
"""What a row has more or less of, by what it is."""


@dataclass(frozen=True, slots=True, eq=False)
class Guard:
    """The outcome of one guard.

    Attributes:
        id, title, unit, n_unit: of its metric.
        estimate: what it measured, or the reason why it could not.
        limit: what it may reach, in words.
        tripped: why the attack's numbers can't be read as memory, or None.
        clear: what it says where it did not trip.
    """

    id: str
    title: str
    unit: str
    estimate: Estimate
    limit: str
    tripped: str | None
    clear: str
    n_unit: str = "rows"

    @property
    def outcome(self) -> str:
        """One or two words for the table of all guards."""
        if self.estimate.value is None:
            return "not run" if self.tripped is None else "not run, verdict withheld"
        return "no objection" if self.tripped is None else "verdict withheld"

    def finding(self) -> Finding:
        """Return what it measured as a finding that is never judged."""
        metric = Metric.of(
            self.estimate, id=self.id, title=self.title, unit=self.unit, better="neither", n_unit=self.n_unit
        )
        said = self.tripped if self.tripped is not None else self.clear
        return Finding(metric=metric, statement=said[0].upper() + said[1:].rstrip(".") + ".")


def guards_table(guards: Sequence[Guard]) -> Table:
    """Return all guards side by side."""
    return Table(
        title="Guards: what else could explain the attack's numbers",
        columns=("guard", "value", "lower 95% bound", "upper 95% bound", "limit", "outcome"),
        rows=tuple(
            (
                guard.title,
                rounded(guard.estimate.value),
                *(rounded(bound) for bound in (guard.estimate.interval() if guard.estimate.bounds else (None, None))),
                guard.limit,
                guard.outcome,
            )
            for guard in guards
        ),
    )


def blind(guard: BlindGuard, *, margin: float) -> Guard:
    """Can members be told from non-members without the model?"""
    estimate = guard.auc
    tripped, clear = None, ""
    if estimate.value is None:
        tripped = (
            "whether the training rows and the held-out rows differ by themselves could not be checked "
            f"({(estimate.reason or '').rstrip('.')}), so the attack's number, high or low, can't be read as memory. "
            "Provide rows from more documents or persons"
        )
    elif guard.fooled(margin=margin):
        tripped = (
            "the training rows and the held-out rows differ by themselves: a classifier that never saw the model tells "
            f"them apart (AUC {_range(estimate)}), so the attack's success can't be read as memory. Provide held-out "
            "rows from the same source and time, split off at random"
        )
    else:
        clear = (
            f"a classifier that never saw the model tells training rows from held-out rows with an AUC of "
            f"{_range(estimate)}: no difference between the two sides was found that would explain the attack by itself"
        )
    limit = f"lower bound at most {0.5 + margin:g}"
    return Guard("blind_auc", "AUC without the model (guard)", "AUC", estimate, limit, tripped, clear)


def base(estimate: Estimate | None, why_not: str, *, margin: float, by_states: bool = False) -> Guard:
    """Does the same attack succeed on the base model, which was never trained on these rows?

    `by_states` says that the base model has no such answers, and its states told how hard each row is to be expected.
    """
    title, limit = (
        "AUC of the attack on the base model (guard)",
        f"bounds on both sides of {0.5 - margin:g} to {0.5 + margin:g}",
    )
    if estimate is None or estimate.value is None:
        reason = why_not if estimate is None else estimate.reason or "it could not be computed"
        none = Estimate(value=None, n=0, method="delong-logit", reason=reason)
        clear = f"the same attack was not made on the base model: {reason.rstrip('.')}"
        return Guard("base_model_auc", title, "AUC", none, "none", None, clear)
    tripped = _two_sided(
        estimate,
        margin=margin,
        higher=(
            "training rows are easier than held-out rows by the states of the base model, which was not fine-tuned on "
            "them"
            if by_states
            else "the same attack succeeds on the base model, which was not fine-tuned on these rows"
        ),
        lower=(
            "training rows are harder than held-out rows by the states of the base model"
            if by_states
            else "the same attack on the base model ranks training rows below held-out rows"
        ),
        says=(
            "the two sides differ in how hard they are, or pre-training knew one of them, and that part of the "
            "attack's number is no memory of fine-tuning. Provide held-out rows of the same source, split off at random"
        ),
    )
    how = "what states of the base model say of how hard a row is" if by_states else "the same attack on the base model"
    clear = (
        f"{how} has an AUC of {_range(estimate)}: the two sides are about as hard as each other for a model that was "
        "not fine-tuned on either"
    )
    return Guard("base_model_auc", title, "AUC", estimate, limit, tripped, clear)


def duplicates(sides: Sides) -> Guard:
    """Are held-out rows copies of training rows? They are left out; where they are most, nothing is read."""
    estimate = clopper_pearson(sides.copies, sides.looked_at)
    tripped = None
    if estimate.bounds and estimate.interval()[0] > COPIES:
        scenes = "" if sides.medium == "text" else f", or are {sides.medium}s of one scene or source"
        tripped = (
            f"{estimate.value:.0%} of the held-out rows equal or nearly equal a training row, so the tables were not "
            f"split by independent records{scenes}, and what is left is a selection. Split documents or persons, not "
            "rows"
        )
    clear = (
        f"{sides.copies:,} of {sides.looked_at:,} held-out rows equal a training row, or nearly do ({_nearly(sides)}), "
        "and were left out"
    )
    return Guard(
        "near_duplicate_share", "Held-out rows that equal or nearly equal a training row (guard)",
        "share of held-out rows", estimate, f"lower bound at most {COPIES:g}", tripped, clear, "held-out rows",
    )  # fmt: skip


def _nearly(sides: Sides) -> str:
    if sides.medium == "text":
        return "Jaccard index of 5-character pieces of at least .8"
    return f"{'look' if sides.medium == 'picture' else 'sound'} alike in outline and detail, and have one label"


def length(sides: Sides, *, margin: float) -> Guard:
    """Are members longer or shorter, or larger or smaller, than non-members?"""
    units = sides.units()
    longer, shorter, size, sizes = LENGTHS[sides.medium]
    pos, neg = ([extent(row) for row in side] for side in (sides.members, sides.nonmembers))
    estimate = clustered_auc(pos, neg, pos_units=units[0], neg_units=units[1])
    tripped = _two_sided(
        estimate,
        margin=2 * margin,
        higher=f"training rows are {longer} than held-out rows",
        lower=f"training rows are {shorter} than held-out rows",
        says=(
            f"a model's loss hangs on {size}, so the attack's number can't be read as memory. Provide sides of equal "
            f"{sizes}"
        ),
    )
    clear = f"a training row is {longer} than a held-out row in {_range(estimate)} of pairs"
    bound = f"bounds on both sides of {0.5 - 2 * margin:g} to {0.5 + 2 * margin:g}"
    return Guard("length_auc", "AUC of the length alone (guard)", "AUC", estimate, bound, tripped, clear)


def labels(sides: Sides, *, n_labels: int) -> Guard:
    """Do members and non-members have the same mixture of labels, or of tags?"""
    counts = np.zeros((2, max(n_labels, 2)))
    for side, rows in enumerate((sides.members, sides.nonmembers)):
        for row in rows:
            found = _labels_of(row)
            # A row counts once, whatever its number of words: words of one row are not independent.
            np.add.at(counts[side], list(found), 1.0 / max(len(found), 1))
    counts = counts[:, counts.sum(axis=0) > 0]
    n = len(sides.rows)
    title, limit = "Difference of the label mixtures (guard)", f"at most {IMBALANCE:g}, or p of at least {CERTAIN:g}"
    if counts.shape[1] < 2:
        reason = "all rows have one label" if counts.shape[1] else "these rows have no labels"
        none = Estimate(value=None, n=n, method="cramer-v", reason=reason)
        return Guard("label_imbalance", title, "Cramer's V", none, limit, None, reason)
    statistic, p, _, _ = chi2_contingency(counts, correction=False)
    size = float(np.sqrt(statistic / counts.sum()))
    estimate = Estimate(
        value=size,
        n=n,
        method="cramer-v, chi-square",
        reason=f"A chi-square test (p {p_words(float(p))}) stands in the place of an interval.",
    )
    tripped = None
    if p < CERTAIN and size > IMBALANCE:
        tripped = (
            f"the labels of training rows and held-out rows are mixed differently (Cramer's V {size:.2f}, p "
            f"{p_words(float(p))}), and labels differ in how surely the model gives them, so the attack's number can't "
            "be read as memory. Provide sides with equal shares of each label"
        )
    clear = f"the labels of the two sides are mixed alike (Cramer's V {size:.3f}, p {p_words(float(p))})"
    return Guard("label_imbalance", title, "Cramer's V", estimate, limit, tripped, clear)


def _labels_of(row: Row) -> tuple[int, ...]:
    """Return the labels of a row; of a question whether its context holds an answer."""
    if row.answers is not None:
        return (int(bool(row.answers)),)
    return row.tags if row.tags is not None else () if row.label is None else (row.label,)


def half_split(suite: Suite, sides: Sides, rng: np.random.Generator, *, seed: int) -> Guard:
    """Does the attack tell two random halves of the held-out rows apart? Then it reads something else than memory."""
    names = [digest(unit(row), seed=seed, purpose="half-split") for row in sides.nonmembers]
    distinct = sorted(set(names))
    first = set(distinct[: len(distinct) // 2])
    chosen = np.array([name in first for name in names], dtype=np.bool_)
    title, limit = "AUC between two halves of the held-out rows (control)", f"p of the suite at least {CONTROL:g}"
    units = suite.nonmember_units
    halves = tuple(
        Attack(attack.name, attack.nonmembers[chosen], attack.nonmembers[~chosen]) for attack in suite.family
    )
    usable = tuple(attack for attack in halves if attack.usable)
    headline = next((attack for attack in usable if attack.name == suite.headline), None)
    if headline is None:
        reason = "there are too few held-out rows for two halves"
        none = Estimate(value=None, n=len(names), method="delong-logit", reason=reason)
        return Guard("half_split_auc", title, "AUC", none, limit, None, reason, "held-out rows")
    parts = (None, None) if units is None else (units[chosen], units[~chosen])
    control = Suite(usable, suite.headline, np.arange(int((~chosen).sum())), *parts)
    estimate, p = control.auc(headline), control.p(rng).family
    tripped = None
    if p < CONTROL:
        tripped = (
            f"the attack tells two random halves of the held-out rows apart (p {p_words(p)}), which only chance or a "
            "fault of the data can explain: rows of one document on both halves, say. Name the documents with "
            "group_column="
        )
    clear = (
        "two random halves of the held-out rows, of which the model saw neither, differ by an AUC of "
        f"{_range(estimate)} (p of the suite {p_words(p)})"
    )
    return Guard("half_split_auc", title, "AUC", estimate, limit, tripped, clear, "held-out rows")


def _two_sided(estimate: Estimate, *, margin: float, higher: str, lower: str, says: str) -> str | None:
    if not estimate.bounds:
        return None
    low, high = estimate.interval()
    if low > 0.5 + margin:
        return f"{higher} (AUC {_range(estimate)}): {says}"
    if high < 0.5 - margin:
        return f"{lower} (AUC {_range(estimate)}): {says}"
    return None


def _range(estimate: Estimate) -> str:
    if not estimate.bounds:
        return f"{estimate.value:.3f}"
    low, high = estimate.interval()
    return f"{estimate.value:.3f} (95% interval {low:.3f} to {high:.3f})"
