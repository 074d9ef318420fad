"""Arms: one perturbation at one severity on one side of a row, and which of them an audit runs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from modelaudit.checkers.robustness.perturbation.sides import WHOLE, Side
from modelaudit.text import TEXT_AND_TOKENS, Perturbation

JUDGED_TIERS = ("L0", "L1", "L2")
"""Tiers whose label rule is preserving: only there is a changed answer a defect."""
TIERS = {
    "L0": "identity for a human reader",
    "L1": "the same words with surface noise",
    "L2": "the meaning is kept by construction",
    "L3": "the meaning is probably kept: a stress, not judged",
    "D": "directional: the answer should change, not judged",
}
MILD = 2
"""The severity that is judged: one word in ten, which stays easy to read."""


@dataclass(frozen=True, slots=True)
class Arm:
    """One perturbation at one severity, made on one side of a row."""

    perturbation: Perturbation
    level: int
    side: Side = WHOLE

    @property
    def graded(self) -> bool:
        """Whether the perturbation has more than one severity."""
        return len(self.perturbation.levels) > 1

    @property
    def name(self) -> str:
        """The arm as the report names it: "lower case", "question: letters swapped, severity 2"."""
        name = self.side.prefix + self.perturbation.name
        return f"{name}, severity {self.level}" if self.graded else name

    @property
    def family(self) -> str:
        """The kind of change, and the side that it is made on."""
        return self.side.prefix + self.perturbation.family

    @property
    def judged(self) -> bool:
        """Whether its numbers count towards a verdict."""
        return self.perturbation.tier in JUDGED_TIERS

    @property
    def rule(self) -> str:
        """Why the answer should stay, for the reader."""
        tier = self.perturbation.tier
        return f"Label rule of '{self.perturbation.name}' ({tier}, {TIERS[tier]}): {self.perturbation.label_rule}"

    def speaks(self, language: str | None) -> bool:
        """Whether its rules were written for a text of this language; None stands for a language not known."""
        return "*" in self.perturbation.languages or language in self.perturbation.languages


def main_arms(perturbations: Iterable[Perturbation], task: str, sides: Sequence[Side] = (WHOLE,)) -> list[Arm]:
    """Return each perturbation of this task on each side, at the severity that decides.

    Perturbations name text or token classification. Those for texts are tried on whatever else reads texts.
    """
    named = task if task in TEXT_AND_TOKENS else TEXT_AND_TOKENS[0]
    changes = [each for each in perturbations if named in each.tasks or task in each.tasks]
    return [Arm(each, MILD if MILD in each.levels else each.levels[0], side) for side in sides for each in changes]


def dose_arms(main: Sequence[Arm], levels: Sequence[int]) -> list[Arm]:
    """Return the graded arms at those other severities that they have, to show how the answer depends on it."""
    return [
        Arm(arm.perturbation, level, arm.side)
        for arm in main
        if arm.graded
        for level in levels
        if level in arm.perturbation.levels and level != arm.level
    ]
