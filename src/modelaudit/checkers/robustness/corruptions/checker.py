"""Corruption robustness: is a picture or a sound that was taken badly still answered as before?"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from modelaudit.audit_report import SubjectInfo
from modelaudit.checker import Budget, CheckerInfo, Context, Cost, Risk
from modelaudit.checkers.robustness.corruptions.answers import SPEECH, Sample
from modelaudit.checkers.robustness.corruptions.arms import KINDS, Arm, dose_arms, graded, main_arms, prepared
from modelaudit.checkers.robustness.corruptions.effect import Effect
from modelaudit.checkers.robustness.corruptions.families import families
from modelaudit.checkers.robustness.corruptions.findings import family_findings, overall, without_truth
from modelaudit.checkers.robustness.corruptions.trial import FEWEST, Trial, note_trials
from modelaudit.checkers.writing import writing_cost
from modelaudit.drawing import drawn
from modelaudit.errors import NotAssessable
from modelaudit.results import Finding
from modelaudit.rows import Row

TASKS = ("image-classification", "audio-classification", SPEECH)


class CorruptionRobustness:
    """The user's own pictures or sounds, corrupted as cameras, weather, rooms and telephones do it.

    Args:
        mirrored: whether a mirrored picture means the same; it does not where there is text, a hand or a side in it.
        without: names of kinds that are left out, since they rightly change the answer: "grey" where colour is the
            class, "faster" and "slower" where the pitch is.
    """

    info = CheckerInfo(
        id="modelaudit/corruption-robustness",
        version="1",
        risk=Risk.ROBUSTNESS,
        title="Corruption robustness",
        question="Is a picture or a sound that was taken badly still answered as before?",
        summary=(
            "Pictures are corrupted as in ImageNet-C: by noise, blur, weather, light, and lossy storage, and framed a "
            "little otherwise. Sounds get background noise, another loudness or speed, a bad transmission, or an echo. "
            "Each has five severities, of which the middle one is judged. The answer to each changed row is compared "
            "with the answer to its original, and each sort of change is judged by the worst of its kinds."
        ),
        needs=("predict",),
        means=(
            "The same picture or recording gets another answer because of the light, the weather, a cheap microphone "
            "or a bad line. People whose equipment or surroundings are worse than those of the data could be answered "
            "wrongly more often than others. It depends on how often such pictures and recordings come in, and on "
            "whether a wrong answer is noticed and can be put right."
        ),
        not_shown=(
            "These are average cases, not the worst change that someone who tries could find.",
            "The corruptions are made by a program. Those of a real camera, room or line are other ones.",
        ),
        remedies=(
            "Add changed copies of the training rows (noise, blur, compression, other framing) and train again.",
            "Turn away pictures or recordings that are too bad to be answered, and ask for others.",
        ),
        references=(
            "Hendrycks and Dietterich 2019, Benchmarking neural network robustness (arXiv 1903.12261)",
            "Cochran 1977, Sampling techniques, section 6.3",
        ),
        metrics=(
            *("flip_rate", "accuracy_drop", "transcripts_changed", "word_error_change"),
            *("mean_corruption_error", "worst_accuracy_drop", "worst_error_change"),
        ),
    )

    def __init__(self, *, mirrored: bool = False, without: Sequence[str] = ()) -> None:
        self.mirrored = mirrored
        self.without = _named(without)

    def applies(self, subject: SubjectInfo) -> str | None:
        """Return why the question makes no sense for this subject, or None."""
        if subject.task not in TASKS:
            return f"it is defined for {' and '.join(TASKS)}, not for {subject.task}"
        needed = "answers" if subject.task == SPEECH else "predict"
        return None if needed in subject.capabilities else f"the model has no verb {needed}"

    def cost(self, subject: SubjectInfo) -> Cost:
        """Return one evaluation of each drawn row and of each of its changed forms; of speech one a token written."""
        budget = Budget(subject.preset)
        rows = min(_most_rows(budget), subject.evaluation.rows)
        main = main_arms(subject.task, mirrored=self.mirrored, without=self.without)
        doses = len(dose_arms(main, _severities(budget))) * min(rows, _dosed_rows(budget))
        evaluations = rows * (1 + len(main)) + doses
        if subject.task == SPEECH:
            return writing_cost(subject, evaluations)
        return Cost(evaluations=evaluations, tokens=round(evaluations * subject.evaluation.mean_tokens))

    def run(self, ctx: Context) -> Iterator[Finding]:
        """Choose rows, ask about them as they are and changed, compare.

        Raises NotAssessable below 20 rows, where a recogniser says nothing, and where no kind is left to be compared.
        """
        main = self._arms(ctx)
        sample = Sample.of(ctx, _chosen(ctx))
        judged = [Trial.of(ctx, arm, sample) for arm in main]
        few = sample.at(range(min(len(sample.rows), _dosed_rows(ctx.budget))))
        others = [Trial.of(ctx, arm, few) for arm in dose_arms(main, _severities(ctx.budget))]
        note_trials(ctx, [*judged, *others])
        # What is compared between severities is of the same rows at all of them.
        same = [trial.on(few) for trial in judged if others and graded(trial.arm.kind)]
        effects, doses = ([Effect.of(trial) for trial in each if trial.enough] for each in (judged, [*same, *others]))
        if not effects:
            raise NotAssessable("fewer than 20 rows can be compared under every kind of change; provide shorter rows")
        for family in families(effects, doses):
            yield from family_findings(family, speech=sample.speech)
        if not sample.known.any():
            yield without_truth(speech=sample.speech)
        yield from overall(sample, effects)

    def _arms(self, ctx: Context) -> list[Arm]:
        arms = main_arms(ctx.subject.task, mirrored=self.mirrored, without=self.without)
        if not arms:
            raise NotAssessable("the option without leaves no kind of change; leave out fewer")
        every = main_arms(ctx.subject.task, mirrored=self.mirrored)
        if missing := ", ".join(arm.kind.name for arm in every if arm not in arms):
            ctx.note(f"Left out by the option without: {missing}.")
        return arms


def _named(without: Sequence[str]) -> tuple[str, ...]:
    """Return names of kinds; ValueError for another name."""
    names, known = (without,) if isinstance(without, str) else tuple(without), [kind.name for kind in KINDS]
    if unknown := [name for name in names if name not in known]:
        raise ValueError(
            f"the option without has {unknown[0]!r}, which is no kind of change; choose from {', '.join(known)}"
        )
    return names


def _chosen(ctx: Context) -> list[Row]:
    """Draw rows of different content, without silent sounds, which no change can change."""
    found = drawn(ctx, ctx.data.evaluation, _most_rows(ctx.budget))
    heard = [row for row in found if row.sound is None or not row.sound.silent]
    if len(heard) < len(found):
        ctx.note(f"{len(found) - len(heard):,} rows are silent and were left out.")
    if len(heard) < FEWEST:
        raise NotAssessable(
            f"there are {len(heard)} evaluation rows of different content and {FEWEST} are the least; provide more rows"
        )
    rows = [prepared(row) for row in heard]
    if reduced := sum(row is not old and row.picture != old.picture for row, old in zip(rows, heard, strict=True)):
        ctx.note(f"{reduced:,} large pictures were reduced to 512 pixels for the shorter side, changed or not.")
    return rows


def _most_rows(budget: Budget) -> int:
    return budget.pick(100, 300, 1_000)


def _dosed_rows(budget: Budget) -> int:
    return budget.pick(0, 100, 300)


def _severities(budget: Budget) -> Sequence[int]:
    return {"quick": (), "standard": (1, 5), "full": (1, 2, 4, 5)}[budget.preset]
