"""Data drift: are the evaluation rows like the training rows, and like what they are declared to stand for?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np

from modelaudit.audit_report import SubjectInfo
from modelaudit.checker import Budget, CheckerInfo, Context, Cost, Risk
from modelaudit.checkers.data.drawing import distinct, medium_of
from modelaudit.checkers.data.drift.classes import Counts, counts_of
from modelaudit.checkers.data.drift.findings import (
    balance_finding,
    class_finding,
    drift_finding,
    form_finding,
    no_class_finding,
    no_drift_finding,
    no_target_finding,
    profile_finding,
    target_finding,
)
from modelaudit.checkers.data.drift.profile import profile_of, shifts, worded
from modelaudit.checkers.data.drift.separation import features_of, separation, telling_words
from modelaudit.checkers.data.drift.sides import Sides, sides_of
from modelaudit.checkers.data.drift.targets import gaps_of, targets_of
from modelaudit.errors import NotAssessable
from modelaudit.results import Finding

WITH_CLASSES = (
    *("text-classification", "token-classification", "multi-label-classification"),
    *("image-classification", "audio-classification"),
)
SEEN = {
    "text": "the rows' words and pieces of words, lengths and scripts",
    "picture": "the pictures' size, light, contrast and sharpness, the colours of 4 by 4 tiles",
    "sound": "the sounds' length, rate, loudness and mean frequency, the loudness of 16 bands of it",
}
"""What the classifier looks at."""
NO_TRAINING = "No training rows were given; hand them in with train_data."


class DataDrift:
    """Drift from training to evaluation rows, class balance, declared shares, languages and lengths.

    Args:
        targets: the share that each value of a column has among the people or texts that the model is meant for, by
            column and value; `label` and `language` (en, zh, other) can be named like columns.
    """

    info = CheckerInfo(
        id="modelaudit/data-drift",
        version="1",
        risk=Risk.DATA,
        title="Data drift and representativeness",
        question="Are the rows that the model is judged on like those it was trained on, and like its declared use?",
        summary=(
            "A classifier that never sees the audited model tries to tell training rows from evaluation rows, each row "
            "scored by a classifier fitted without it. Class shares, languages, lengths and unknown words, or the "
            "size, light, length and loudness of pictures and sounds are compared one by one. Where shares were "
            "declared for the population in use, the largest shortfall is measured."
        ),
        metrics=(
            *("drift_auc", "class_share_shift", "class_variation", "smallest_class_share"),
            *("main_language_share", "main_form_share", "representation_gap"),
        ),
        needs=(),
        means=(
            "The rows that the model was judged on differ from those that it learned from, or from the people it is "
            "meant for, so the measured quality may not hold in use. Groups, languages or kinds of text that are rare "
            "in the data could get worse answers without anyone noticing. It depends on what differs, and on whether "
            "the model's answers hang on it."
        ),
        not_shown=(
            "Nothing is said about the data that the model will meet in use, unless shares were declared.",
            "A drift does not show that the model is worse on the evaluation rows, and none does not show that it is "
            "as good.",
            "A difference that neither words, pieces of words, the measures of the table nor a base model's embeddings "
            "show is not found.",
            "Shares of columns that were not declared are not looked at.",
        ),
        remedies=(
            "Look at the words and measures that tell the tables apart: another source, time, format or language?",
            "Judge the model on rows drawn from its use, and train on rows like them.",
            "Where only the class shares differ, weight the training rows or adjust the model's prior.",
        ),
        references=(
            "Lopez-Paz and Oquab 2017, Revisiting classifier two-sample tests (arXiv 1610.06545)",
            "Rabanser, Günnemann and Lipton 2019, Failing loudly (arXiv 1810.11953)",
            "Nadeau and Bengio 2003, Inference for the generalization error (Machine Learning 52:239)",
        ),
    )

    def __init__(self, *, targets: Mapping[str, Mapping[str, float]] | None = None) -> None:
        self.targets = targets
        targets_of(targets)

    def applies(self, subject: SubjectInfo) -> str | None:
        """Return None: rows of every task can be compared."""
        return None

    def cost(self, subject: SubjectInfo) -> Cost:
        """Return one embedding of each drawn row by the base model, where there is one and there are training rows."""
        if subject.base_model is None or subject.members is None:
            return Cost(0, 0)
        most = _most_rows(Budget(subject.preset))
        sides = [(min(most, table.rows), table.mean_tokens) for table in (subject.members, subject.evaluation)]
        return Cost(sum(rows for rows, _ in sides), round(sum(rows * tokens for rows, tokens in sides)))

    def run(self, ctx: Context) -> Iterator[Finding]:
        """Compare the tables, and the evaluation rows with the declared shares.

        Raises:
            NotAssessable: there are no evaluation rows.
            DataInputError: a declared column or label is not there.
        """
        if not ctx.data.evaluation:
            raise NotAssessable("there are no evaluation rows")
        gaps, few = gaps_of(targets_of(self.targets), ctx.data.evaluation, ctx.model.labels)
        yield _drift(ctx)
        yield from _classes(ctx)
        yield from _profile(ctx)
        if gaps:
            yield target_finding(gaps, few)
        elif few:
            yield no_target_finding(few)


def _most_rows(budget: Budget) -> int:
    return budget.pick(1_000, 2_000, 5_000)


def _drift(ctx: Context) -> Finding:
    if ctx.data.members is None:
        ctx.note("Without training rows nothing is said about drift; hand them in with train_data.")
        return no_drift_finding(NO_TRAINING, medium_of(ctx.data.evaluation))
    sides = sides_of(ctx.data.members, ctx.data.evaluation, _most_rows(ctx.budget), seed=ctx.seed)
    if reason := sides.too_few:
        return no_drift_finding(f"Too few rows: {reason}.", medium_of(ctx.data.evaluation))
    profile = profile_of(ctx.model, sides.rows)
    embeddings = _embeddings(ctx, sides)
    features = features_of(sides, profile.values, embeddings, profile.layout)
    seen = SEEN[medium_of(sides.rows)]
    if medium_of(sides.rows) != "text" and worded(sides.rows):
        seen += ", the words of their transcripts"
    if embeddings is not None:
        seen += " and the base model's embeddings"
    inside = np.arange(len(sides.rows)) >= len(sides.training)
    return drift_finding(
        sides,
        separation(sides, features, seed=ctx.seed),
        shifts(sides, profile),
        telling_words(features, inside),
        seen=seen,
    )


def _embeddings(ctx: Context, sides: Sides) -> np.ndarray | None:
    """Return what the base model makes of each row; the audited model knows its training rows and is not asked."""
    if ctx.base_model is None or "embed" not in ctx.base_model.capabilities:
        return None
    return ctx.base_model.embed(sides.rows)


def _classes(ctx: Context) -> Iterator[Finding]:
    evaluation = counts_of(ctx.data.evaluation, ctx.model.labels)
    training = None if ctx.data.members is None else counts_of(ctx.data.members, ctx.model.labels)
    found = [] if evaluation is None or training is None else _compared(training, evaluation)
    yield from found
    if ctx.subject.task in WITH_CLASSES and not found:
        few = "Too few training or evaluation rows have a class."
        yield no_class_finding(NO_TRAINING if ctx.data.members is None else few)
    if evaluation is not None and evaluation.totals.sum() > 0.0:
        yield balance_finding(evaluation, alone=not found)
    elif ctx.model.labels:
        ctx.note("The evaluation rows have no labels, so the balance of classes is not assessed.")


def _compared(training: Counts, evaluation: Counts) -> list[Finding]:
    if min(training.totals.sum(), evaluation.totals.sum()) <= 0.0:
        return []
    return class_finding(training, evaluation)


def _profile(ctx: Context) -> Iterator[Finding]:
    rows = distinct(ctx.data.evaluation, seed=ctx.seed)
    repeats = len(ctx.data.evaluation) - len(rows)
    drawn = rows[: _most_rows(ctx.budget)]
    profile = profile_of(ctx.model, drawn)
    if medium_of(drawn) != "text":
        yield form_finding(drawn, profile, repeats=repeats)
    if worded(drawn):
        yield profile_finding(drawn, profile, repeats=repeats)
