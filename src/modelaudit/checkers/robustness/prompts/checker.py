"""Prompt robustness: does the form of a prompt change the answer?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from modelaudit.audit_report import SubjectInfo
from modelaudit.checker import Budget, CheckerInfo, Context, Cost, Risk
from modelaudit.checkers.robustness.perturbation.arms import Arm
from modelaudit.checkers.robustness.perturbation.findings import measured, unmeasured, without_labels, worst
from modelaudit.checkers.robustness.perturbation.members import Family, Member, families, worst_average
from modelaudit.checkers.robustness.prompts.answers import MOST_NEW_TOKENS, answers_of
from modelaudit.checkers.robustness.prompts.effects import WORDING, PromptEffects
from modelaudit.checkers.robustness.prompts.formats import by_format
from modelaudit.checkers.robustness.prompts.forms import EMPTY_SYSTEM, Form, forms_of
from modelaudit.checkers.writing import note_limits, refuse_silence
from modelaudit.drawing import drawn
from modelaudit.errors import DataInputError, NotAssessable
from modelaudit.results import Finding
from modelaudit.rows import Row
from modelaudit.text.perturbations.prompt_changes import PROMPT_CHANGES, PromptChange

TASK = "text-generation"
FEWEST = 20
"""Changed rows below which a change is not measured."""
RARE = 0.05
"""Share of rows that a change must find something to change in, for the rows to be a test of it."""


class PromptRobustness:
    """Changes of the user's own prompts that carry no meaning, answers compared pair by pair."""

    info = CheckerInfo(
        id="modelaudit/prompt-robustness",
        version="1",
        risk=Risk.ROBUSTNESS,
        title="Prompt robustness",
        question="Does a change in the form of a prompt, which asks for the same thing, change the model's answer?",
        summary=(
            "The options of a prompt are put in another order, under other markers and in other lines; the words that "
            "announce question and answer are changed; a space, a request or an empty system message is added. The "
            "answer to each changed prompt is compared with the answer to its original: the most probable of the "
            "options, or what the model writes. Each kind of change is judged by the worst of its kind."
        ),
        needs=("answers", "loss"),
        means=(
            "The same question gets another answer because of where an option stands, or of how the question is laid "
            "out. People could get a wrong answer for no reason of theirs, and a score that was measured with one "
            "prompt may not hold with the next. It depends on whether prompts in use are of one form, and on whether "
            "the answer is checked."
        ),
        not_shown=(
            "Changes come one at a time; several together may do more.",
            "Questions put in other words are not among them, nor are prompts that try to mislead.",
        ),
        remedies=(
            "Train on prompts of several forms, with the options in random order.",
            "Fix one form of the prompt in front of the model, and measure with that one.",
            "Ask for several orders of the options, and take the answer that most of them give.",
        ),
        references=(
            "Sclar et al. 2024, Quantifying language models' sensitivity to spurious features (arXiv 2310.11324)",
            "Pezeshkpour and Hruschka 2024, Sensitivity to the order of options (arXiv 2308.11483)",
            "Zheng et al. 2024, Large language models are not robust multiple choice selectors (arXiv 2309.03882)",
            "Tango 1998, Statistics in Medicine 17:891",
        ),
        metrics=("flip_rate", "accuracy_drop", "worst_accuracy_drop"),
    )

    def applies(self, subject: SubjectInfo) -> str | None:
        """Return why the question makes no sense for this subject, or None."""
        return None if subject.task == TASK else f"it is defined for {TASK}, not for {subject.task}"

    def cost(self, subject: SubjectInfo) -> Cost:
        """Return an answer to each drawn row and each of its forms, as if all were written."""
        rows = min(_most_rows(Budget(subject.preset)), subject.evaluation.rows)
        evaluations = rows * (2 + len(PROMPT_CHANGES)) * MOST_NEW_TOKENS
        return Cost(evaluations=evaluations, tokens=round(evaluations * subject.evaluation.mean_tokens))

    def run(self, ctx: Context) -> Iterator[Finding]:
        """Change, ask, compare; NotAssessable where no change can be measured on 20 rows."""
        rows = drawn(ctx, ctx.data.evaluation, _most_rows(ctx.budget))
        if len(rows) < FEWEST:
            raise NotAssessable(
                f"there are {len(rows)} evaluation rows of different texts and {FEWEST} are the least; "
                "provide more rows"
            )
        forms = forms_of(rows)
        choosing = sum(bool(form.prompt.options) for form in forms)
        ctx.note(
            f"{choosing:,} of {len(rows):,} prompts have options that can be told apart; these are answered by the "
            f"most probable option, the others by what the model writes, {MOST_NEW_TOKENS} tokens at the most."
        )
        _refuse_silence(ctx, forms, rows)
        effects = PromptEffects(tuple(rows), tuple(answers_of(ctx.model, forms, rows)))
        members = [_member(ctx, change, forms, effects) for change in (*PROMPT_CHANGES, EMPTY_SYSTEM)]
        found = families(members, ())
        _note_not_in_question(ctx, found)
        labelled = effects.score() is not None
        for family in found:
            if family.measured:
                yield from measured(family, rows, WORDING, labelled=labelled)
            elif any(member.in_question for member in family.members):
                yield from unmeasured(family, WORDING, labelled=labelled)
        if not any(family.measured for family in found):
            raise NotAssessable(
                f"no change of form could be compared on {FEWEST} of the {len(rows):,} rows; provide prompts that ask "
                "for something, not longer than the model reads"
            )
        if (score := effects.score()) is None:
            yield without_labels(WORDING)
        elif (largest := worst_average(members)) is not None:
            count = sum(member.effect is not None for member in members)
            yield by_format(worst(*largest, count, score, WORDING), members, score)


def _most_rows(budget: Budget) -> int:
    return budget.pick(80, 200, 1_000)


def _refuse_silence(ctx: Context, forms: Sequence[Form], rows: Sequence[Row]) -> None:
    """Note what is written; NotAssessable where all answers are written, and hardly any says a word."""
    writing = [place for place, form in enumerate(forms) if not form.prompt.options]
    if not writing:
        return
    # The model keeps its answers, so that they are written once.
    told = ctx.model.answers([forms[place].row for place in writing], max_new_tokens=MOST_NEW_TOKENS)
    asked = [rows[place] for place in writing]
    note_limits(ctx, asked, told, most=MOST_NEW_TOKENS)
    if len(writing) == len(rows):
        refuse_silence(asked, told)


def _member(ctx: Context, change: PromptChange, forms: Sequence[Form], effects: PromptEffects) -> Member:
    """Return what a change did, or why it was not measured: fewer than 20 rows that can be compared."""
    arm, rows = Arm(change, 1), len(forms)
    made = [(place, new) for place, form in enumerate(forms) if (new := form.changed(change, seed=ctx.seed))]
    if len(made) < FEWEST:
        reason = f"The change found something to change in {len(made)} of {rows:,} rows; {FEWEST} are the least."
        return Member(arm, reason=reason, in_question=len(made) >= RARE * rows)
    places, changed = [place for place, _ in made], [form for _, form in made]
    try:
        same = _same_input(ctx, [forms[place] for place in places], changed)
        effect = effects.effect(ctx.model, places, changed, same)
    except DataInputError:
        if change is not EMPTY_SYSTEM:
            raise
        ctx.note("The model's chat template takes no system message, so nothing is said of an empty one.")
        return Member(arm, reason="The chat template takes no system message.", in_question=False)
    if effect.left_out:
        ctx.note(f"{arm.name}: {effect.left_out:,} rows leave no room for an answer; they were left out.")
    if len(effect.trials) < FEWEST:
        reason = f"{len(effect.trials)} changed rows could be compared and {FEWEST} are the least."
        return Member(arm, reason=reason)
    return Member(arm, effect)


def _same_input(ctx: Context, before: Sequence[Form], after: Sequence[Form]) -> NDArray[np.bool_]:
    old, new = (ctx.model.fingerprints([form.row for form in side]) for side in (before, after))
    return np.array([one == other for one, other in zip(old, new, strict=True)], dtype=np.bool_)


def _note_not_in_question(ctx: Context, found: Sequence[Family]) -> None:
    """Say which changes these prompts are no test of, so that nobody takes their absence for a pass."""
    out = [member.arm.name for family in found for member in family.members if not member.in_question]
    if out:
        ctx.note(
            f"These rows are no test of {len(out)} changes, which found something to change in under {RARE:.0%} of "
            f"them; nothing is said of: {', '.join(out)}."
        )
