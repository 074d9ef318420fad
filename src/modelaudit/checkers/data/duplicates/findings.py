"""The findings on duplicates: shares of rows, what they mean, and the rows themselves by id."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from modelaudit.checkers.data.drawing import asks, medium_of
from modelaudit.checkers.data.duplicates.look_alikes import no_copies
from modelaudit.checkers.data.duplicates.twins import TRAINING, Split, Twins
from modelaudit.evidence import Example, Examples, Table
from modelaudit.results import Finding, Metric
from modelaudit.statistics import Estimate, clustered_proportion

SHOWN, NAMED = 20, 8
"""Groups that are shown, and rows that are named of each."""
POWER = 0.8
TASK_WITHOUT_TRUTHS = (
    *("text-regression", "text-generation", "fill-mask"),
    *("question-answering", "text2text-generation", "automatic-speech-recognition"),
)


def leakage(twins: Twins, training: int | None, *, seen: float) -> Finding:
    """Return the share of evaluation rows with an equal or a near twin among the training rows; judged.

    `seen` is the part of the training rows that was read, above 0 and at most 1.
    """
    table = _counts(twins)
    if training is None:
        share = Estimate(
            value=None,
            n=len(twins.splits[0].rows),
            method="clopper-pearson",
            reason="There are no training rows to compare with: give train_data= (--train-data).",
        )
        return Finding(
            metric=_leakage_metric(share, None),
            statement="Whether evaluation rows stand in the training rows as well can't be told without training rows.",
            evidence=(table,),
        )
    exact, found = twins.exact(0, training), twins.twinned(0, training)
    share, smallest = _share(found, twins, 0, seen=seen)
    low, high = share.interval()
    return Finding(
        metric=_leakage_metric(share, smallest),
        statement=(
            f"{found.sum():,} of {len(found):,} evaluation rows ({share.value:.1%}; 95% interval {low:.1%} to "
            f"{high:.1%}) have a twin among the training rows: {exact.sum():,} an equal one, "
            f"{(found & ~exact).sum():,} only one that is nearly equal."
        ),
        evidence=(table, *_groups(twins, (0, training), "Evaluation rows with a twin in training, largest groups")),
        confounded=no_copies(twins, training),
        caveats=_sampled(TRAINING, seen),
    )


def contexts(twins: Twins, training: int, *, seen: float) -> Finding | None:
    """Return the share of evaluation rows without a twin whose first text, or context, stands in training; context.

    None where rows are no pairs of texts.
    """
    if twins.contexts is None:
        return None
    found = twins.sharing(0, training)
    share, smallest = _share(found, twins, 0, seen=seen)
    low, high = share.interval()
    asked = any(map(asks, twins.splits[0].rows))
    first, second = ("context", "question") if asked else ("first text", "second text")
    return Finding(
        metric=Metric.of(
            share,
            id="shared_contexts",
            title=f"Evaluation rows whose {first} stands in the training rows with another {second}",
            unit="share of rows",
            better="neither",
            smallest_detectable=smallest,
        ),
        statement=(
            f"{found.sum():,} of {len(found):,} evaluation rows ({share.value:.1%}; 95% interval {low:.1%} to "
            f"{high:.1%}) have no twin in training, but their {first} stands there, equal or nearly so, with another "
            f"{second}. They are not counted as leaked."
        ),
        caveats=_sampled(TRAINING, seen),
    )


def repeats(twins: Twins, of: int, *, seen: float) -> Finding:
    """Return the share of a table's rows that equal or nearly equal another one of it; context."""
    split = twins.splits[of]
    exact, found = twins.exact(of, of), twins.twinned(of, of)
    share, smallest = _share(found, twins, of, seen=seen)
    low, high = share.interval()
    return Finding(
        metric=Metric.of(
            share,
            id="repeated_rows",
            title="Rows with a twin in their own table",
            unit="share of rows",
            better="neither",
            group=split.name,
            smallest_detectable=smallest,
        ),
        statement=(
            f"{found.sum():,} of {len(found):,} {split.name} ({share.value:.1%}; 95% interval {low:.1%} to {high:.1%}) "
            f"have a twin in the same table: {exact.sum():,} an equal one, {(found & ~exact).sum():,} only one that is "
            f"nearly equal. The table holds {len(np.unique(split.text)):,} different {medium_of(split.rows)}s."
        ),
        evidence=_groups(twins, (of,), f"Repeated {split.name}, largest groups"),
        caveats=_sampled(split.name, seen),
    )


def conflicts(twins: Twins, of: int, *, task: str, seen: float) -> Finding | None:
    """Return the share of labelled rows whose text has another truth elsewhere in the table; judged.

    None where the task's truths are no classes.
    """
    split = twins.splits[of]
    if task in TASK_WITHOUT_TRUTHS:
        return None
    labelled, medium = split.labelled, medium_of(split.rows)
    if not labelled.any():
        share, smallest = (
            Estimate(value=None, n=0, method="clopper-pearson", reason=f"The {split.name} have no labels."),
            None,
        )
        statement = f"Whether equal {split.name} have different labels can't be told: they have none."
    else:
        found = split.conflicting[labelled]
        share, smallest = _share(found, twins, of, seen=seen, chosen=labelled)
        low, high = share.interval()
        equal = int((twins.exact(of, of) & labelled).sum())
        statement = (
            f"{found.sum():,} of {len(found):,} labelled {split.name} ({share.value:.1%}; 95% interval {low:.1%} to "
            f"{high:.1%}) have a {medium} that stands there with another label as well; {equal:,} have one that stands "
            "there more than once."
        )
    return Finding(
        metric=Metric.of(
            share,
            id="conflicting_rows",
            title=f"Rows whose {medium} has another label elsewhere",
            unit="share of labelled rows",
            better="lower",
            group=split.name,
            primary=True,
            smallest_detectable=smallest,
        ),
        statement=statement,
        evidence=_conflicts_shown(twins, split),
        caveats=_sampled(split.name, seen) if share.bounds else (),
    )


def accuracy(difference: Estimate, medium: str) -> Finding:
    """Return how much more often the model is right on leaked rows; context. `medium` is what rows are in a word."""
    if difference.value is None:
        statement = f"Accuracy on leaked and other rows is not compared. {difference.reason}"
    else:
        low, high = difference.interval()
        statement = (
            f"Accuracy on evaluation rows with a twin in training is {100 * difference.value:+.1f} points from that on "
            f"the others (95% interval {100 * low:+.1f} to {100 * high:+.1f} points)."
        )
    return Finding(
        metric=Metric.of(
            difference,
            id="leaked_accuracy_difference",
            title="Accuracy on rows with a twin in training, less that on the others",
            unit="accuracy",
            better="neither",
            n_unit=f"{medium}s or documents",
        ),
        statement=statement,
        caveats=("Leaked rows may be easier, or harder, by themselves: a difference is no proof of memory.",),
    )


def _leakage_metric(share: Estimate, smallest: float | None) -> Metric:
    return Metric.of(
        share,
        id="leaked_rows",
        title="Evaluation rows with a twin in the training rows",
        unit="share of rows",
        better="lower",
        primary=True,
        smallest_detectable=smallest,
    )


def _share(
    found: np.ndarray, twins: Twins, of: int, *, seen: float, chosen: np.ndarray | None = None
) -> tuple[Estimate, float]:
    """Return a share of rows, twins and rows of a document counted as alike, and the smallest that could have shown.

    Of the rows among which twins were looked for the part `seen` was read. A row that has a twin among all of them has
    one among those read with a chance of `seen` at the least, so the upper bounds are divided by it.
    """
    kept = np.ones(len(twins.splits[of].rows), dtype=np.bool_) if chosen is None else chosen
    rows = [row for row, inside in zip(twins.splits[of].rows, kept.tolist(), strict=True) if inside]
    families = twins.families(of)[kept].tolist()
    names = twins.units(of)
    shared = None if names is None else [name for name, inside in zip(names, kept.tolist(), strict=True) if inside]
    # Sums over twins and documents may differ in the last bit with the order of their rows.
    order = sorted(
        range(len(rows)),
        key=lambda at: (rows[at].group is None, rows[at].group or "", families[at], bool(found[at])),
    )
    rows, families, found = [rows[at] for at in order], [families[at] for at in order], found[order]
    units = [f"family {family}" for family in families] if shared is None else [shared[at] for at in order]
    share = clustered_proportion(found, units)
    smallest = float(1.0 - (1.0 - POWER) ** (1.0 / max(len(set(units)), 1)))
    if seen < 1.0:
        bounds = tuple((level, low, min(1.0, high / seen)) for level, low, high in share.bounds)
        share = replace(share, bounds=bounds, method=f"{share.method}, upper bounds for all rows of a sampled table")
    return share, min(1.0, smallest / seen)


def _sampled(name: str, seen: float) -> tuple[str, ...]:
    if seen >= 1.0:
        return ()
    return (
        f"Of the {name} a sample of {seen:.2%} was read, and twins among the others were not seen: the share is a "
        "lower bound, and the interval reaches up to what the whole table may hold.",
    )


def _counts(twins: Twins) -> Table:
    rows = []
    for of in range(len(twins.splits)):
        for among in range(len(twins.splits)):
            exact, found = twins.exact(of, among), twins.twinned(of, among)
            split = twins.splits[of]
            contradicted = split.conflicting if of == among else twins.contradicted(of, among)
            rows.append(
                (
                    split.name,
                    "the same table" if of == among else twins.splits[among].name,
                    len(found),
                    int(exact.sum()),
                    int((found & ~exact).sum()),
                    int(contradicted.sum()),
                )
            )
    return Table(
        title="Rows with a twin, by table",
        columns=("rows", "twin in", "n", "with an equal twin", "with a near twin only", "equal twin of another label"),
        rows=tuple(rows),
    )


def _groups(twins: Twins, tables: tuple[int, ...], title: str) -> tuple[Examples, ...]:
    """Return the largest groups of equal and near rows that have rows in all of the tables, and two or more rows."""
    members: dict[int, list[tuple[int, int]]] = {}
    for of in tables:
        for place, family in enumerate(twins.families(of).tolist()):
            members.setdefault(family, []).append((of, place))
    groups = [
        (-len(group), twins.texts[family], group)
        for family, group in members.items()
        if len(group) > 1 and {of for of, _ in group} == set(tables)
    ]
    shown = sorted(groups)[:SHOWN]
    items = tuple(_example(twins, group) for _, _, group in shown)
    if not items:
        return ()
    return (Examples(title=title, selection=f"the {len(items)} largest of {len(groups):,}", items=items),)


def _example(twins: Twins, group: list[tuple[int, int]]) -> Example:
    named = [(of, twins.splits[of].rows[place]) for of, place in group]
    rows = sorted((of, row.id, row.text) for of, row in named)
    counted = [
        f"{twins.splits[table].name}: {sum(of == table for of, _, _ in rows):,}"
        for table in sorted({of for of, _, _ in rows})
    ]
    more = f" and {len(rows) - NAMED:,} more" if len(rows) > NAMED else ""
    return Example(
        row=rows[0][1],
        before=rows[0][2] or None,
        change=", ".join(counted),
        outcome=", ".join(name for _, name, _ in rows[1:NAMED]) + more,
    )


def _conflicts_shown(twins: Twins, split: Split) -> tuple[Examples, ...]:
    groups: dict[int, list[int]] = {}
    for place in np.flatnonzero(split.conflicting).tolist():
        groups.setdefault(int(split.text[place]), []).append(place)
    of = twins.splits.index(split)
    shown = sorted((-len(group), text, group) for text, group in groups.items())[:SHOWN]
    items = tuple(_example(twins, [(of, place) for place in group]) for _, _, group in shown)
    if not items:
        return ()
    return (
        Examples(
            title=f"Equal {split.name} with different labels",
            selection=f"the {len(items)} texts with most rows, of {len(groups):,}",
            items=items,
        ),
    )
