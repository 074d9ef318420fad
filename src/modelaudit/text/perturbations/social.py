"""What posts carry before and behind their text: hashtags, handles, links, emoji."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

import numpy as np

from modelaudit.text.edits import Document, Edit
from modelaudit.text.perturbations.additions import behind, drawn, in_front
from modelaudit.text.perturbations.base import TEXT_AND_TOKENS, Tier, check_level

Kind = Literal["hashtag", "handle", "link", "emoji"]
KINDS: tuple[Kind, ...] = ("hashtag", "handle", "link", "emoji")

# None of them names, praises or dates anything; the domain is the one kept for examples (RFC 2606).
_PIECES: dict[Kind, tuple[str, ...]] = {
    "hashtag": ("#fyi", "#post", "#note", "#update", "#repost"),
    "handle": ("@user", "@username", "@user1", "@user2", "@account"),
    "link": ("https://example.org/p", "https://example.org/a1", "https://example.com/x", "example.org/post"),
    "emoji": ("📌", "📎", "🔗", "📝", "▶️"),
}


@dataclass(frozen=True, slots=True)
class SocialNoise:
    """One, two or three neutral pieces, each at a drawn end of the text; no handles in pre-tokenised text.

    A handle can count as a person's name there, and the pieces must be outside of all entities.
    """

    kinds: tuple[Kind, ...] = KINDS

    version: ClassVar[int] = 1
    family: ClassVar[str] = "informal writing"
    tier: ClassVar[Tier] = "L2"
    levels: ClassVar[tuple[int, ...]] = (1, 2, 3)
    languages: ClassVar[tuple[str, ...]] = ("*",)
    tasks: ClassVar[tuple[str, ...]] = TEXT_AND_TOKENS
    label_rule: ClassVar[str] = "The text stays as it is; what stands before and behind it has no opinion and no topic."

    @property
    def name(self) -> str:
        """ "social media noise" for all kinds, "social media noise: emoji" and so on for some."""
        return "social media noise" if self.kinds == KINDS else f"social media noise: {', '.join(self.kinds)}"

    def edits(self, document: Document, *, level: int, rng: np.random.Generator) -> list[Edit]:
        """At most one insertion at each end; none in a text without words."""
        check_level(self.name, level, self.levels)
        allowed = [kind for kind in self.kinds if document.words is None or kind != "handle"]
        pieces = drawn([piece for kind in allowed for piece in _PIECES[kind]], level, rng)
        places = rng.random(len(pieces)) < 0.5
        front = " ".join(piece for piece, is_front in zip(pieces, places, strict=True) if is_front)
        back = " ".join(piece for piece, is_front in zip(pieces, places, strict=True) if not is_front)
        made = in_front(document, front, self.name) if front else []
        return made + (behind(document, back, self.name) if back else [])
