"""The states that a reader meets, each as a word and a shape; the colour comes from the style sheet by its key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Key = Literal["exceeds", "accepted", "inconclusive", "within", "absent", "failed", "context"]


@dataclass(frozen=True, slots=True)
class Badge:
    """One state: a key for colour and marker, a shape that survives grey print, and the word.

    `counted` follows a number in a sentence, for one and for several.
    """

    key: Key
    shape: str
    words: str
    counted: tuple[str, str] = ("", "")

    def count(self, number: int) -> str:
        """Return the state with how many are in it: `2 exceed the limit`."""
        return f"{number:,} {self.counted[number != 1] or self.words.lower()}"


EXCEEDS = Badge("exceeds", "▲", "Exceeds limit", ("exceeds its limit", "exceed their limits"))
ACCEPTED = Badge(
    "accepted", "◇", "Accepted risk", ("exceeds its limit as an accepted risk", "exceed their limits as accepted risks")
)
INCONCLUSIVE = Badge("inconclusive", "◐", "Inconclusive", ("is inconclusive", "are inconclusive"))
WITHIN = Badge("within", "●", "Within limit", ("is within its limit", "are within their limits"))
ABSENT = Badge("absent", "○", "Not assessed", ("could not be assessed", "could not be assessed"))
FAILED = Badge("failed", "✕", "Check failed")
CONTEXT = Badge("context", "–", "Not judged")
INCOMPLETE = Badge("inconclusive", "◐", "Incomplete")
INAPPLICABLE = Badge("absent", "○", "Does not apply")

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
