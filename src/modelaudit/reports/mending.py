"""What measures bought and what they cost, as the page of a mend tells it; `mend` finds it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from modelaudit.comparison import Change
from modelaudit.reports.badges import VERDICTS
from modelaudit.reports.change_words import KINDS, kind_of, kind_words, names_of, rules, why_words
from modelaudit.reports.changes import ChangeView, change_view
from modelaudit.reports.measures import measure_does, measure_title
from modelaudit.reports.numbers import duration, percent
from modelaudit.reports.text import listed, sentence, shortened, visible
from modelaudit.reports.words import Told, say, told
from modelaudit.training.mended import Arm, Failed, Mended
from modelaudit.training.record import StepInfo

NAMED = 5
"""So many numbers are named in a sentence; the table holds them all."""
NAME = 80
MOST_ROWS = 200
"""So many numbers stand in the table of one arm; the JSON record holds the others."""
GATES = (0, 1, 3, 4)
FAILED = 4
WHY_NOT = ("gone", "not comparable", "lost", "new")
OVERVIEW = ("training", "better", "worse", "unshown", "others", "score", "time", "gate")
NUMERIC = range(1, 6)
"""The columns of the overview that hold numbers."""
SHOWN = {"better": ("better",), "worse": ("worse", "lost"), "unclear": ("no clear change",), "untold": WHY_NOT}
"""What a reader is told first, and the kinds of change that it holds."""


@dataclass(frozen=True)
class MeasureView:
    """One measure of an arm: what it does, and what it did to the rows."""

    title: str
    does: str
    done: tuple[Told, ...]


@dataclass(frozen=True)
class ArmView:
    """One training and what came of it, beside the control."""

    arm: Arm
    anchor: str
    mended: Mended

    @property
    def title(self) -> str:
        """Its measures; of the control that it has none."""
        if not self.arm.measures:
            return say("mending.control.title")
        return listed([measure_title(name) for name in self.arm.measures])

    @cached_property
    def measures(self) -> tuple[MeasureView, ...]:
        """Its measures with what they did."""
        steps = {step.name: step for step in self.arm.steps}
        return tuple(
            MeasureView(measure_title(name), measure_does(name), _done(steps.get(name))) for name in self.arm.measures
        )

    @cached_property
    def rows(self) -> tuple[ChangeView, ...]:
        """Numbers that its measures are for and the task's score, then what is clearly other, then the rest."""
        named = list(zip(self._changes, self._names, strict=True))
        named.sort(key=lambda pair: self._place(pair[0]))
        return tuple(self._row(change, name) for change, name in named[:MOST_ROWS])

    @property
    def first_rows(self) -> tuple[ChangeView, ...]:
        """The rows that a reader needs: what was aimed at, the score, and what is clearly other."""
        return self.rows[: self._foremost]

    @property
    def more_rows(self) -> tuple[ChangeView, ...]:
        """The others."""
        return self.rows[self._foremost :]

    @property
    def left_out(self) -> int:
        """How many numbers stand in no row."""
        return max(0, len(self.arm.comparison.changes) - MOST_ROWS)

    @property
    def sentences(self) -> tuple[str, ...]:
        """What became of the numbers that its measures are for, of their verdicts, and of the task's score."""
        if not self.arm.comparison.comparable:
            return (say("changes.headline.refused"), *self.reasons)
        said = [self._aimed_words, self._rows_words] if self.arm.measures else []
        said += [self._verdict_words, self.score_words, self._alone_words, *self._untaken_words, self._training_words]
        return tuple(part for part in said if part)

    @property
    def reasons(self) -> tuple[str, ...]:
        """Why nothing can be compared, or what else differs."""
        comparison = self.arm.comparison
        return tuple(
            why_words(sentence, comparison.details.get(sentence))
            for sentence in (*comparison.reasons, *comparison.notes)
        )

    @property
    def lists(self) -> tuple[tuple[str, str], ...]:
        """What is better, worse, not shown and not told, each by name; what was not aimed at only where it is clear."""
        found = []
        for key, kinds in SHOWN.items():
            clear = key in ("better", "worse")
            held = [
                name.removesuffix(say("changes.paired_mark"))
                for change, name in zip(self._changes, self._names, strict=True)
                if kind_of(change) in kinds and (clear or change in self._aimed)
            ]
            if held or clear:
                found.append((say(f"mending.list.{key}"), _named(held)))
        return tuple(found)

    @property
    def score_words(self) -> str:
        """How well the task is done, before and after."""
        change = self.arm.score
        if change is None:
            return say("mending.score.none")
        view = change_view(change, "")
        return say(
            "mending.score.words",
            title=shortened(told(change.title).text, NAME),
            before=view.before,
            after=view.after,
            difference=view.difference,
            kind=kind_words(change),
            level=percent(self.arm.comparison.level),
        )

    @property
    def score_cell(self) -> str:
        """The score before and after and its difference, for a row of the overview."""
        change = self.arm.score
        if change is None:
            return say("changes.none")
        view = change_view(change, "")
        return say("mending.score.cell", before=view.before, after=view.after, difference=view.difference)

    @property
    def aimed_cells(self) -> tuple[str, str, str]:
        """How many numbers that it is for became better, worse, and were not shown to be either."""
        if not self.arm.measures:
            return (say("changes.none"),) * 3
        better, worse, unclear, untold = _counts(self._aimed, missing=self.arm.missing)
        return f"{better:,}", f"{worse:,}", f"{unclear + untold:,}"

    @property
    def other_cells(self) -> tuple[str, str]:
        """How many other numbers became clearly better, and worse."""
        better, worse, _, _ = _counts([each for each in self._changes if each not in self._aimed])
        return f"{better:,}", f"{worse:,}"

    @property
    def time_words(self) -> str:
        """How long its training took, and as a multiple of the control's."""
        control = self.mended.control_seconds
        time = duration(self.arm.seconds)
        if not control or not self.arm.measures:
            return time
        return say("mending.time", time=time, factor=f"{self.arm.seconds / control:.1f}")

    @property
    def gate_words(self) -> str:
        """Whether the policy's gate holds for its model, as its report says it; what exceeds a limit is always said."""
        if self.arm.gate == FAILED and self.arm.beyond:
            return say("mending.gate.both")
        return say(f"mending.gate.{self.arm.gate if self.arm.gate in GATES else 4}")

    @property
    def privacy_words(self) -> str:
        """The differential privacy that it states; nothing where it states none."""
        spent = self.arm.privacy
        if spent is None:
            return ""
        return say("mending.privacy", epsilon=f"{spent.epsilon:.3g}", delta=f"{spent.delta:.1e}", unit=spent.unit)

    @property
    def privacy_checks(self) -> tuple[Told, ...]:
        """What was looked at around its differential privacy, what that does not cover among it."""
        spent = self.arm.privacy
        found = {} if spent is None else spent.checks
        return tuple(
            Told(say("list.titled", title=told(name).text, group=told(words).text), told(words).lang)
            for name, words in found.items()
        )

    @property
    def rules(self) -> tuple[str, ...]:
        """What a reader has to know of its numbers."""
        return tuple(rules(self.arm.comparison)) if self.arm.comparison.comparable else ()

    @cached_property
    def _names(self) -> list[str]:
        return names_of(self._changes)

    @cached_property
    def _changes(self) -> tuple[Change, ...]:
        return self.arm.changes

    @cached_property
    def _aimed(self) -> tuple[Change, ...]:
        return self.arm.aimed

    @cached_property
    def _alone(self) -> tuple[Change, ...]:
        return self.arm.clear_alone

    def _row(self, change: Change, name: str) -> ChangeView:
        view = change_view(change, name)
        if change not in self._alone:
            return view
        return replace(view, why=say("mending.alone.mark", count=self.arm.comparison.tested))

    @cached_property
    def _foremost(self) -> int:
        return min(MOST_ROWS, sum(self._place(change) < len(KINDS) for change in self._changes))

    def _place(self, change: Change) -> int:
        """The order of rows: what was aimed at, the score, what is worse or lost, what is better, the rest."""
        if change in self._aimed:
            return 0
        if change == self.arm.score:
            return 1
        clear = ("worse", "lost", "better")
        if kind_of(change) in clear:
            return 2 + clear.index(kind_of(change))
        return len(KINDS) + (change not in self._alone)

    @property
    def _aimed_words(self) -> str:
        counts = dict(zip(SHOWN, _counts(self._aimed, missing=self.arm.missing), strict=True))
        parts = [say(f"mending.count.{key}", count=count) for key, count in counts.items() if count]
        if not parts:
            return "" if self._rows_words else say("mending.aimed.none")
        return say("mending.aimed.words", count=sum(counts.values()), parts=listed(parts))

    @property
    def _rows_words(self) -> str:
        """What is said of numbers that no training can change; nothing where no measure was taken for one."""
        count = sum(aim.of_rows for aim in self.arm.aims)
        return say("mending.aimed.rows", count=count) if count else ""

    @property
    def _alone_words(self) -> str:
        count = len(self._alone)
        return say("mending.alone.words", count=count, tested=self.arm.comparison.tested) if count else ""

    @property
    def _untaken_words(self) -> tuple[str, ...]:
        return tuple(say("mending.untaken", title=measure_title(name)) for name in self.arm.untaken)

    @property
    def _training_words(self) -> str:
        """How many epochs it was trained for, and whose weights were kept, where these are fewer than planned."""
        if not self.arm.shortened:
            return ""
        made, best, planned = (
            say("changes.none") if value is None else f"{value:g}"
            for value in (self.arm.epochs, self.arm.best_epoch, self.arm.planned_epochs)
        )
        key = "stopped" if self.arm.best_epoch is None else "earlier" if made == planned else "kept"
        return say(f"mending.shortened.{key}", made=made, planned=planned, best=best)

    @property
    def _verdict_words(self) -> str:
        turned = Counter(
            (each.before_state, each.after_state)
            for each in self.arm.comparison.changes
            if each.before_state is not None and each.after_state is not None and each.before_state != each.after_state
        )
        if not turned:
            return say("mending.verdicts.none")
        parts = [
            say(
                "mending.verdicts.turned",
                count=count,
                before=VERDICTS[before].words,
                after=VERDICTS[after].words,
            )
            for (before, after), count in sorted(turned.items())
            if before is not None and after is not None
        ]
        return say("mending.verdicts.words", parts=say("list.clauses").join(parts))


def arm_views(mended: Mended) -> tuple[ArmView, ...]:
    """Return the arms, that with all measures first, and the control at the end."""
    arms = [*mended.arms, *(() if mended.control is None else (mended.control,))]
    return tuple(ArmView(arm, f"arm-{place}", mended) for place, arm in enumerate(arms, start=1))


def in_short(arms: Sequence[ArmView]) -> tuple[ArmView, ...]:
    """Return the trainings that the page begins with: that with all measures, or each where there is none with all."""
    measured = [arm for arm in arms if arm.arm.measures]
    every = {name for arm in measured for name in arm.arm.measures}
    return tuple(measured[:1] if set(measured[0].arm.measures) == every else measured)


def overview(arms: Sequence[ArmView]) -> tuple[list[str], list[tuple[str, ...]]]:
    """Return the headings and rows of the table with a row for each training."""
    rows: list[tuple[str, ...]] = [
        (
            arm.title,
            *arm.aimed_cells,
            say("mending.others", better=arm.other_cells[0], worse=arm.other_cells[1]),
            arm.score_cell,
            arm.time_words,
            arm.gate_words,
        )
        for arm in arms
    ]
    return [say(f"mending.column.{name}") for name in OVERVIEW], rows


def facts(mended: Mended) -> tuple[tuple[str, str], ...]:
    """Return what was mended and how, by label."""
    recipe = mended.recipe
    held = "again" if mended.trained_again else "audited"
    same = "same" if not mended.differing else "other"
    lines = {
        "report": say(
            "mending.fact.report_words", model=mended.model, day=mended.started[:10], digest=mended.report_digest[:19]
        ),
        "rows": say(
            "mending.fact.rows_words", name=mended.train_name, count=mended.train_rows, sha=mended.train_sha256[:12]
        ),
        "recipe": say(
            "mending.fact.recipe_words", base=mended.base_model, epochs=f"{recipe.epochs:g}", seed=str(recipe.seed)
        ),
        "control": say(f"mending.fact.control_{held}"),
        "repeated": say(
            f"mending.fact.repeated_{same}",
            count=mended.checked,
            other=len(mended.differing),
            names=_named([visible(name, most=NAME) for name in mended.differing]),
        ),
    }
    if mended.unlike:
        lines["unlike"] = _named(mended.unlike)
    if mended.not_together is not None:
        lines["apart"] = sentence(told(mended.not_together).text)
    failed = [("failed", _failed(each)) for each in mended.failed]
    return tuple((say(f"mending.fact.{name}"), words) for name, words in (*lines.items(), *failed))


def caveats(mended: Mended) -> tuple[str, ...]:
    """Return what the page as a whole does not show."""
    said = ["once", "limit", "cause_again" if mended.trained_again else "cause_audited", "rows"]
    if len(mended.arms) > 1:
        said.append("several")
    return tuple(say(f"mending.caveat.{name}") for name in said)


def _counts(changes: Sequence[Change], *, missing: int = 0) -> tuple[int, int, int, int]:
    """Return how many are better, worse, without a clear change, and not told, those that no audit has among them."""
    counts = Counter(kind_of(change) for change in changes)
    better, worse, unclear, untold = (sum(counts[kind] for kind in kinds) for kinds in SHOWN.values())
    return better, worse, unclear + counts["for context"], untold + missing


def _failed(each: Failed) -> str:
    title = listed([measure_title(name) for name in each.measures])
    return say("list.titled", title=title, group=sentence(told(each.reason).text))


def _named(names: Sequence[str]) -> str:
    if not names:
        return say("mending.list.nothing")
    shown = [shortened(name, NAME) for name in names[:NAMED]]
    more = len(names) - len(shown)
    joined = say("list.clauses").join(shown)
    return say("mending.list.more", names=joined, count=more) if more else joined


def _done(step: StepInfo | None) -> tuple[Told, ...]:
    """Return what a step did, with its counts, and what to mind of it."""
    if step is None:
        return ()
    counts = [
        Told(say("list.titled", title=told(name).text, group=f"{count:,}"), told(name).lang)
        for name, count in step.counts.items()
    ]
    return (*counts, *(told(note) for note in step.notes))
