"""Perturbation: does a harmless change of the input change the answer?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from modelaudit.audit_report import SubjectInfo
from modelaudit.checker import Budget, CheckerInfo, Context, Cost, Risk, Row
from modelaudit.checkers.robustness.arms import Arm, Trials, arms, trials
from modelaudit.checkers.robustness.effects import Effect, text_effect, token_effect
from modelaudit.checkers.robustness.exhibits import counts_table, examples
from modelaudit.checkers.robustness.sample import drawn
from modelaudit.errors import NotAssessable
from modelaudit.results import Finding, Metric
from modelaudit.statistics import Estimate

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
            "which the change found something to change."
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
        """Change, ask, compare; NotAssessable where no change finds 20 rows to change."""
        rows = drawn(ctx, ctx.data.evaluation, _most_rows(ctx.budget))
        if len(rows) < FEWEST:
            raise NotAssessable(
                f"there are {len(rows)} evaluation rows of different texts and {FEWEST} are the least; "
                "provide more rows"
            )
        original = ctx.model.predict(rows)
        compare = text_effect if original.offsets is None else token_effect
        measured = 0
        for arm in _arms(ctx.budget):
            tried = trials(arm, rows, seed=ctx.seed)
            _note_left_out(ctx, arm, tried)
            if len(tried.changed) < FEWEST:
                ctx.note(f"{arm.name}: not measured, it changes {len(tried.changed)} of {len(rows):,} rows.")
                continue
            answers = ctx.model.predict([trial.edited for trial in tried.changed])
            effect = compare(rows, tried.changed, original, answers, ctx.model.labels)
            if effect.left_out:
                ctx.note(
                    f"{arm.name}: {effect.left_out:,} rows have words beyond the model's length and were left out."
                )
            if len(effect.trials) < FEWEST or not effect.flip.bounds:
                ctx.note(f"{arm.name}: not measured, {len(effect.trials)} rows could be compared. {effect.flip.reason}")
                continue
            if effect.drop.value is None:
                ctx.note(f"{arm.name}: what it costs in accuracy can't be told. {effect.drop.reason}")
            measured += 1
            yield from _findings(arm, effect, rows, by_entity=original.offsets is not None)
        if not measured:
            raise NotAssessable(
                f"no change could be made to {FEWEST} of the {len(rows):,} rows; provide rows with English words"
            )


def _most_rows(budget: Budget) -> int:
    return budget.pick(200, 1_000, 5_000)


def _arms(budget: Budget) -> list[Arm]:
    return arms(stress=budget.preset != "quick")


def _note_left_out(ctx: Context, arm: Arm, tried: Trials) -> None:
    if tried.other_language:
        ctx.note(f"{arm.name}: {tried.other_language:,} rows do not look English and were not assessed.")
    if tried.refused:
        ctx.note(f"{arm.name}: {tried.refused:,} rows could not be changed without tearing words apart.")


def _findings(arm: Arm, effect: Effect, rows: Sequence[Row], *, by_entity: bool) -> Iterator[Finding]:
    caveats = _caveats(arm, effect, rows)
    unit = "entities" if by_entity else "rows"
    what = "Predicted entities not kept" if by_entity else "Predicted labels changed"
    yield Finding(
        metric=Metric.of(
            effect.flip,
            id="flip_rate",
            title=what,
            unit=f"share of {unit}",
            better="lower",
            n_unit=unit,
            group=arm.name,
            primary=arm.primary,
        ),
        statement=_flip_statement(arm, effect, by_entity=by_entity),
        evidence=(counts_table(effect), *(() if effect.untouched else examples(arm, effect, rows))),
        caveats=caveats,
    )
    if effect.drop.value is None:
        return
    yield Finding(
        metric=Metric.of(
            effect.drop,
            id="accuracy_drop",
            title="Entity F1 lost" if by_entity else "Accuracy lost",
            unit="F1" if by_entity else "share of rows",
            better="lower",
            group=arm.name,
            primary=arm.primary,
        ),
        statement=_drop_statement(arm, effect.drop, effect.drop.value, by_entity=by_entity),
        evidence=(counts_table(effect),),
        caveats=caveats,
    )


def _caveats(arm: Arm, effect: Effect, rows: Sequence[Row]) -> tuple[str, ...]:
    caveats = [arm.rule]
    if not arm.primary:
        caveats.append("Shown for context and not judged: beyond this project's bound for a change that means nothing.")
    documents = {rows[trial.place].group for trial in effect.trials} - {None}
    if documents:
        caveats.append(
            f"The rows come from {len(documents):,} documents or persons. The interval treats rows as independent; "
            "where rows of one are alike it is too narrow."
        )
    return tuple(caveats)


def _flip_statement(arm: Arm, effect: Effect, *, by_entity: bool) -> str:
    changed = len(effect.trials)
    if effect.untouched:
        return (
            f"Under the change '{arm.name}' the answers to all {changed:,} changed rows stay identical to the last "
            "bit: the tokenizer removes the change, or the model takes no notice of it."
        )
    low, high = effect.flip.interval()
    counted = f"{effect.flip.n:,} entities predicted before are not kept" if by_entity else f"{changed:,} labels change"
    same = f" {effect.identical:,} rows keep their answer to the last bit." if effect.identical else ""
    return (
        f"Under the change '{arm.name}', {effect.flip.value:.1%} of {counted} (95% interval {low:.1%} to {high:.1%}), "
        f"over the {changed:,} rows in which it found something to change.{same}"
    )


def _drop_statement(arm: Arm, drop: Estimate, value: float, *, by_entity: bool) -> str:
    name = "entity F1" if by_entity else "accuracy"
    low, high = drop.interval()
    moved = "leaves" if value == 0 else "lowers" if value > 0 else "raises"
    by = "as it is" if value == 0 else f"by {100 * abs(value):.1f} points"
    return (
        f"The change '{arm.name}' {moved} {name} {by} (95% interval of the loss {100 * low:.1f} to "
        f"{100 * high:.1f} points) over {drop.n:,} labelled rows that it changed."
    )
