"""Perturbation: does a harmless change of the input change the answer?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

import numpy as np

from modelaudit import text
from modelaudit.audit_report import SubjectInfo
from modelaudit.checker import Budget, CheckerInfo, Context, Cost, Risk
from modelaudit.checkers.robustness.perturbation.answer_effects import AnswerEffects
from modelaudit.checkers.robustness.perturbation.arms import Arm, dose_arms, main_arms
from modelaudit.checkers.robustness.perturbation.effects import MASKED, TASKS, Effects, effects_of, needs
from modelaudit.checkers.robustness.perturbation.findings import measured, unmeasured, without_labels, worst
from modelaudit.checkers.robustness.perturbation.members import Family, Member, families, worst_average
from modelaudit.checkers.robustness.perturbation.scales import MOST_NEW_TOKENS
from modelaudit.checkers.robustness.perturbation.sides import CONTEXT, Side, sides_of
from modelaudit.checkers.robustness.perturbation.suited import DEAR, suited
from modelaudit.checkers.robustness.perturbation.trials import Sample, Trials, trials
from modelaudit.checkers.writing import note_limits, refuse_silence
from modelaudit.drawing import drawn
from modelaudit.errors import NotAssessable
from modelaudit.results import Finding
from modelaudit.text.perturbations import EntitySwap

FEWEST = 20
"""Changed rows below which an arm is not measured."""
RARE = 0.05
"""Share of rows that a change must find something to change in, for the rows to be a test of it."""


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
        if subject.task not in TASKS:
            return f"it is defined for {' and '.join(TASKS)}, not for {subject.task}"
        needed = needs(subject.task)
        return None if needed in subject.capabilities else f"the model has no verb {needed}"

    def cost(self, subject: SubjectInfo) -> Cost:
        """Return one answer to each drawn row and to each of its changed forms, at the most.

        Where a text is written each new token is an evaluation, where tokens are hidden in turn each token of the row.
        """
        budget, task, tokens = Budget(subject.preset), subject.task, subject.evaluation.mean_tokens
        rows = min(_most_rows(budget, task), subject.evaluation.rows)
        main = self._arms(task, budget, sides_of(task, pairs=subject.evaluation.pair_column is not None))
        doses = len(dose_arms(main, _doses(budget, task))) * min(rows, _dosed_rows(budget))
        answers = rows * (1 + len(main)) + doses
        new = MOST_NEW_TOKENS.get(task, 1)
        evaluations = round(answers * max(tokens, 1.0)) if task == MASKED else answers * new
        return Cost(evaluations=evaluations, tokens=round(evaluations * tokens))

    def run(self, ctx: Context) -> Iterator[Finding]:
        """Change, ask, compare; NotAssessable where no change can be measured on 20 rows."""
        task = ctx.subject.task
        rows = drawn(ctx, ctx.data.evaluation, _most_rows(ctx.budget, task))
        if len(rows) < FEWEST:
            raise NotAssessable(
                f"there are {len(rows)} evaluation rows of different texts and {FEWEST} are the least; "
                "provide more rows"
            )
        effects = effects_of(ctx.model, rows, task)
        if isinstance(effects, AnswerEffects):
            note_limits(ctx, rows, effects.before.answers, most=effects.scale.most)
            refuse_silence(rows, effects.before.answers)
        sides = sides_of(task, pairs=any(row.companion is not None for row in rows))
        samples = {side: Sample.of(rows, ctx.model.labels, side, _kept(effects, side)) for side in sides}
        main = self._arms(task, ctx.budget, sides, samples[sides[0]].names())
        members = [_member(ctx, arm, samples[arm.side], effects) for arm in main]
        found = families(members, self._doses(ctx, members, samples))
        wording, labelled = effects.wording, effects.score() is not None
        _note_not_in_question(ctx, found)
        for family in found:
            if family.measured:
                yield from measured(family, rows, wording, labelled=labelled)
            elif family.judged and any(member.in_question for member in family.members):
                yield from unmeasured(family, wording, labelled=labelled)
        if not any(family.measured for family in found):
            raise NotAssessable(
                f"no change could be compared on {FEWEST} of the {len(rows):,} rows; provide rows of words, "
                "not longer than the model reads"
            )
        if (score := effects.score()) is None:
            yield without_labels(wording)
        elif (largest := worst_average(members)) is not None:
            count = sum(member.arm.judged and member.effect is not None for member in members)
            yield worst(*largest, count, score, wording)

    def _arms(
        self, task: str, budget: Budget, sides: Sequence[Side], names: Mapping[str, Sequence[str]] | None = None
    ) -> list[Arm]:
        """Return the changes of this task on each side of its rows; known entities are exchanged for one another.

        `names` are the rows' entities by type, None where they are not known yet.
        """
        if self.perturbations is not None:
            return main_arms(self.perturbations, task, sides)
        others = [EntitySwap(dict(names or {}))] if names or names is None else []
        return main_arms([*suited(text.bundled_perturbations(), task, budget.preset), *others], task, sides)

    def _doses(self, ctx: Context, members: Sequence[Member], samples: Mapping[Side, Sample]) -> list[Member]:
        """Ask again at other severities, where the change was measured and reaches the model."""
        task = ctx.subject.task
        reach = [member.arm for member in members if member.effect is not None and not member.effect.invariant]
        arms = dose_arms(reach, _doses(ctx.budget, task))
        if not arms:
            return []
        fewer = {side: sample.first(_dosed_rows(ctx.budget)) for side, sample in samples.items()}
        effects = effects_of(ctx.model, fewer[arms[0].side].rows, task)
        return [_member(ctx, arm, fewer[arm.side], effects, quiet=True) for arm in arms]


def _most_rows(budget: Budget, task: str = "text-classification") -> int:
    if task in DEAR:
        return budget.pick(80, 160, 400)
    return budget.pick(100, 400, 2_000) if task == "question-answering" else budget.pick(200, 1_000, 5_000)


def _dosed_rows(budget: Budget) -> int:
    return budget.pick(0, 300, 1_000)


def _doses(budget: Budget, task: str) -> tuple[int, ...]:
    if task not in text.TEXT_AND_TOKENS:
        return ()
    return {"quick": (), "standard": (1, 3, 5), "full": (1, 3, 4, 5)}[budget.preset]


def _kept(effects: Effects, side: Side) -> list[tuple[text.Span, ...]] | None:
    return effects.kept() if side is CONTEXT and isinstance(effects, AnswerEffects) else None


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
    after = effects.ask(ctx.model, edited)
    unread = effects.unread(ctx.model, tried.changed, after, same)
    effect = effects.effect(tried.changed, after, unread=unread, same_input=same)
    if effect.left_out and not quiet:
        ctx.note(f"{arm.name}: {effect.left_out:,} rows {effects.left_out}; they were left out.")
    if len(effect.trials) < FEWEST:
        left_out = f" {effect.left_out:,} changed rows {effects.left_out}." if effect.left_out else ""
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
