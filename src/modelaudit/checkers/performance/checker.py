"""Task performance: how well does the model do its task, and better than what?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from modelaudit.audit_report import SubjectInfo
from modelaudit.checker import Budget, CheckerInfo, Context, Cost, Risk, Row
from modelaudit.checkers.performance.baselines import Baseline, text_baselines
from modelaudit.checkers.performance.classes import Classes
from modelaudit.checkers.performance.findings import findings
from modelaudit.checkers.performance.outputs import Regression
from modelaudit.checkers.performance.scores import Scores
from modelaudit.checkers.performance.tags import Tags
from modelaudit.checkers.performance.token_baselines import token_baselines
from modelaudit.drawing import drawn
from modelaudit.errors import NotAssessable
from modelaudit.results import Finding

TASKS = ("text-classification", "token-classification", "text-regression")
FEWEST = 30
"""Labelled rows below which nothing is computed."""


class TaskPerformance:
    """The metrics of the task with intervals, and the gain over answers that need no such model, on the same rows."""

    info = CheckerInfo(
        id="modelaudit/task-performance",
        version="1",
        risk=Risk.PERFORMANCE,
        title="Task performance",
        question="How often is the model right, and how much of that would a simple answer have got?",
        summary=(
            "The usual metrics of the task are computed on labelled evaluation rows, each with its interval. Beside "
            "them stand two baselines that are asked the same rows: the commonest answer, and a linear model on word "
            "counts. The difference is paired, row by row. A tagger is scored by whole entities."
        ),
        needs=("labels", "predict"),
        means=(
            "The model is wrong more often than the limit allows, or hardly better than a simple answer. The people "
            "it is used on bear its errors: they could be refused, missed or flagged wrongly, while the benefit that "
            "should speak for the model is not shown. It depends on what a wrong answer brings about in either "
            "direction, and on whether a person checks it."
        ),
        not_shown=(
            "How well the model does on other data than the evaluation rows.",
            "Whether the labels are right: a wrong label counts against whoever answers rightly.",
        ),
        remedies=(
            "Where a simple model does as well, use it: it is cheaper, faster, and easier to explain.",
            "Look at the classes that the table shows to be weak before trusting the average.",
        ),
        references=(
            "Tjong Kim Sang and De Meulder 2003, CoNLL-2003 shared task (entity-level scoring)",
            "Tango 1998, Statistics in Medicine 17:891",
            "Opitz and Burst 2019, Macro F1 and macro F1 (arXiv 1911.03347)",
            "Rennie et al. 2003, Tackling the poor assumptions of naive Bayes text classifiers (ICML)",
        ),
        metrics=(
            "accuracy", "macro_f1", "entity_f1", "r_squared", "mean_absolute_error",
            "gain_over_commonest", "gain_over_linear",
        ),
    )  # fmt: skip

    def applies(self, subject: SubjectInfo) -> str | None:
        """Return why the question makes no sense for this subject, or None."""
        return None if subject.task in TASKS else f"it is defined for {', '.join(TASKS)}, not for {subject.task}"

    def cost(self, subject: SubjectInfo) -> Cost:
        """Return one evaluation of each drawn row."""
        rows = min(_most_rows(Budget(subject.preset)), subject.evaluation.rows)
        return Cost(evaluations=rows, tokens=round(rows * subject.evaluation.mean_tokens))

    def run(self, ctx: Context) -> Iterator[Finding]:
        """Ask the model and the baselines the same rows; NotAssessable below 30 labelled rows."""
        labelled = [row for row in ctx.data.evaluation if _has_truth(row)]
        if missing := len(ctx.data.evaluation) - len(labelled):
            ctx.note(f"{missing:,} rows have no label and were left out.")
        rows = drawn(ctx, labelled, _most_rows(ctx.budget))
        if len(rows) < FEWEST:
            raise NotAssessable(
                f"there are {len(rows)} labelled rows of different texts and {FEWEST} are the least; provide more rows"
            )
        scores = _scores(ctx, rows)
        yield from findings(scores, _baselines(ctx, rows))


def _most_rows(budget: Budget) -> int:
    return budget.pick(1_000, 5_000, 10**9)


def _most_training_rows(budget: Budget) -> int:
    return budget.pick(2_000, 20_000, 10**9)


def _has_truth(row: Row) -> bool:
    return row.label is not None or row.tags is not None or row.values is not None


def _scores(ctx: Context, rows: Sequence[Row]) -> Scores:
    answers = ctx.model.predict(rows)
    if ctx.subject.task == "token-classification":
        return Tags.of(rows, answers, ctx.model.labels)
    if ctx.subject.task == "text-regression":
        return Regression.of(rows, answers)
    return Classes.of(rows, answers, ctx.model.labels)


def _baselines(ctx: Context, rows: Sequence[Row]) -> list[Baseline]:
    """Learn the baselines from training rows, or where there are none across folds of the evaluation rows."""
    members = [row for row in ctx.data.members or () if _has_truth(row)]
    training = drawn(ctx, members, _most_training_rows(ctx.budget), quiet=True)
    tokens = ctx.subject.task == "token-classification"
    if not training:
        ctx.note(
            "There are no labelled training rows, so what is learnt from words comes from the other four fifths of the "
            "evaluation rows: far fewer than the model had, and of the very same source."
            + ("" if tokens else " The commonest class, or the mean, is that of all evaluation rows.")
        )
    return token_baselines(rows, training, ctx.model.labels) if tokens else text_baselines(rows, training)
