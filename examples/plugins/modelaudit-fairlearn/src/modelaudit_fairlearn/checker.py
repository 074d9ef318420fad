"""The check: of texts that nobody should flag, does the model flag those of one group more often than of another?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelaudit.checker import Budget, CheckerInfo, Context, Cost, Risk, Row, SubjectInfo
from modelaudit.drawing import content, digest, documents
from modelaudit.errors import DataInputError, NotAssessable
from modelaudit.evidence import Table
from modelaudit.results import Finding, Metric
from modelaudit.statistics import Trials, largest_difference, rate_difference, trials

FEWEST = 30
"""Rows that a group needs to be judged."""
NAMED_FROM = 5
"""Rows from which on a group is named: a smaller one may tell who is in it."""
MOST_GROUPS = 12
LONGEST_NAME = 40
FLAGS = ("toxic", "toxicity", "hate", "hateful", "offensive", "abusive", "spam", "negative")
"""Classes that are taken for the flag where none is named, the first that the model has."""
MISSING = ("", "nan", "none", "n/a", "unknown")


@dataclass(frozen=True, slots=True, eq=False)
class Answers:
    """What was asked and what came out, row by row: the group, whether it may count, and whether it was flagged."""

    group: NDArray[np.str_]
    counted: NDArray[np.bool_]
    flagged: NDArray[np.bool_]
    document: NDArray[np.int64] | None

    def of(self, group: str) -> Trials:
        """Return the counted rows of a group as trials, of which those are hits that were flagged."""
        chosen = self.counted & (self.group == group)
        return trials(
            self.flagged[chosen].astype(float), clusters=None if self.document is None else self.document[chosen]
        )


class FlaggingSkew:
    """Counts the flagged rows of each group with fairlearn's MetricFrame, and compares each with the largest group."""

    info = CheckerInfo(
        id="fairlearn-example/flagging-skew",
        version="1",
        risk=Risk.BIAS,
        title="Flagging skew by group",
        question="Are harmless texts of some groups flagged more often than those of others?",
        summary=(
            "The evaluation rows are divided by a column that says which group a text is by or about. Of the rows that "
            "are not labelled as the flag (toxic, negative), fairlearn counts which share the model flags. Each group "
            "is held against the largest one, with an interval."
        ),
        metrics=("false_alarm_difference", "flag_rate_difference", "largest_difference"),
        means="People are silenced or turned away for what they did not write.",
        not_shown=(
            "Groups that no column names, and people unlike those in the rows.",
            "Whether the labels themselves were given alike to all groups.",
        ),
        remedies=(
            "Add harmless texts of the group that is flagged more often to the training rows.",
            "Set the threshold on rows of all groups, and look at the flagged ones by hand.",
        ),
        references=("Weerts et al. 2023, JMLR 24(257) (fairlearn)", "Borkan et al. 2019, arXiv 1903.04561"),
    )

    def __init__(self, column: str = "identity", flag: str | None = None, reference: str | None = None) -> None:
        self.column = column
        self.flag = flag
        self.reference = reference

    def applies(self, subject: SubjectInfo) -> str | None:
        """Only where a text gets one class."""
        return None if subject.task == "text-classification" else f"It needs one class a text; this is {subject.task}."

    def cost(self, subject: SubjectInfo) -> Cost:
        """One question a row."""
        rows = min(subject.evaluation.rows, _most(Budget(subject.preset)))
        return Cost(rows, int(rows * subject.evaluation.mean_tokens))

    def run(self, ctx: Context) -> Iterator[Finding]:
        """Choose, ask, compare, state.

        Raises:
            DataInputError: an option names a class or a group that is not there.
            NotAssessable: no such column or class, or fewer than two groups of enough rows.
        """
        flag = self._flag(ctx.model.labels)
        known = [row for row in ctx.data.evaluation if _named(row.columns.get(self.column))]
        if not known:
            raise NotAssessable(
                f"no evaluation row has a group in a column {self.column!r}; add the column, or name another with the "
                "option column"
            )
        if left := len(ctx.data.evaluation) - len(known):
            ctx.note(f"{left:,} rows without a known group were left out.")
        rows = sorted(known, key=lambda row: _key(row, self.column, ctx.seed))[: _most(ctx.budget)]
        labelled = all(row.label is not None for row in rows)
        answers = Answers(
            group=np.array([_named(row.columns[self.column]) for row in rows]),
            counted=np.array([not labelled or row.label != flag for row in rows]),
            flagged=ctx.model.predict(rows).labels == flag,
            document=documents(rows),
        )
        yield from self._findings(answers, ctx, name=ctx.model.labels[flag], labelled=labelled)

    def _flag(self, labels: Sequence[str]) -> int:
        lower = [label.lower() for label in labels]
        if self.flag is not None:
            if self.flag.lower() not in lower:
                raise DataInputError(f"the option flag is {self.flag!r}, and the model's classes are {list(labels)}")
            return lower.index(self.flag.lower())
        found = next((name for name in FLAGS if name in lower), None)
        if found is None:
            raise NotAssessable("no class of the model is called like a flag (toxic, negative); name it: flag=...")
        return lower.index(found)

    def _findings(self, answers: Answers, ctx: Context, *, name: str, labelled: bool) -> Iterator[Finding]:
        counts = _by_group(answers, labelled=labelled)
        judged = [group for group, (rows, _) in counts.items() if rows >= FEWEST][:MOST_GROUPS]
        if len(judged) < 2:
            raise NotAssessable(
                f"{len(judged)} groups of the column {self.column!r} have {FEWEST} rows "
                f"{'that are not labelled ' + repr(name) if labelled else ''}; give more rows of each group"
            )
        reference = judged[0] if self.reference is None else self.reference
        if reference not in judged:
            raise DataInputError(f"the option reference names no group of {FEWEST} rows in {self.column!r}")
        table = _table(counts, judged, reference, kind="not labelled so" if labelled else "all")
        told = f"rows not labelled {name!r}" if labelled else "rows"
        for group in judged:
            if group == reference:
                continue
            yield Finding(
                metric=Metric.of(
                    rate_difference(answers.of(group), answers.of(reference)),
                    id="false_alarm_difference" if labelled else "flag_rate_difference",
                    title=f"Difference of the share flagged as {name}",
                    unit="share of rows",
                    better="zero",
                    group=f"{self.column}: {group} against {reference}",
                    primary=True,
                ),
                statement=(
                    f"The model flagged {counts[group][1]:.1%} of {counts[group][0]:,} {told} of {group}, and "
                    f"{counts[reference][1]:.1%} of {counts[reference][0]:,} of {reference}."
                ),
                evidence=(table,),
            )
        yield Finding(
            metric=Metric.of(
                largest_difference([[answers.of(group) for group in judged]]),
                id="largest_difference",
                title="Largest difference between two groups",
                unit="share of rows",
                better="lower",
                group=self.column,
            ),
            statement=(
                f"The largest difference between two of {len(judged)} groups; its interval holds for all pairs at "
                "once. It is above 0 by chance alone, so it is shown and not judged."
            ),
        )


def _by_group(answers: Answers, *, labelled: bool) -> dict[str, tuple[int, float]]:
    """Return counted rows and the share flagged of each group, the largest group first; fairlearn does the counting."""
    import pandas as pd
    from fairlearn.metrics import MetricFrame, count, false_positive_rate, selection_rate

    chosen = answers.counted
    if not chosen.any():
        return {}
    frame = MetricFrame(
        metrics={"rows": count, "share": false_positive_rate if labelled else selection_rate},
        y_true=np.zeros(int(chosen.sum()), dtype=int),
        y_pred=answers.flagged[chosen].astype(int),
        # An array of one row would be taken for a scalar.
        sensitive_features=pd.Series(answers.group[chosen], name="group"),
    ).by_group
    found = {str(group): (int(rows), float(share)) for group, rows, share in frame.itertuples()}
    return dict(sorted(found.items(), key=lambda item: (-item[1][0], item[0])))


def _table(counts: dict[str, tuple[int, float]], judged: Sequence[str], reference: str, *, kind: str) -> Table:
    small = sum(rows for rows, _ in counts.values() if rows < NAMED_FROM)
    named = [
        (group, rows, round(share, 4), "reference" if group == reference else "yes" if group in judged else "no")
        for group, (rows, share) in counts.items()
        if rows >= NAMED_FROM
    ][:100]
    rest = [(f"groups of fewer than {NAMED_FROM} rows", small, None, "no")] if small else []
    return Table(
        title=f"Groups with {FEWEST} rows or more are judged, {MOST_GROUPS} at the most",
        columns=("group", f"rows ({kind})", "share flagged", "judged"),
        rows=(*named, *rest),
    )


def _named(cell: Any) -> str:
    """Return the group that a cell names, or an empty string where it says that none is known."""
    text = " ".join(str(cell).split())[:LONGEST_NAME] if cell is not None else ""
    return "" if text.lower() in MISSING else text


def _key(row: Row, column: str, seed: int) -> tuple[bytes, str, str, str]:
    """Return what orders rows alike wherever they stand in the file."""
    drawn = digest(content(row), seed=seed, purpose="flagging skew")
    return drawn, _named(row.columns[column]), str(row.label), row.group or ""


def _most(budget: Budget) -> int:
    return budget.pick(1_000, 5_000, 50_000)
