"""Outcome: what the search for one row came to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from modelaudit.checker import ModelHandle, Predictions
from modelaudit.checkers.robustness.attack.goal import EntityGoal, Goal, LabelGoal
from modelaudit.checkers.robustness.attack.kind import Kind
from modelaudit.checkers.robustness.attack.plan import Plan
from modelaudit.checkers.robustness.attack.ranking import ranked
from modelaudit.checkers.robustness.attack.search import beam, greedy, random_draws
from modelaudit.checkers.robustness.attack.site import Choice, Sites
from modelaudit.checkers.robustness.attack.target import Spent, Target
from modelaudit.checkers.robustness.entities import entities
from modelaudit.drawing import content
from modelaudit.rows import Row
from modelaudit.text import row_rng


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """A row with its original answer, and what a search is to make of it.

    Attributes:
        goal: the answer to be left. own: what the model reads. margin, confidence: of the original answer.
        right: whether the answer is the true one, None where the truth is not known. A wrong one is not attacked.
    """

    row: Row
    goal: Goal
    own: str
    margin: float
    confidence: float
    right: bool | None


@dataclass(frozen=True, slots=True, eq=False)
class Outcome:
    """What the search came to: the edits that were found, or none."""

    subject: Subject
    sites: Sites
    choice: Choice | None = None
    found_at: int | None = None
    spent: Spent | None = None

    @property
    def edited(self) -> Row:
        """The row with the edits that were found."""
        return self.sites.edited(self.choice or ())

    @property
    def edit_share(self) -> float:
        """The share of the row's words that were edited."""
        return len(self.choice or ()) / self.sites.words


def subjects_of(
    rows: Sequence[Row], before: Predictions, prints: Sequence[str], labels: tuple[str, ...]
) -> list[Subject]:
    """Return the rows whose answer can be attacked, or counts as wrong without.

    Of token classification these are sentences with an entity, true where that is known and else predicted, and an
    answer to each word.
    """
    found = []
    for place, (row, own) in enumerate(zip(rows, prints, strict=True)):
        made = (
            _label_goal(row, before, place, labels)
            if before.offsets is None
            else _entity_goal(row, before, place, labels)
        )
        if made is not None:
            goal, right, answer = made
            margins, _ = goal.scores(answer)
            found.append(Subject(row, goal, own, float(margins[0]), goal.confidence(answer, 0), right))
    return found


def attacked(subject: Subject, sites: Sites, kind: Kind, model: ModelHandle, plan: Plan) -> Outcome:
    """Search for edits of one row; plain blocking calls, so that many rows can be searched in lockstep."""
    if subject.right is False:
        return Outcome(subject, sites)
    target = Target(model, sites, subject.goal, plan, subject.own, subject.margin, plan.most_edits(sites.words))
    rng = row_rng(plan.seed, kind.name, kind.version, 0, content(subject.row))
    order = ranked(target, rng)
    if order and not target.done:
        if plan.search == "random":
            random_draws(target, order, rng)
        elif plan.search == "beam":
            beam(target, order)
        else:
            greedy(target, order)
    return Outcome(subject, sites, target.found, target.found_at, target.spent)


def _label_goal(
    row: Row, before: Predictions, place: int, labels: tuple[str, ...]
) -> tuple[Goal, bool | None, Predictions]:
    one = slice(place, place + 1)
    answer = Predictions(before.logits[one], before.probabilities[one], before.truncated[one])
    predicted = int(answer.labels[0])
    return LabelGoal(predicted, labels), None if row.label is None else row.label == predicted, answer


def _entity_goal(
    row: Row, before: Predictions, place: int, labels: tuple[str, ...]
) -> tuple[Goal, bool | None, Predictions] | None:
    assert before.offsets is not None
    words = slice(int(before.offsets[place]), int(before.offsets[place + 1]))
    answer = Predictions(
        before.logits[words],
        before.probabilities[words],
        before.truncated[place : place + 1],
        before.offsets[place : place + 2] - before.offsets[place],
    )
    tags = answer.labels
    if (tags < 0).any():
        return None
    seen = entities(labels[tag] for tag in tags)
    true = None if row.tags is None else entities(labels[tag] for tag in row.tags)
    wanted = seen if true is None else true
    if not wanted:
        return None
    right = None if true is None else set(true) <= set(seen)
    # Of a sentence that counts as wrong no entity is attacked; its goal is never asked for.
    return EntityGoal(tags, tuple(wanted if right is not False else seen or wanted), labels), right, answer
