"""Calibration: is the model right as often as its confidence says?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from modelaudit.audit_report import SubjectInfo
from modelaudit.checker import Budget, CheckerInfo, Context, Cost, Risk
from modelaudit.checkers.robustness.calibration.answers import answers_of
from modelaudit.checkers.robustness.calibration.division import divisions_of
from modelaudit.checkers.robustness.calibration.gaps import gap_findings
from modelaudit.checkers.robustness.calibration.parts import part_finding
from modelaudit.checkers.robustness.calibration.scores import score_findings
from modelaudit.checkers.robustness.calibration.selection import selection_findings
from modelaudit.checkers.robustness.calibration.temperature import temperature_finding
from modelaudit.drawing import drawn
from modelaudit.errors import NotAssessable
from modelaudit.results import Finding

TASKS = ("text-classification", "token-classification", "image-classification", "audio-classification")
FEWEST = 100
"""Answers below which nothing is computed."""
FEWEST_CLUSTERS = 20
"""Rows or documents that the answers must come from at the least."""
EVERY = 10**9


class Calibration:
    """How honest the confidence is, how useful, and what one temperature would mend.

    Args:
        by: columns of the evaluation rows, one name or several, by whose values the comparison is shown as well.
    """

    info = CheckerInfo(
        id="modelaudit/calibration",
        version="3",
        risk=Risk.ROBUSTNESS,
        title="Calibration",
        question="When the model says that it is 90% sure, is it right nine times in ten?",
        summary=(
            "The confidence of each predicted class is compared with how often such predictions are right, over all "
            "answers, by class, and by columns that the user names. The usual error is larger than 0 even for a "
            "perfect model, so its bias is allowed for in the interval, and a simulation shows what a perfectly "
            "calibrated model would have scored on as many rows. Beside it stand proper scores, what answering only "
            "where the model is sure would keep, and the temperature that fits. Of a tagger's words those count to "
            "which it gives a chance of 5% or more of belonging to an entity."
        ),
        metrics=(
            *("calibration_error", "confidence_gap", "largest_gap", "brier_score", "negative_log_likelihood"),
            *("aurc", "excess_aurc", "confidence_auroc", "confident_errors", "temperature"),
        ),
        needs=("labels", "predict"),
        means=(
            "The model states more confidence, or less, than its answers bear out, so people who go by the number "
            "trust it too much or too little. Where answers above a threshold are acted on unseen, more people could "
            "get a wrong one than was planned for, those of one class perhaps most of all. It depends on whether the "
            "confidence is shown, or decides anything."
        ),
        not_shown=(
            "The calibration error compares the confidence of the predicted class alone; only the Brier score and the "
            "negative log-likelihood heed the other classes.",
            "Confidence that is right on average over these rows may be wrong for a group of them, or on other data.",
            "Entities that a tagger misses while it is more than 95% sure that there is none are counted, not judged.",
        ),
        remedies=(
            "Scale the logits by one temperature, fitted on rows that were not used for training, and audit again.",
            "Do not set a threshold on the stated confidence until it is calibrated.",
        ),
        measures=("temperature-scaling", "label-smoothing"),
        references=(
            "Guo et al. 2017, On calibration of modern neural networks (arXiv 1706.04599)",
            "Roelofs et al. 2022, Mitigating bias in calibration error estimation (arXiv 2012.08668)",
            "Geifman, Uziel and El-Yaniv 2019, Bias-reduced uncertainty estimation (AURC; arXiv 1805.08206)",
            "Murphy 1973, A new vector partition of the probability score",
        ),
    )

    def __init__(self, *, by: str | Sequence[str] = ()) -> None:
        self.by = by

    def applies(self, subject: SubjectInfo) -> str | None:
        """Return why the question makes no sense for this subject, or None."""
        return None if subject.task in TASKS else f"it is defined for {' and '.join(TASKS)}, not for {subject.task}"

    def cost(self, subject: SubjectInfo) -> Cost:
        """Return one evaluation of each drawn row."""
        rows = min(_most_rows(Budget(subject.preset)), subject.evaluation.rows)
        return Cost(evaluations=rows, tokens=round(rows * subject.evaluation.mean_tokens))

    def run(self, ctx: Context) -> Iterator[Finding]:
        """Ask the model about each row once, and compare what it says with what is so.

        Raises:
            NotAssessable: fewer than 100 labelled rows, or 100 answers of 20 rows or documents.
            DataInputError: the option names a column that the rows do not have.
        """
        labelled = [row for row in ctx.data.evaluation if row.label is not None or row.tags is not None]
        if len(labelled) < len(ctx.data.evaluation):
            ctx.note(f"{len(ctx.data.evaluation) - len(labelled):,} rows have no label and were left out.")
        rows = drawn(ctx, labelled, _most_rows(ctx.budget))
        if len(rows) < FEWEST:
            raise NotAssessable(
                f"there are {len(rows)} labelled rows of different content and {FEWEST} are the least; "
                "provide more rows"
            )
        answers = answers_of(ctx, rows)
        if len(answers) < FEWEST or answers.clusters < FEWEST_CLUSTERS:
            raise NotAssessable(
                f"{len(answers)} {answers.unit} of {answers.clusters} rows or documents can be used; "
                f"{FEWEST} of {FEWEST_CLUSTERS} are the least; provide more rows"
            )
        columns = (self.by,) if isinstance(self.by, str) else tuple(self.by)
        divisions = divisions_of(answers, rows, ctx.model.labels, columns)
        yield from gap_findings(answers, rng=ctx.rng)
        for division in divisions:
            yield part_finding(division, answers)
        yield from score_findings(answers)
        yield from selection_findings(answers, rows, ctx.model.labels)
        yield temperature_finding(answers)


def _most_rows(budget: Budget) -> int:
    return budget.pick(1_000, 5_000, EVERY)
