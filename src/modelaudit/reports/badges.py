"""The states that a reader meets, each as a word and a shape; the colour comes from the style sheet by its key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from modelaudit.reports.words import say

Key = Literal["exceeds", "accepted", "inconclusive", "within", "absent", "failed", "context"]


@dataclass(frozen=True, slots=True)
class Badge:
    """One state: a key for colour and marker, a shape that survives grey print, and the noun that its words go by."""

    key: Key
    shape: str
    noun: str

    @property
    def words(self) -> str:
        """The state in the report's language."""
        return say(f"badge.{self.noun}.name")

    def count(self, number: int) -> str:
        """Return the state with how many are in it: `2 exceed their limits`."""
        return say(f"badge.{self.noun}.count", count=number)


EXCEEDS = Badge("exceeds", "▲", "exceeds")
ACCEPTED = Badge("accepted", "◇", "accepted")
INCONCLUSIVE = Badge("inconclusive", "◐", "inconclusive")
WITHIN = Badge("within", "●", "within")
ABSENT = Badge("absent", "○", "absent")
FAILED = Badge("failed", "✕", "failed")
CONTEXT = Badge("context", "–", "context")
INCOMPLETE = Badge("inconclusive", "◐", "incomplete")
INAPPLICABLE = Badge("absent", "○", "inapplicable")

VERDICTS: dict[str, Badge] = {
    "exceeds limit": EXCEEDS,
    "accepted risk": ACCEPTED,
    "inconclusive": INCONCLUSIVE,
    "within limit": WITHIN,
    "not assessed": ABSENT,
    "incomplete": INCOMPLETE,
}
"""The badge of each verdict and of each state of a family."""

GRAVITY: tuple[Badge, ...] = (FAILED, EXCEEDS, ACCEPTED, INCONCLUSIVE, ABSENT, WITHIN, INAPPLICABLE, CONTEXT)
"""All states of findings and checks, the gravest first."""


def severity_words(severity: str) -> str:
    """Return a severity as it stands beside a state: `high severity`."""
    return say("severity.words", severity=say(f"severity.{severity}"))
