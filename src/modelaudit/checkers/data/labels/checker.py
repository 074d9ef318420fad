"""Label errors: how many labels are wrong, and which rows should be looked at first?"""

from __future__ import annotations

from collections.abc import Iterator

from modelaudit.audit_report import SubjectInfo
from modelaudit.checker import Budget, CheckerInfo, Context, Cost, Risk
from modelaudit.checkers.data.labels.findings import contradicted, error_rate, reading_of, unwitnessed
from modelaudit.checkers.data.labels.witness import EVALUATION, evaluation_witness, training_witness
from modelaudit.errors import NotAssessable
from modelaudit.results import Finding

TASKS = ("text-classification", "image-classification", "audio-classification")


class LabelErrors:
    """Wrong labels, told from the mistakes of a model that never saw them."""

    info = CheckerInfo(
        id="modelaudit/label-errors",
        version="1",
        risk=Risk.DATA,
        title="Label errors",
        question="How many of the labels that the model is trained and judged on are wrong?",
        summary=(
            "Labels are held against a model that never saw them: evaluation rows against the audited model, training "
            "rows against a classifier that was fitted on other training rows. The surer a model is, the less often it "
            "errs, while a wrong label stays wrong however sure it is; from this the share of wrong labels is "
            "estimated. Confident learning names the rows to look at."
        ),
        metrics=("label_error_rate", "contradicted_labels"),
        needs=("predict",),
        means=(
            "The model has learned from wrong labels, or is measured by them, so it is not known exactly how good it "
            "is. People whose rows are like the wrongly labelled ones could get wrong answers that the evaluation "
            "counts as right. It depends on whether the wrong labels follow a pattern or are scattered, and on what a "
            "wrong answer brings about."
        ),
        not_shown=(
            "Which of the contradicted labels are wrong: only a person can tell.",
            "Errors that the model makes too, such as a rule that the annotators and the model both follow wrongly.",
            "Rows whose label is a matter of opinion count as wrong where the model is sure of the other opinion.",
        ),
        remedies=(
            "Have the named rows labelled anew by someone who sees neither the old label nor the model's answer.",
            "Look at the pairs of classes that are mistaken for one another, and sharpen the rule for labelling.",
            "Report accuracy on the rows with corrected labels beside that on the old ones.",
        ),
        references=(
            "Northcutt, Jiang and Chuang 2021, Confident learning: estimating uncertainty in dataset labels "
            "(arXiv 1911.00068)",
            "Northcutt, Athalye and Mueller 2021, Pervasive label errors in test sets (arXiv 2103.14749)",
            "Wichmann and Hill 2001, The psychometric function I: fitting, sampling, and goodness of fit (lapse rate)",
            "Platt 1999, Probabilistic outputs for support vector machines",
        ),
    )

    def applies(self, subject: SubjectInfo) -> str | None:
        """Return why wrong labels can't be looked for, or None."""
        if subject.task not in TASKS:
            return f"it is defined for {', '.join(TASKS)}, where a row has one label, not for {subject.task}"
        return None if len(subject.model.labels) > 1 else "the model has a single label, so no label can be wrong"

    def cost(self, subject: SubjectInfo) -> Cost:
        """Return one evaluation of each drawn evaluation row, and one of each training row by a base model."""
        most = _most_rows(Budget(subject.preset))
        tables = [subject.evaluation] if subject.evaluation.labelled else []
        if subject.members is not None and subject.members.labelled and subject.base_model is not None:
            tables.append(subject.members)
        rows = [min(most, table.rows) for table in tables]
        tokens = sum(count * table.mean_tokens for count, table in zip(rows, tables, strict=True))
        return Cost(evaluations=sum(rows), tokens=round(tokens))

    def run(self, ctx: Context) -> Iterator[Finding]:
        """Hold the labels of both tables against their witness; NotAssessable where no row has a label."""
        tables = [ctx.data.evaluation, ctx.data.members or ()]
        if all(row.label is None for rows in tables for row in rows):
            raise NotAssessable("no row has a label; name the column with label_column= (--label-column)")
        most = _most_rows(ctx.budget)
        witnesses = [evaluation_witness(ctx, most=most)]
        if ctx.data.members:
            witnesses.append(training_witness(ctx, most=most))
        else:
            ctx.note(f"There are no training rows, so only labels of the {EVALUATION} were looked at.")
        for witness in witnesses:
            if witness.missing is not None:
                yield unwitnessed(witness)
                continue
            reading = reading_of(witness)
            yield error_rate(reading)
            yield contradicted(reading)


def _most_rows(budget: Budget) -> int:
    return budget.pick(1_000, 5_000, 20_000)
