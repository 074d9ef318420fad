"""Families: the kinds of one sort at the severity that is judged, and the same at other severities."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from modelaudit.checkers.robustness.corruptions.effect import Effect
from modelaudit.statistics import Estimate, largest_of


@dataclass(frozen=True, slots=True, eq=False)
class Family:
    """The effects of kinds of one sort, and the doses: of the same kinds at all severities, on the same fewer rows."""

    name: str
    effects: tuple[Effect, ...]
    doses: tuple[Effect, ...]

    def by_severity(self, effect: Effect) -> list[Effect]:
        """Return the doses of one effect's kind by ascending severity."""
        doses = [dose for dose in self.doses if dose.arm.kind.name == effect.arm.kind.name]
        return sorted(doses, key=lambda each: each.arm.severity)

    def largest_flip(self) -> tuple[Estimate, Effect]:
        """Return the largest share of changed answers of all kinds, and which shows it."""
        largest, which = largest_of([effect.flip for effect in self.effects], support=(0.0, 1.0))
        return largest.of_choice(self.effects[which].arm.name), self.effects[which]

    def largest_loss(self) -> tuple[Estimate, Effect]:
        """Return the largest loss of all kinds, and which shows it."""
        return largest_loss(self.effects)


def families(effects: Sequence[Effect], doses: Sequence[Effect]) -> list[Family]:
    """Gather effects by family, in the order in which families first appear."""
    names = dict.fromkeys(effect.arm.kind.family for effect in effects)
    return [
        Family(
            name,
            tuple(effect for effect in effects if effect.arm.kind.family == name),
            tuple(effect for effect in doses if effect.arm.kind.family == name),
        )
        for name in names
    ]


def largest_loss(effects: Sequence[Effect]) -> tuple[Estimate, Effect]:
    """Return the largest loss of any of the effects, its lower end for all of them at once, and which shows it."""
    losses = [effect.lost for effect in effects]
    # Of words more can be wrong than were said, so the widest interval that was found stands for what is possible.
    ends = [end for each in losses for _, low, high in each.bounds for end in (low, high)]
    largest, which = largest_of(losses, support=(min(ends, default=-1.0), max(ends, default=1.0)))
    return largest.of_choice(effects[which].arm.name), effects[which]
