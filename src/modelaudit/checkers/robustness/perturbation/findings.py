"""The findings on perturbation: numbers, the sentence that says them, and why a number is missing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from modelaudit.checkers.robustness.perturbation.exhibits import (
    accuracy_table,
    answers_table,
    counts_table,
    dose_curve,
    examples,
)
from modelaudit.checkers.robustness.perturbation.members import Family, Member
from modelaudit.checkers.robustness.perturbation.wording import Wording
from modelaudit.drawing import documents
from modelaudit.results import Finding, Metric
from modelaudit.rows import Row
from modelaudit.statistics import Estimate

NO_LABELS = "None of the rows has a true label, so there is no accuracy to compare."


def measured(family: Family, rows: Sequence[Row], wording: Wording, *, labelled: bool) -> Iterator[Finding]:
    """Yield what a family did to the answers and, where rows have labels, what it costs in accuracy."""
    flip, flipping = family.largest_flip()
    caveats = _caveats(family, rows)
    yield Finding(
        metric=_flip_metric(family.name, flip, wording, primary=family.judged and wording.flip_judged),
        statement=_flip_statement(family, flip, flipping, wording),
        evidence=(
            answers_table(family, wording),
            *dose_curve(family),
            counts_table(flipping),
            *examples(flipping, rows, wording),
        ),
        caveats=caveats,
    )
    drop, losing = family.largest_drop()
    if drop.bounds:
        yield Finding(
            metric=_drop_metric(family.name, drop, wording, primary=family.judged),
            statement=_drop_statement(family, drop, losing, wording),
            evidence=(accuracy_table(family, wording),),
            caveats=caveats,
        )
    elif labelled and family.judged:
        yield _missing_drop(family.name, drop, caveats, wording)


def unmeasured(family: Family, wording: Wording, *, labelled: bool) -> Iterator[Finding]:
    """Yield a family's judged metrics without a value, so that what was not measured never looks like a pass."""
    reason = next(member.reason for member in family.members if member.reason and member.in_question)
    flip = Estimate(value=None, n=0, method=wording.flip_method, reason=reason)
    drop = Estimate(value=None, n=0, method=wording.drop_method, reason=reason)
    caveats = tuple(member.arm.rule for member in family.members)
    yield Finding(
        metric=_flip_metric(family.name, flip, wording, primary=wording.flip_judged),
        statement=f"Whether changes of the kind '{family.name}' change answers was not measured. {reason}",
        caveats=caveats,
    )
    if labelled:
        yield _missing_drop(family.name, drop, caveats, wording)


def without_labels(wording: Wording) -> Finding:
    """Return the one finding that stands for every family's accuracy where no row has a label."""
    none = Estimate(value=None, n=0, method=wording.drop_method, reason=NO_LABELS)
    return Finding(
        metric=_drop_metric(None, none, wording, primary=True),
        statement=f"What the changes cost in {wording.score} was not measured. {NO_LABELS}",
        remedies=("Give the rows a column of true labels, and audit again.",),
    )


def worst(drop: Estimate, member: Member, count: int, score: float, wording: Wording) -> Finding:
    """Return the largest loss over all labelled rows of any judged change, beside the `score` on rows as they are."""
    low, high = drop.interval()
    value, name = drop.value or 0.0, wording.score
    return Finding(
        metric=Metric.of(
            drop,
            id="worst_accuracy_drop",
            title=f"{wording.lost} under the worst change",
            unit=wording.unit,
            better="lower",
        ),
        statement=(
            f"Over all {drop.n:,} rows with {wording.labels}, unchanged ones included, {name} is {score:.1%}. Under "
            f"the worst of {count} judged changes, '{member.arm.name}', it is {score - value:.1%} on average: "
            f"{100 * value:.1f} points lost (95% interval {100 * low:.1f} to {100 * high:.1f})."
        ),
        caveats=(
            f"Chance alone makes the worst of many look worse than it is; the interval's lower end holds for all "
            f"{count} changes at once.",
        ),
    )


def _missing_drop(name: str, drop: Estimate, caveats: tuple[str, ...], wording: Wording) -> Finding:
    return Finding(
        metric=_drop_metric(name, drop, wording, primary=True),
        statement=f"What changes of the kind '{name}' cost in {wording.score} was not measured. {drop.reason}",
        caveats=caveats,
    )


def _flip_metric(group: str, estimate: Estimate, wording: Wording, primary: bool) -> Metric:
    unit = wording.flip_unit
    return Metric.of(
        estimate,
        id="flip_rate",
        title=wording.flips,
        unit=f"share of {unit}",
        better="lower",
        n_unit=unit,
        group=group,
        primary=primary,
    )


def _drop_metric(group: str | None, estimate: Estimate, wording: Wording, primary: bool) -> Metric:
    return Metric.of(
        estimate,
        id="accuracy_drop",
        title=wording.lost,
        unit=wording.unit,
        better="lower",
        group=group,
        primary=primary,
    )


def _caveats(family: Family, rows: Sequence[Row]) -> tuple[str, ...]:
    caveats = [member.arm.rule for member in family.measured]
    if (count := len(family.reaching)) > 1:
        caveats.append(
            f"The interval is that of the worst of {count} changes: its lower end holds for all of them at once, its "
            "upper end is the highest of theirs. The table has each change's own."
        )
    if not family.judged:
        caveats.append("Shown for context and not judged: beyond this project's bound for a change that means nothing.")
    effects = [member.effect for member in family.measured if member.effect]
    alone = {trial.place for effect in effects if not effect.by_document for trial in effect.trials}
    groups = {rows[place].group for place in alone} - {None}
    if groups:
        caveats.append(
            f"The rows come from {len(groups):,} documents or persons. The interval treats rows as independent; "
            "where rows of one are alike it is too narrow."
        )
    together = {trial.place for effect in effects if effect.by_document for trial in effect.trials}
    code = documents([rows[place] for place in sorted(together)])
    if code is not None:
        caveats.append(
            f"The rows come from {int(code.max()) + 1:,} contexts, documents or persons; the interval allows for rows "
            "of one being alike."
        )
    return tuple(caveats)


def _flip_statement(family: Family, flip: Estimate, member: Member, wording: Wording) -> str:
    effect, count = member.effect, len(family.reaching)
    assert effect is not None
    changed = len(effect.trials)
    passed = len(family.measured) - count
    if effect.invariant:
        return (
            f"Changes of the kind '{family.name}' are structurally invariant here: the tokenizer removes them, and the "
            f"model is given the same input for all {changed:,} rows that were compared, so its answers cannot change."
        )
    undone = f" The tokenizer removes {passed} more, whose answers cannot change." if passed else ""
    if all(each.effect and each.effect.untouched for each in family.reaching):
        fewest = min(len(each.effect.trials) for each in family.reaching if each.effect)
        rows = f"{fewest:,} rows" if count == 1 else f"{fewest:,} rows or more of each of {count} changes"
        return (
            f"Under changes of the kind '{family.name}' all answers stay identical to the last bit, over {rows} that "
            f"were compared: the model takes no notice of them.{undone}"
        )
    low, high = flip.interval()
    counted = f"{changed if wording.flip_unit == 'rows' else flip.n:,} {wording.change}"
    which = f"Under the change '{member.arm.name}'" + (f", the worst of {count} of its kind" if count > 1 else "")
    same = f" {effect.identical:,} rows keep their answer to the last bit." if effect.identical else ""
    return (
        f"{which}, {flip.value:.1%} of {counted} (95% interval {low:.1%} to {high:.1%}), "
        f"over the {changed:,} changed rows that could be compared.{same}{undone}"
    )


def _drop_statement(family: Family, drop: Estimate, member: Member, wording: Wording) -> str:
    count = len(family.reaching)
    value, (low, high) = drop.value or 0.0, drop.interval()
    by = "the same" if value == 0 else f"{100 * abs(value):.1f} points {'lower' if value > 0 else 'higher'}"
    which = f"Under the change '{member.arm.name}'" + (f", the worst of {count} of its kind" if count > 1 else "")
    return (
        f"{which}, {wording.score} is {by} (95% interval of the loss {100 * low:.1f} to "
        f"{100 * high:.1f} points) over {drop.n:,} {wording.compared}."
    )
