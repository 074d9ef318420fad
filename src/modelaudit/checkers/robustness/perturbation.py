"""Perturbation: does a harmless change of the input change the answer?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from modelaudit.audit_report import SubjectInfo
from modelaudit.checker import Budget, CheckerInfo, Context, Cost, Predictions, Risk, Row
from modelaudit.checkers.robustness.arms import Arm, Trials, arms, trials
from modelaudit.checkers.robustness.effects import Effect, text_effect, token_effect
from modelaudit.checkers.robustness.findings import measured, unmeasured, without_labels
from modelaudit.checkers.robustness.reach import unread
from modelaudit.checkers.robustness.sample import drawn
from modelaudit.errors import NotAssessable
from modelaudit.results import Finding

TASKS = ("text-classification", "token-classification")
FEWEST = 20
"""Changed rows below which an arm is not measured."""


class Perturbation:
    """Typos, case, punctuation and spacing on the user's own rows, answers compared pair by pair."""

    info = CheckerInfo(
        id="modelaudit/perturbation",
        version="2",
        risk=Risk.ROBUSTNESS,
        title="Perturbation",
        question="Does a change of the input that means nothing to a reader change the model's answer?",
        summary=(
            "Rows are changed in ways that leave their meaning alone: typing errors, letter case, final punctuation, "
            "spacing. The answer to each changed row is compared with the answer to its original, over the rows in "
            "which the change found something to change that the model reads."
        ),
        needs=("predict",),
        not_shown=(
            "These are average cases at random places, not the worst change that someone who tries could find.",
            "Changes of words, such as synonyms and paraphrases, are not among them.",
        ),
        remedies=(
            "Add changed copies of the training rows (case, typing errors, punctuation) and train again.",
            "Normalise the input in front of the model, in training and in use alike.",
        ),
        references=(
            "Ribeiro et al. 2020, Beyond accuracy: CheckList (arXiv 2005.04118)",
            "Pruthi et al. 2019, Combating adversarial misspellings (arXiv 1905.11268)",
            "Tango 1998, Statistics in Medicine 17:891",
            "Korn and Graubard 1998, Survey Methodology 24:193",
        ),
    )

    def applies(self, subject: SubjectInfo) -> str | None:
        """Return why the question makes no sense for this subject, or None."""
        return None if subject.task in TASKS else f"it is defined for {' and '.join(TASKS)}, not for {subject.task}"

    def cost(self, subject: SubjectInfo) -> Cost:
        """Return one evaluation of each drawn row and of each of its changed forms, at the most."""
        budget = Budget(subject.preset)
        rows = min(_most_rows(budget), subject.evaluation.rows) * (1 + len(_arms(budget)))
        return Cost(evaluations=rows, tokens=round(rows * subject.evaluation.mean_tokens))

    def run(self, ctx: Context) -> Iterator[Finding]:
        """Change, ask, compare; NotAssessable where no change can be measured on 20 rows."""
        rows = drawn(ctx, ctx.data.evaluation, _most_rows(ctx.budget))
        if len(rows) < FEWEST:
            raise NotAssessable(
                f"there are {len(rows)} evaluation rows of different texts and {FEWEST} are the least; "
                "provide more rows"
            )
        before = ctx.model.predict(rows)
        by_entity = before.offsets is not None
        labelled = any(row.label is not None or row.tags is not None for row in rows)
        compared = 0
        for arm in _applicable(ctx, _arms(ctx.budget), rows):
            try:
                effect = _effect(ctx, arm, rows, before)
            except NotAssessable as reason:
                if arm.primary:
                    yield from unmeasured(arm, str(reason), by_entity=by_entity, labelled=labelled)
                else:
                    ctx.note(f"{arm.name}: not measured. {reason}")
                continue
            compared += 1
            yield from measured(arm, effect, rows, by_entity=by_entity, labelled=labelled)
        if not compared:
            raise NotAssessable(
                f"no change could be compared on {FEWEST} of the {len(rows):,} rows; provide rows of words, "
                "not longer than the model reads"
            )
        if not labelled:
            yield without_labels(by_entity=by_entity)


def _most_rows(budget: Budget) -> int:
    return budget.pick(200, 1_000, 5_000)


def _arms(budget: Budget) -> list[Arm]:
    return arms(stress=budget.preset != "quick")


def _applicable(ctx: Context, planned: Sequence[Arm], rows: Sequence[Row]) -> list[Arm]:
    """Return the arms that these rows could show anything about, whatever they say."""
    if any(row.words is None for row in rows):
        return list(planned)
    barred = dict.fromkeys(arm.perturbation.name for arm in planned if arm.plain_text_only)
    ctx.note(f"The rows come as words, without spacing, so these changes do not apply: {', '.join(barred)}.")
    return [arm for arm in planned if not arm.plain_text_only]


def _effect(ctx: Context, arm: Arm, rows: Sequence[Row], before: Predictions) -> Effect:
    """Return what an arm did; NotAssessable, with a whole sentence, where fewer than 20 rows can be compared."""
    tried = trials(arm, rows, seed=ctx.seed)
    _note_left_out(ctx, arm, tried)
    if arm.english_only and tried.other_language == len(rows):
        raise NotAssessable(f"The change is made for English, and none of the {len(rows):,} rows looks English.")
    if len(tried.changed) < FEWEST:
        foreign = f" {tried.other_language:,} rows do not look English." if tried.other_language else ""
        raise NotAssessable(
            f"The change found something to change in {len(tried.changed)} of {len(rows):,} rows; {FEWEST} are the "
            f"least.{foreign}"
        )
    after = ctx.model.predict([trial.edited for trial in tried.changed])
    if before.offsets is None:
        skipped = unread(ctx.model, rows, tried.changed, before, after)
        effect = text_effect(rows, tried.changed, before, after, ctx.model.labels, unread=skipped)
        why = "are longer than the model reads and were changed only beyond that"
    else:
        effect = token_effect(rows, tried.changed, before, after, ctx.model.labels)
        why = "have words that the model gives no answer to"
    if effect.left_out:
        ctx.note(f"{arm.name}: {effect.left_out:,} rows {why}; they were left out.")
    if len(effect.trials) < FEWEST:
        left_out = f" {effect.left_out:,} changed rows {why}." if effect.left_out else ""
        raise NotAssessable(
            f"{len(effect.trials)} changed rows could be compared and {FEWEST} are the least.{left_out}"
        )
    if not effect.flip.bounds:
        raise NotAssessable(effect.flip.reason or "There is no interval.")
    return effect


def _note_left_out(ctx: Context, arm: Arm, tried: Trials) -> None:
    if tried.other_language:
        ctx.note(f"{arm.name}: {tried.other_language:,} rows do not look English and were not assessed.")
    if tried.refused:
        ctx.note(f"{arm.name}: {tried.refused:,} rows could not be changed without tearing words apart.")
