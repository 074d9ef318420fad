"""The states that a reader meets, each as a word and a shape; the colour comes from the style sheet by its key."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Key = Literal["exceeds", "accepted", "inconclusive", "within", "absent", "failed", "context"]


@dataclass(frozen=True, slots=True)
class Badge:
    """One state: a key for colour and marker, a shape that survives grey print, and the word."""

    key: Key
    shape: str
    words: str


EXCEEDS = Badge("exceeds", "▲", "Exceeds limit")
ACCEPTED = Badge("accepted", "◇", "Accepted risk")
INCONCLUSIVE = Badge("inconclusive", "◐", "Inconclusive")
WITHIN = Badge("within", "●", "Within limit")
ABSENT = Badge("absent", "○", "Not assessed")
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
