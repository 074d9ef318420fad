"""Arms: one perturbation at one severity, and the rows that it changes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from modelaudit.checkers.robustness.sample import content
from modelaudit.rows import Row
from modelaudit.text import Document, Perturbation, apply, bundled_perturbations, is_probably_english, row_rng
from modelaudit.text.perturbations import SpacingDouble, SpacingNonBreaking, SpacingTrailing

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
STRESS = 4
"""A severity that is shown for context: one word in four."""


@dataclass(frozen=True, slots=True)
class Arm:
    """One perturbation at one severity."""

    perturbation: Perturbation
    level: int

    @property
    def graded(self) -> bool:
        """Whether the perturbation has more than one severity."""
        return len(self.perturbation.levels) > 1

    @property
    def name(self) -> str:
        """The arm as the report names it: "lower case", "typos, severity 2"."""
        return f"{self.perturbation.name}, severity {self.level}" if self.graded else self.perturbation.name

    @property
    def primary(self) -> bool:
        """Whether its numbers are judged."""
        return self.perturbation.tier in JUDGED_TIERS and not (self.graded and self.level > MILD)

    @property
    def plain_text_only(self) -> bool:
        """Whether it changes the space between words, which rows that come as words do not have."""
        return isinstance(self.perturbation, SpacingDouble | SpacingNonBreaking | SpacingTrailing)

    @property
    def english_only(self) -> bool:
        """Whether its rules were written for English."""
        return self.perturbation.languages == ("en",)

    @property
    def rule(self) -> str:
        """Why the answer should stay, for the reader."""
        tier = self.perturbation.tier
        return f"Label rule ({tier}, {TIERS[tier]}): {self.perturbation.label_rule}"


def arms(*, stress: bool) -> list[Arm]:
    """Return the bundled perturbations at the severity that is judged; with `stress` also beyond it.

    What a reader can't see at all (tier L0) is not run again at a higher severity: it would show nothing else.
    """
    found = []
    for perturbation in bundled_perturbations():
        graded = Arm(perturbation, MILD).graded
        found.append(Arm(perturbation, MILD if graded else perturbation.levels[0]))
        if stress and graded and perturbation.tier != "L0":
            found.append(Arm(perturbation, STRESS))
    return found


@dataclass(frozen=True, slots=True)
class Trial:
    """One row under one arm. `word_map` says for each old word its new places (token classification)."""

    place: int
    edited: Row
    word_map: tuple[tuple[int, ...], ...]
    edits: int


@dataclass(frozen=True, slots=True)
class Trials:
    """The rows that an arm changed, and how many it could not be applied to, by reason."""

    changed: tuple[Trial, ...]
    no_site: int
    refused: int
    other_language: int


def trials(arm: Arm, rows: Sequence[Row], *, seed: int) -> Trials:
    """Apply an arm to rows; the draw for a row depends on the seed, the arm and the row's text alone."""
    changed: list[Trial] = []
    no_site = refused = other_language = 0
    for place, row in enumerate(rows):
        if arm.english_only and not is_probably_english(row.text):
            other_language += 1
            continue
        document = Document(row.text) if row.words is None else Document.from_words(row.words)
        rng = row_rng(seed, arm.perturbation.name, arm.perturbation.version, arm.level, content(row))
        edits = arm.perturbation.edits(document, level=arm.level, rng=rng)
        try:
            edited = apply(document, edits)
        except ValueError:
            # An edit that would split, merge or cross words has no answer to compare; it is counted, never kept.
            refused += 1
            continue
        if edited.document.text == document.text:
            no_site += 1
            continue
        new_row = (
            row.with_text(edited.document.text)
            if row.words is None
            else row.with_words(edited.document.word_texts(), None)
        )
        changed.append(Trial(place, new_row, edited.word_map, len(edited.edits)))
    return Trials(tuple(changed), no_site, refused, other_language)
