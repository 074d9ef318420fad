"""Perturbation: does a harmless change of the input change the answer?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from modelaudit import text
from modelaudit.audit_report import SubjectInfo
from modelaudit.checker import Budget, CheckerInfo, Context, Cost, Predictions, Risk
from modelaudit.checkers.robustness.perturbation.arms import Arm, dose_arms, main_arms
from modelaudit.checkers.robustness.perturbation.findings import measured, unmeasured, without_labels, worst
from modelaudit.checkers.robustness.perturbation.members import Family, Member, families, worst_average
from modelaudit.checkers.robustness.perturbation.reach import unread
from modelaudit.checkers.robustness.perturbation.text_effects import TextEffects
from modelaudit.checkers.robustness.perturbation.token_effects import TokenEffects
from modelaudit.checkers.robustness.perturbation.trials import Sample, Trials, trials
from modelaudit.drawing import drawn
from modelaudit.errors import NotAssessable
from modelaudit.results import Finding
from modelaudit.text.perturbations import EntitySwap

TASKS = text.TEXT_AND_TOKENS
FEWEST = 20
"""Changed rows below which an arm is not measured."""
RARE = 0.05
"""Share of rows that a change must find something to change in, for the rows to be a test of it."""

Effects = TextEffects | TokenEffects


class Perturbation:
    """Harmless changes of the user's own rows, answers compared pair by pair.

    Args:
        perturbations: changes to try; by default all of the package (`text.bundled_perturbations`). A plugin's checker
            subclasses this one, gives its own `info`, and hands its perturbations to `super().__init__`.
    """

    info = CheckerInfo(
        id="modelaudit/perturbation",
        version="3",
        risk=Risk.ROBUSTNESS,
        title="Perturbation",
        question="Does a change of the input that means nothing to a reader change the model's answer?",
        summary=(
            "Rows are changed in ways that leave their meaning alone: typing and scanning errors, letter case, "
            "punctuation, spacing, wording, characters that nobody sees. The answer to each changed row is compared "
            "with the answer to its original, over the rows in which the change found something to change that the "
            "model reads. Each kind of change is judged by the worst of its kind."
        ),
        needs=("predict",),
        means=(
            "The same text gets another answer because of a typing error, a letter case or a space. People who write "
            "in haste, in a second language or on another keyboard, or whose text was scanned or copied, could be "
            "answered wrongly more often than others. It depends on how often such changes occur in use, and on "
            "whether a wrong answer is noticed and can be put right."
        ),
        not_shown=(
            "These are average cases at random places, not the worst change that someone who tries could find.",
            "Paraphrases that need a reader to say whether the meaning stayed are not among them.",
        ),
        remedies=(
            "Add changed copies of the training rows (case, typing errors, punctuation) and train again.",
            "Normalise the input in front of the model, in training and in use alike.",
        ),
        measures=("perturbation-augmentation",),
        references=(
            "Ribeiro et al. 2020, Beyond accuracy: CheckList (arXiv 2005.04118)",
            "Pruthi et al. 2019, Combating adversarial misspellings (arXiv 1905.11268)",
            "Boucher et al. 2022, Bad characters: imperceptible NLP attacks (arXiv 2106.09898)",
            "Tango 1998, Statistics in Medicine 17:891",
            "Korn and Graubard 1998, Survey Methodology 24:193",
        ),
        metrics=("flip_rate", "accuracy_drop", "worst_accuracy_drop"),
    )

    def __init__(self, perturbations: Sequence[text.Perturbation] | None = None) -> None:
        self.perturbations = perturbations

    def applies(self, subject: SubjectInfo) -> str | None:
        """Return why the question makes no sense for this subject, or None."""
        return None if subject.task in TASKS else f"it is defined for {' and '.join(TASKS)}, not for {subject.task}"

    def cost(self, subject: SubjectInfo) -> Cost:
        """Return one evaluation of each drawn row and of each of its changed forms, at the most."""
        budget = Budget(subject.preset)
        rows = min(_most_rows(budget), subject.evaluation.rows)
        main = self._arms(subject.task)
        doses = len(dose_arms(main, _doses(budget))) * min(rows, _dosed_rows(budget))
        evaluations = rows * (1 + len(main)) + doses
        return Cost(evaluations=evaluations, tokens=round(evaluations * subject.evaluation.mean_tokens))

    def run(self, ctx: Context) -> Iterator[Finding]:
        """Change, ask, compare; NotAssessable where no change can be measured on 20 rows."""
        rows = drawn(ctx, ctx.data.evaluation, _most_rows(ctx.budget))
        if len(rows) < FEWEST:
            raise NotAssessable(
                f"there are {len(rows)} evaluation rows of different texts and {FEWEST} are the least; "
                "provide more rows"
            )
        sample = Sample.of(rows, ctx.model.labels)
        effects = _effects(sample, ctx.model.predict(rows), ctx.model.labels)
        main = self._arms(ctx.subject.task, sample)
        members = [_member(ctx, arm, sample, effects) for arm in main]
        found = families(members, self._doses(ctx, members, sample))
        by_entity = isinstance(effects, TokenEffects)
        labelled = effects.score() is not None
        _note_not_in_question(ctx, found)
        for family in found:
            if family.measured:
                yield from measured(family, rows, by_entity=by_entity, labelled=labelled)
            elif family.judged and any(member.in_question for member in family.members):
                yield from unmeasured(family, by_entity=by_entity, labelled=labelled)
        if not any(family.measured for family in found):
            raise NotAssessable(
                f"no change could be compared on {FEWEST} of the {len(rows):,} rows; provide rows of words, "
                "not longer than the model reads"
            )
        if (score := effects.score()) is None:
            yield without_labels(by_entity=by_entity)
        elif (largest := worst_average(members)) is not None:
            count = sum(member.arm.judged and member.effect is not None for member in members)
            yield worst(*largest, count, score, by_entity=by_entity)

    def _arms(self, task: str, sample: Sample | None = None) -> list[Arm]:
        """Return the changes of this task; entities of the rows, where there are any, are exchanged for one another."""
        if self.perturbations is not None:
            return main_arms(self.perturbations, task)
        names = {} if sample is None else sample.names()
        others = [EntitySwap(names)] if names or sample is None else []
        return main_arms([*text.bundled_perturbations(), *others], task)

    def _doses(self, ctx: Context, members: Sequence[Member], sample: Sample) -> list[Member]:
        """Ask again at other severities, where the change was measured and reaches the model."""
        reach = [member.arm for member in members if member.effect is not None and not member.effect.invariant]
        fewer = sample.first(_dosed_rows(ctx.budget))
        effects = _effects(fewer, ctx.model.predict(fewer.rows), ctx.model.labels)
        return [_member(ctx, arm, fewer, effects, quiet=True) for arm in dose_arms(reach, _doses(ctx.budget))]


def _most_rows(budget: Budget) -> int:
    return budget.pick(200, 1_000, 5_000)


def _dosed_rows(budget: Budget) -> int:
    return budget.pick(0, 300, 1_000)


def _doses(budget: Budget) -> tuple[int, ...]:
    return {"quick": (), "standard": (1, 3, 5), "full": (1, 3, 4, 5)}[budget.preset]


def _effects(sample: Sample, answers: Predictions, labels: Sequence[str]) -> Effects:
    kind = TextEffects if answers.offsets is None else TokenEffects
    return kind.of(sample.rows, answers, labels)


def _member(ctx: Context, arm: Arm, sample: Sample, effects: Effects, *, quiet: bool = False) -> Member:
    """Return what an arm did, or why it was not measured: fewer than 20 rows that can be compared."""
    tried = trials(arm, sample, seed=ctx.seed)
    rows, changed = len(sample.rows), len(tried.changed)
    if not quiet:
        _note_left_out(ctx, arm, tried)
    if tried.other_language == rows:
        # Rows in a language that the package knows have changes of their own; rows in any other have none.
        known = sum(language is not None for language in sample.languages)
        reason = f"The change is made for other languages: none of the {rows:,} rows looks like one of them."
        return Member(arm, reason=reason, in_question=2 * known < rows, foreign=True)
    if changed < FEWEST:
        reason = f"The change found something to change in {changed} of {rows:,} rows; {FEWEST} are the least."
        return Member(arm, reason=reason, in_question=changed >= RARE * rows)
    edited = [trial.edited for trial in tried.changed]
    before = ctx.model.fingerprints([sample.rows[trial.place] for trial in tried.changed])
    same = np.array([one == other for one, other in zip(before, ctx.model.fingerprints(edited), strict=True)])
    after = ctx.model.predict(edited)
    beyond = np.zeros(changed, dtype=np.bool_)
    why = "have words that the model gives no answer to"
    if isinstance(effects, TextEffects):
        beyond = unread(ctx.model, sample.rows, tried.changed, effects.answers, after, same)
        why = "are longer than the model reads and were changed only beyond that"
    effect = effects.effect(tried.changed, after, unread=beyond, same_input=same)
    if effect.left_out and not quiet:
        ctx.note(f"{arm.name}: {effect.left_out:,} rows {why}; they were left out.")
    if len(effect.trials) < FEWEST:
        left_out = f" {effect.left_out:,} changed rows {why}." if effect.left_out else ""
        return Member(
            arm, reason=f"{len(effect.trials)} changed rows could be compared and {FEWEST} are the least.{left_out}"
        )
    if not effect.flip.bounds:
        return Member(arm, reason=effect.flip.reason or "There is no interval.")
    return Member(arm, effect)


def _note_left_out(ctx: Context, arm: Arm, tried: Trials) -> None:
    if tried.other_language and (tried.changed or tried.no_site or tried.refused):
        ctx.note(f"{arm.name}: {tried.other_language:,} rows are not in its language and were not assessed.")
    if tried.refused:
        ctx.note(f"{arm.name}: {tried.refused:,} rows could not be changed without tearing words apart.")


def _note_not_in_question(ctx: Context, found: Sequence[Family]) -> None:
    """Say which changes these rows are no test of, so that nobody takes their absence for a pass."""
    out = [member for family in found for member in family.members if not member.in_question]
    foreign = sum(member.foreign for member in out)
    rare = [member.arm.name for member in out if not member.foreign]
    if rare:
        ctx.note(
            f"These rows are no test of {len(rare)} changes, which found something to change in under {RARE:.0%} of "
            f"them; nothing is said of: {', '.join(rare)}."
        )
    if foreign:
        ctx.note(f"{foreign} changes are made for languages that none of these rows is in.")
