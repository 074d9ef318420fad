"""Parts: what is hidden of a row, by what it is made of, and what the report calls it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Parts:
    """The players of one kind of row.

    Attributes:
        one, many: a player, and several; title: several, at the start of a sentence.
        whole: what they are the parts of, in words.
        unusual: what is to be said of a row of which some are hidden.
        read: the players, for the method card.
    """

    one: str
    many: str
    title: str
    whole: str
    unusual: str
    read: str


WORDS = Parts(
    "word",
    "words",
    "Words",
    "text",
    "Text with hidden words is unusual text",
    "the words that the model reads",
)
PATCHES = Parts(
    "patch",
    "patches",
    "Patches",
    "picture",
    "A picture with hidden patches is an unusual picture",
    "square patches of the picture, before the model's own processor",
)
SEGMENTS = Parts(
    "segment",
    "segments",
    "Segments",
    "sound",
    "A sound with hidden segments is an unusual sound",
    "segments of the sound of equal length, before the model's own processor",
)
