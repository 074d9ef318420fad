"""Members: what became of each arm, measured or not, and the families that they make up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from modelaudit.checkers.robustness.perturbation.arms import Arm
from modelaudit.checkers.robustness.perturbation.effect import Effect
from modelaudit.statistics import Estimate, largest_of


@dataclass(frozen=True, slots=True, eq=False)
class Member:
    """One arm and its effect, or the sentence that says why there is none.

    `in_question` is whether the rows should have shown something of it: a change that finds nothing to change in
    nearly all of many rows, or is made for another language than theirs (`foreign`), says nothing of this data.
    """

    arm: Arm
    effect: Effect | None = None
    reason: str | None = None
    in_question: bool = True
    foreign: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Family:
    """The changes of one kind at the severity that decides, and the doses: the same at other severities."""

    name: str
    members: tuple[Member, ...]
    doses: tuple[Member, ...]

    @property
    def judged(self) -> bool:
        """Whether its numbers count towards a verdict; the tier of a family's changes is alike in this."""
        return all(member.arm.judged for member in self.members)

    @property
    def measured(self) -> tuple[Member, ...]:
        """The members that were measured."""
        return tuple(member for member in self.members if member.effect is not None)

    @property
    def reaching(self) -> tuple[Member, ...]:
        """The measured members that reach the model at all; all measured ones where none does."""
        reach = tuple(member for member in self.measured if member.effect and not member.effect.invariant)
        return reach or self.measured

    def largest_flip(self) -> tuple[Estimate, Member]:
        """Return the largest share of changed answers of all members that reach the model, and which shows it."""
        estimates = [member.effect.flip for member in self.reaching if member.effect]
        largest, which = largest_of(estimates, support=(0.0, 1.0))
        return largest.of_choice(self.reaching[which].arm.name), self.reaching[which]

    def largest_drop(self) -> tuple[Estimate, Member]:
        """Return the largest loss of accuracy or F1 of all members that reach the model, and which shows it.

        Members that no labelled row could tell of are passed over where others have a loss.
        """
        labelled = [member for member in self.reaching if member.effect and member.effect.drop.bounds]
        members = labelled or list(self.reaching)
        largest, which = largest_of([member.effect.drop for member in members if member.effect], support=(-1.0, 1.0))
        return largest.of_choice(members[which].arm.name), members[which]


def families(members: Sequence[Member], doses: Sequence[Member]) -> list[Family]:
    """Gather members by family, in the order in which families first appear; those not judged stand apart."""
    keys = dict.fromkeys(_key(member) for member in members)
    return [
        Family(
            name if judged else f"{name} (stress)",
            tuple(member for member in members if _key(member) == (name, judged)),
            tuple(member for member in doses if _key(member) == (name, judged)),
        )
        for name, judged in keys
    ]


def worst_average(members: Sequence[Member]) -> tuple[Estimate, Member] | None:
    """Return the largest loss over all labelled rows of any judged member, and which shows it; None without one."""
    found = [member for member in members if member.arm.judged and member.effect and member.effect.whole.bounds]
    if not found:
        return None
    largest, which = largest_of([member.effect.whole for member in found if member.effect], support=(-1.0, 1.0))
    return largest.of_choice(found[which].arm.name), found[which]


def _key(member: Member) -> tuple[str, bool]:
    return member.arm.family, member.arm.judged
