"""The findings on perturbation: numbers, the sentence that says them, and why a number is missing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from modelaudit.checkers.robustness.arms import Arm
from modelaudit.checkers.robustness.effects import Effect
from modelaudit.checkers.robustness.exhibits import counts_table, examples
from modelaudit.results import Finding, Metric
from modelaudit.rows import Row
from modelaudit.statistics import Estimate

NO_LABELS = "None of the rows has a true label, so there is no accuracy to compare."


def measured(arm: Arm, effect: Effect, rows: Sequence[Row], *, by_entity: bool, labelled: bool) -> Iterator[Finding]:
    """Yield what an arm did to the answers and, where rows have labels, what it costs in accuracy."""
    caveats = _caveats(arm, effect, rows)
    yield Finding(
        metric=_flip_metric(arm, effect.flip, by_entity=by_entity),
        statement=_flip_statement(arm, effect, by_entity=by_entity),
        evidence=(counts_table(effect), *(() if effect.untouched else examples(arm, effect, rows))),
        caveats=caveats,
    )
    if effect.drop.value is not None:
        yield Finding(
            metric=_drop_metric(arm, effect.drop, by_entity=by_entity),
            statement=_drop_statement(arm, effect.drop, effect.drop.value, by_entity=by_entity),
            evidence=(counts_table(effect),),
            caveats=caveats,
        )
    elif labelled and arm.primary:
        yield _missing_drop(arm, effect.drop, by_entity=by_entity)


def unmeasured(arm: Arm, reason: str, *, by_entity: bool, labelled: bool) -> Iterator[Finding]:
    """Yield an arm's judged metrics without a value, so that what was not measured never looks like a pass."""
    flip = Estimate(value=None, n=0, method="korn-graubard" if by_entity else "clopper-pearson", reason=reason)
    drop = Estimate(value=None, n=0, method="linearised-paired-f1" if by_entity else "tango-score", reason=reason)
    yield Finding(
        metric=_flip_metric(arm, flip, by_entity=by_entity),
        statement=f"Whether the change '{arm.name}' changes answers was not measured. {reason}",
        caveats=(arm.rule,),
    )
    if labelled:
        yield _missing_drop(arm, drop, by_entity=by_entity)


def without_labels(*, by_entity: bool) -> Finding:
    """Return the one finding that stands for every arm's accuracy where no row has a label."""
    method = "linearised-paired-f1" if by_entity else "tango-score"
    return Finding(
        metric=_drop_metric(None, Estimate(value=None, n=0, method=method, reason=NO_LABELS), by_entity=by_entity),
        statement=f"What the changes cost in {_score(by_entity)} was not measured. {NO_LABELS}",
        remedies=("Give the rows a column of true labels, and audit again.",),
    )


def _missing_drop(arm: Arm, drop: Estimate, *, by_entity: bool) -> Finding:
    return Finding(
        metric=_drop_metric(arm, drop, by_entity=by_entity),
        statement=f"What the change '{arm.name}' costs in {_score(by_entity)} was not measured. {drop.reason}",
        caveats=(arm.rule,),
    )


def _flip_metric(arm: Arm, estimate: Estimate, *, by_entity: bool) -> Metric:
    unit = "entities" if by_entity else "rows"
    return Metric.of(
        estimate,
        id="flip_rate",
        title="Predicted entities not kept" if by_entity else "Predicted labels changed",
        unit=f"share of {unit}",
        better="lower",
        n_unit=unit,
        group=arm.name,
        primary=arm.primary,
    )


def _drop_metric(arm: Arm | None, estimate: Estimate, *, by_entity: bool) -> Metric:
    return Metric.of(
        estimate,
        id="accuracy_drop",
        title="Entity F1 lost" if by_entity else "Accuracy lost",
        unit="F1" if by_entity else "share of rows",
        better="lower",
        group=None if arm is None else arm.name,
        primary=arm is None or arm.primary,
    )


def _score(by_entity: bool) -> str:
    return "entity F1" if by_entity else "accuracy"


def _caveats(arm: Arm, effect: Effect, rows: Sequence[Row]) -> tuple[str, ...]:
    caveats = [arm.rule]
    if not arm.primary:
        caveats.append("Shown for context and not judged: beyond this project's bound for a change that means nothing.")
    documents = {rows[trial.place].group for trial in effect.trials} - {None}
    if documents:
        caveats.append(
            f"The rows come from {len(documents):,} documents or persons. The interval treats rows as independent; "
            "where rows of one are alike it is too narrow."
        )
    return tuple(caveats)


def _flip_statement(arm: Arm, effect: Effect, *, by_entity: bool) -> str:
    changed = len(effect.trials)
    if effect.untouched:
        return (
            f"Under the change '{arm.name}' the answers to all {changed:,} rows that were compared stay identical to "
            "the last bit: the tokenizer removes the change, or the model takes no notice of it."
        )
    low, high = effect.flip.interval()
    counted = (
        f"{effect.flip.n:,} entities predicted before are not kept" if by_entity else f"{changed:,} answers change"
    )
    same = f" {effect.identical:,} rows keep their answer to the last bit." if effect.identical else ""
    return (
        f"Under the change '{arm.name}', {effect.flip.value:.1%} of {counted} (95% interval {low:.1%} to {high:.1%}), "
        f"over the {changed:,} changed rows that could be compared.{same}"
    )


def _drop_statement(arm: Arm, drop: Estimate, value: float, *, by_entity: bool) -> str:
    low, high = drop.interval()
    by = "the same" if value == 0 else f"{100 * abs(value):.1f} points {'lower' if value > 0 else 'higher'}"
    counted = "changed rows with entities" if by_entity else "labelled rows that were compared"
    return (
        f"Under the change '{arm.name}', {_score(by_entity)} is {by} (95% interval of the loss {100 * low:.1f} to "
        f"{100 * high:.1f} points) over {drop.n:,} {counted}."
    )
