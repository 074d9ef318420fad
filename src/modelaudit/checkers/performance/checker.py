"""Task performance: how well does the model do its task, and better than what?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from modelaudit.audit_report import SubjectInfo
from modelaudit.checker import Budget, CheckerInfo, Context, Cost, Risk, Row
from modelaudit.checkers.performance.answer_baselines import commonest_class
from modelaudit.checkers.performance.baselines import Baseline, text_baselines
from modelaudit.checkers.performance.classes import Classes
from modelaudit.checkers.performance.findings import findings
from modelaudit.checkers.performance.outputs import Regression
from modelaudit.checkers.performance.scores import Comparable
from modelaudit.checkers.performance.tags import Tags
from modelaudit.checkers.performance.token_baselines import token_baselines
from modelaudit.checkers.performance.written import OWN_TRUTH, WRITTEN
from modelaudit.checkers.writing import writing_cost
from modelaudit.drawing import drawn
from modelaudit.errors import NotAssessable
from modelaudit.results import Finding

MEDIA = ("image-classification", "audio-classification")
TASKS = ("text-classification", "token-classification", "text-regression", *MEDIA, *WRITTEN)
SPELLED_OUT = ("text2text-generation", "automatic-speech-recognition")
"""Tasks whose models write token by token, so that a row costs a hundred times what it costs others."""
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
            "them stand simple answers to the same rows where there are any: the commonest answer, a linear model on "
            "word counts, the beginning of the source. The difference is paired, row by row. A tagger is scored by "
            "whole entities, an answer in words by what it shares with the right one."
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
            "Whether an answer in other words than the right one is as good.",
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
            "Rajpurkar et al. 2016, SQuAD (EMNLP), and Rajpurkar, Jia and Liang 2018 (ACL): exact match and F1",
            "Popovic 2015, chrF (WMT); Lin 2004, ROUGE (ACL workshop)",
            "Cochran 1977, Sampling Techniques, section 6.3 (ratios of sums: word error rate, loss a token)",
            "Salazar et al. 2020, Masked language model scoring (ACL)",
        ),
        metrics=(
            "accuracy", "macro_f1", "entity_f1", "r_squared", "mean_absolute_error",
            "answer_f1", "exact_match", "has_answer_f1", "no_answer_accuracy", "chrf", "rouge_l",
            "loss_per_token", "perplexity", "pseudo_perplexity", "word_error_rate", "character_error_rate",
            "gain_over_commonest", "gain_over_linear", "gain_over_source",
        ),
    )  # fmt: skip

    def applies(self, subject: SubjectInfo) -> str | None:
        """Return why the question makes no sense for this subject, or None."""
        return None if subject.task in TASKS else f"it is defined for {', '.join(TASKS)}, not for {subject.task}"

    def cost(self, subject: SubjectInfo) -> Cost:
        """Return one evaluation of each drawn row, and one a token of what the model writes itself."""
        rows = min(_wanted(Budget(subject.preset), subject.task), subject.evaluation.rows)
        tokens = subject.evaluation.mean_tokens
        once = Cost(evaluations=rows, tokens=round(rows * tokens))
        if subject.task == "fill-mask":
            # Each token is hidden in a copy of the row of its own.
            return Cost(evaluations=round(rows * tokens), tokens=round(rows * tokens**2))
        if subject.task not in WRITTEN or not subject.evaluation.labelled:
            return once
        written = writing_cost(subject, rows)
        if subject.task in ("question-answering", "automatic-speech-recognition"):
            return written
        return Cost(evaluations=once.evaluations + written.evaluations, tokens=once.tokens + written.tokens)

    def run(self, ctx: Context) -> Iterator[Finding]:
        """Ask the model and the baselines the same rows; NotAssessable below 30 labelled rows."""
        task = ctx.subject.task
        labelled = _with_truth(ctx.data.evaluation, task)
        if missing := len(ctx.data.evaluation) - len(labelled):
            ctx.note(f"{missing:,} rows have no label and were left out.")
        rows = drawn(ctx, labelled, _wanted(ctx.budget, task))
        if len(rows) < FEWEST:
            raise NotAssessable(
                f"there are {len(rows)} labelled rows of different texts and {FEWEST} are the least; provide more rows"
            )
        training = _with_truth(ctx.data.members or (), task)
        training = drawn(ctx, training, _most_training_rows(ctx.budget), quiet=True)
        if task in WRITTEN:
            yield from WRITTEN[task](ctx, rows, training)
            return
        scores = _scores(ctx, rows)
        yield from findings(scores, _baselines(ctx, rows, training))


def _wanted(budget: Budget, task: str) -> int:
    return _most_rows_to_write(budget) if task in SPELLED_OUT else _most_rows(budget)


def _most_rows(budget: Budget) -> int:
    return budget.pick(1_000, 5_000, 10**9)


def _most_rows_to_write(budget: Budget) -> int:
    return budget.pick(200, 1_000, 10**9)


def _most_training_rows(budget: Budget) -> int:
    return budget.pick(2_000, 20_000, 10**9)


def _with_truth(rows: Sequence[Row], task: str) -> list[Row]:
    """Return the rows that an answer can be judged by: those with a truth, or all where texts are their own."""
    found = [row for row in rows if _has_truth(row)]
    return found if found or task not in OWN_TRUTH else list(rows)


def _has_truth(row: Row) -> bool:
    return any(truth is not None for truth in (row.label, row.tags, row.values, row.answers, row.answer))


def _scores(ctx: Context, rows: Sequence[Row]) -> Comparable:
    answers = ctx.model.predict(rows)
    if ctx.subject.task == "token-classification":
        return Tags.of(rows, answers, ctx.model.labels)
    if ctx.subject.task == "text-regression":
        return Regression.of(rows, answers)
    return Classes.of(rows, answers, ctx.model.labels)


def _baselines(ctx: Context, rows: Sequence[Row], training: Sequence[Row]) -> list[Baseline]:
    """Learn the baselines from training rows, or where there are none across folds of the evaluation rows."""
    if ctx.subject.task in MEDIA:
        return commonest_class(rows, training)
    tokens = ctx.subject.task == "token-classification"
    if not training:
        ctx.note(
            "There are no labelled training rows, so what is learnt from words comes from the other four fifths of the "
            "evaluation rows: far fewer than the model had, and of the very same source."
            + ("" if tokens else " The commonest class, or the mean, is that of all evaluation rows.")
        )
    return token_baselines(rows, training, ctx.model.labels) if tokens else text_baselines(rows, training)
