"""Group performance: does the model select, err and judge its own chances alike for the groups of a column?"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator, Sequence

from modelaudit.audit_report import SubjectInfo
from modelaudit.checker import Budget, CheckerInfo, Context, Cost, Risk, Row
from modelaudit.checkers.bias.groups.answers import SINGLE_LABEL_TASKS, Answers, answers_of, no_favourable
from modelaudit.checkers.bias.groups.columns import protected_columns, shown
from modelaudit.checkers.bias.groups.comparison import Units
from modelaudit.checkers.bias.groups.findings import findings_of
from modelaudit.checkers.bias.groups.grouping import (
    FEWEST_ROWS,
    LEAST_SHARE,
    MOST_GROUPS,
    Grouping,
    crossed,
    folded,
    grouping,
)
from modelaudit.checkers.bias.groups.written import WRITTEN_TASKS, written_answers
from modelaudit.checkers.unit_keys import key_of
from modelaudit.checkers.writing import writing_cost
from modelaudit.drawing import content, documents, medium_of
from modelaudit.errors import DataInputError, NotAssessable
from modelaudit.results import Finding

TASKS = (
    *SINGLE_LABEL_TASKS,
    *("multi-label-classification", "token-classification", "text-regression"),
    *WRITTEN_TASKS,
)
SPELLED_OUT = ("text2text-generation", "automatic-speech-recognition")
"""Tasks whose models write token by token, so that a row costs a hundred times what it costs others."""
MOST_CROSSED = 3
"""Columns that are crossed with one another, the first ones."""
EVERY = 10**9


class GroupPerformance:
    """Rates, errors and calibration by the groups of columns that hold a protected attribute.

    Args:
        columns: columns to group by, one name or several; by default those called like a protected attribute.
        favourable: the label that a person would want, or is selected for; of two classes by default the second.
        reference: names of the reference groups (of several columns, one of each); by default the largest group.
        age_bands: ages, in years, at which a new group begins where a column of ages holds numbers.
        intersections: whether every two columns are crossed as well.
        rows: rows to ask the model about; by default 1,000, 5,000 or all with the preset.
    """

    info = CheckerInfo(
        id="modelaudit/group-performance",
        version="1",
        risk=Risk.BIAS,
        title="Group performance",
        question="Does the model select, and err, as often for one group of people as for another?",
        summary=(
            "The evaluation rows are grouped by columns that hold a protected attribute. Selection rates, error rates "
            "and calibration of each group are compared with those of a reference group; of answers in words how right "
            "they are, of speech the word error rate. Each difference and ratio has an interval, the four-fifths ratio "
            "included. Groups that are too small are shown and not judged."
        ),
        metrics=(
            *("selection_rate_ratio", "selection_rate_difference", "tpr_difference", "fpr_difference"),
            *("overall_error_difference", "error_difference", "calibration_difference"),
            *("recall_difference", "precision_difference"),
            *("mean_error_difference", "absolute_error_ratio", "prediction_difference"),
            *("answer_f1_difference", "exact_match_difference", "chrf_difference", "loss_difference"),
            *("word_error_rate_difference", "word_error_rate_ratio", "character_error_rate_difference"),
            *("demographic_parity_difference", "demographic_parity_ratio", "equalized_odds_difference"),
        ),
        means=(
            "People of one group are selected by the model less often than people of another, or bear more of its "
            "errors. They could be denied what the answer decides, or be flagged without cause, more often than "
            "others. It depends on what a selection or an error brings about, on whether a person reviews it, and on "
            "whether the groups differ in what the task is about."
        ),
        not_shown=(
            "Equal rates do not show that the people behind the rows were treated alike: different errors can add up "
            "to equal rates.",
            "True labels may carry the inequality: a model that repeats an unequal decision makes no error by them.",
            "Unequal rates do not show a cause. Groups can differ in what the task is about.",
            "Nothing is shown about groups that the columns do not name, or that are too small.",
            "The four-fifths rule is a rule of thumb for enforcement in the United States, not a definition of "
            "discrimination; whether a difference is lawful is a question for counsel.",
        ),
        remedies=(
            "Look at rows of the group with the lower rate: missing data, other wording, wrong labels.",
            "Collect and label more rows of the groups that are judged worse or are too small to judge.",
            "Train with rows weighted so that group and label are independent, or with a constraint on the difference.",
            "Thresholds by group change the rates directly; they treat people differently by group, so ask counsel "
            "first.",
        ),
        measures=("reweighing",),
        references=(
            "29 CFR 1607.4(D), Uniform Guidelines on Employee Selection Procedures (four-fifths rule)",
            "6 RCNY 5-300 ff., rules on New York City Local Law 144 of 2021 (impact ratio)",
            "Hardt, Price and Srebro 2016, Equality of opportunity in supervised learning",
            "Weerts et al. 2023, Fairlearn: assessing and improving fairness of AI systems (definitions)",
            "Newcombe 1998, Interval estimation for the difference between independent proportions",
            "Koopman 1984, Confidence intervals for the ratio of two binomial proportions",
            "Koenecke et al. 2020, Racial disparities in automated speech recognition (PNAS 117:7684)",
        ),
    )

    def __init__(
        self,
        *,
        columns: str | Sequence[str] | None = None,
        favourable: str | None = None,
        reference: str | Sequence[str] | None = None,
        age_bands: Sequence[float] = (40,),
        intersections: bool = True,
        rows: int | None = None,
    ) -> None:
        self.columns = columns
        self.favourable = favourable
        self.reference = reference
        self.age_bands = age_bands
        self.intersections = intersections
        self.rows = rows

    def applies(self, subject: SubjectInfo) -> str | None:
        """Return why no answer can be compared by group, or None. Columns are data, and not known before the run."""
        if subject.task not in TASKS:
            return f"it is defined for {', '.join(TASKS)}, not for {subject.task}"
        if subject.task in SINGLE_LABEL_TASKS and len(subject.model.labels) < 2:
            return "the model has a single label, so all answers are equal"
        return None

    def cost(self, subject: SubjectInfo) -> Cost:
        """Return one evaluation of each drawn row, and one a token of what the model writes itself."""
        rows = min(self._wanted(Budget(subject.preset), subject.task), subject.evaluation.rows)
        once = Cost(evaluations=rows, tokens=round(rows * subject.evaluation.mean_tokens))
        if subject.task not in WRITTEN_TASKS:
            return once
        written = writing_cost(subject, rows)
        if subject.task != "text2text-generation":
            return written
        return Cost(evaluations=once.evaluations + written.evaluations, tokens=once.tokens + written.tokens)

    def run(self, ctx: Context) -> Iterator[Finding]:
        """Ask the model about each row once and compare the groups.

        Raises:
            NotAssessable: no column for a protected attribute, or in none two groups that are large enough.
            DataInputError: an option names a column, label or group that is not there.
        """
        rows = _drawn(ctx.data.evaluation, self._wanted(ctx.budget, ctx.subject.task), seed=ctx.seed)
        groupings = self._groupings(ctx, rows)
        answers = self._asked(ctx, rows)
        self._say(ctx, rows, answers)
        units = _units(rows)
        for within in groupings:
            yield from findings_of(within, answers, units, rng=ctx.rng)

    def _asked(self, ctx: Context, rows: Sequence[Row]) -> Answers:
        task = ctx.subject.task
        if task in WRITTEN_TASKS:
            no_favourable(self.favourable, task)
            return written_answers(ctx, rows)
        return answers_of(rows, ctx.model.predict(rows), ctx.model.labels, task=task, favourable=self.favourable)

    def _wanted(self, budget: Budget, task: str = "text-classification") -> int:
        if self.rows is not None and self.rows < 2 * FEWEST_ROWS:
            raise ValueError(f"the option rows is {self.rows}; two groups of {FEWEST_ROWS} are the least")
        if self.rows is not None:
            return self.rows
        return budget.pick(200, 1_000, EVERY) if task in SPELLED_OUT else budget.pick(1_000, 5_000, EVERY)

    def _groupings(self, ctx: Context, rows: Sequence[Row]) -> list[Grouping]:
        """Return the groupings that can be judged, single columns first."""
        if not self.age_bands:
            raise ValueError("the option age_bands is empty; give the ages at which a new group begins")
        columns = protected_columns(rows, _several(self.columns))
        reference = _several(self.reference) or ()
        single = [grouping(rows, column, age_bands=self.age_bands, reference=reference) for column in columns]
        known = {part for within in single for key in within.keys for part in key}
        if wrong := [name for name in reference if folded(name) not in known]:
            raise DataInputError(
                f"the option reference names {wrong[0]!r}, which is no group of the columns "
                f"{', '.join(map(shown, columns))}; write it as it stands in the table"
            )
        usable = [within for within in single if _judged(ctx, within)]
        if not usable:
            raise NotAssessable(
                f"no column has two groups of {FEWEST_ROWS} rows and {LEAST_SHARE:.0%} of the rows ("
                + "; ".join(_counted(within) for within in single)
                + "); provide more rows of each group"
            )
        if not self.intersections:
            return usable
        if len(usable) > MOST_CROSSED:
            ctx.note(f"Only the first {MOST_CROSSED} columns are crossed with one another.")
        pairs = [crossed(a, b, reference=reference) for a, b in itertools.combinations(usable[:MOST_CROSSED], 2)]
        return usable + [within for within in pairs if _judged(ctx, within)]

    def _say(self, ctx: Context, rows: Sequence[Row], answers: Answers) -> None:
        """Note what was chosen for the user, and what a reader would otherwise take for more than it is."""
        labels = ctx.model.labels
        if "selection rate" in answers.rates and self.favourable is None:
            ctx.note(
                f"The favourable class was not named, so {shown(labels[1])}, the second of two, counts as selected; "
                "name it with the option favourable."
            )
        if answers.classes:
            shown_classes = (
                f"{len(answers.classes)} of {len(labels)} classes"
                if len(labels) > len(answers.classes)
                else "each class"
            )
            ctx.note(
                "No class was named favourable, so no selection rate is judged; how often "
                f"{shown_classes} is predicted stands in a table. Name one with the option favourable."
            )
        truths = [any(truth is not None for truth in _truths(row)) for row in rows]
        if not any(truths):
            ctx.note("The rows have no labels, so errors and calibration are not compared.")
        elif not all(truths):
            rest = (
                "right answer and are left out"
                if ctx.subject.task in WRITTEN_TASKS
                else "label and count for selection rates only"
            )
            ctx.note(f"{truths.count(False):,} rows have no {rest}.")
        if repeats := len(rows) - len(set(map(content, rows))):
            ctx.note(
                f"{repeats:,} rows repeat the {medium_of(rows)} of another row and count as people of their own; where "
                "they are copies of one record, name a group column."
            )


def _several(names: str | Sequence[str] | None) -> tuple[str, ...] | None:
    return (names,) if isinstance(names, str) else None if names is None else tuple(names)


def _drawn(rows: Sequence[Row], size: int, *, seed: int) -> list[Row]:
    """Return at most `size` rows in an order that seed and content decide, not the order of a file or of memory."""

    def lot(row: Row) -> tuple[bytes, str]:
        truth = (row.label, row.tags, row.label_set, row.values, row.group)
        read = row.text if row.words is not None else content(row)
        parts = [str(seed), read, repr(truth), repr(sorted(map(str, row.columns.items())))]
        parts += [repr(answer) for answer in (row.answer, row.answers) if answer is not None]
        return hashlib.blake2b("\x1f".join(parts).encode("utf-8", "surrogatepass"), digest_size=16).digest(), row.id

    return sorted(rows, key=lot)[:size]


def _units(rows: Sequence[Row]) -> Units:
    keys, shared = tuple(map(key_of, rows)), documents(rows)
    return Units(None, "rows", keys) if shared is None else Units(shared, "documents", keys)


def _truths(row: Row) -> tuple[object, ...]:
    return row.label, row.label_set, row.tags, row.values, row.answer, row.answers


def _judged(ctx: Context, within: Grouping) -> bool:
    """Tell whether a grouping has two groups that can be judged, and note what it leaves out."""
    if within.unknown:
        ctx.note(f"{within.title}: {within.unknown:,} rows have no known value and are in no group.")
    if len(within.judged) < 2:
        ctx.note(f"Not judged, since there are no two groups of enough rows: {_counted(within)}.")
        return False
    if beyond := len(within.names) - len(within.small) - len(within.judged):
        ctx.note(f"{within.title}: {beyond} groups beyond the {MOST_GROUPS} largest are shown and not judged.")
    if within.small and within.crossed:
        rows = int(within.sizes[list(within.small)].sum())
        ctx.note(f"{within.title}: {len(within.small)} groups of {rows:,} rows in all are too small to be judged.")
    return True


def _counted(within: Grouping) -> str:
    sizes = [f"{within.names[group]} {within.sizes[group]:,}" for group in range(min(len(within.names), 5))]
    more = f" and {len(within.names) - 5:,} more groups" if len(within.names) > 5 else ""
    return f"{within.title} ({', '.join(sizes) or 'no known value'}{more})"
