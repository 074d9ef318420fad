"""Forms: texts of checkers with gaps, and what stands in a gap translated as far as it can be.

Most captions and caveats name a group, a change or a number: "Rows that moved most (age: older - younger)". A form is
such a text with numbered gaps, "Rows that moved most ({0})", and its translation has the same gaps in an order of its
own; a gap that is written {0#} takes a number alone. A text is taken apart from the left, each gap as short as can be,
in one pass without going back, so a hostile text costs no more than its length.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

LONGEST = 1_000
"""Characters of a text that forms are tried on; what checkers write of themselves is shorter."""
DEEPEST = 2
"""How many forms may stand in one another: a caption names a change, and the change its severity."""
_GAP = re.compile(r"\{(\d)(#?)\}")
_NUMBER = re.compile(r"[-+−<]? ?\d[\d.,]*(e[-+]?\d+)?%?")


@dataclass(frozen=True, slots=True)
class Form:
    """A text with gaps and its translation.

    Attributes:
        pieces: the fixed parts of the text in their order, one more than it has gaps.
        numbers: for each gap, whether it takes a number alone.
        words: the fixed parts of the translation in their order, one more than it has gaps.
        places: for each gap of the translation, which one of the text's stands there.
    """

    pieces: tuple[str, ...]
    numbers: tuple[bool, ...]
    words: tuple[str, ...]
    places: tuple[int, ...]

    @classmethod
    def of(cls, text: str, translation: str) -> Form:
        """Return the form of a text whose gaps are numbered from the left, {0}, {1}, and so on."""
        ours, theirs = _GAP.split(text), _GAP.split(translation)
        return cls(tuple(ours[::3]), tuple(map(bool, ours[2::3])), tuple(theirs[::3]), tuple(map(int, theirs[1::3])))

    @property
    def fixed(self) -> int:
        """How many characters are fixed."""
        return sum(map(len, self.pieces))

    def gaps(self, text: str) -> tuple[str, ...] | None:
        """Return what stands in the gaps, or None where the text is not of this form. An empty gap is none."""
        first, *others, last = self.pieces
        if not text.startswith(first) or not text.endswith(last):
            return None
        found, start, end = [], len(first), len(text) - len(last)
        for piece in others:
            place = text.find(piece, start + 1, end)
            if place < 0:
                return None
            found.append(text[start:place])
            start = place + len(piece)
        found.append(text[start:end])
        fits = all(
            gap and (not number or _NUMBER.fullmatch(gap)) for gap, number in zip(found, self.numbers, strict=True)
        )
        return tuple(found) if fits else None

    def filled(self, gaps: Sequence[str]) -> str:
        """Return the translation with the gaps filled."""
        return self.words[0] + "".join(
            f"{gaps[place]}{word}" for place, word in zip(self.places, self.words[1:], strict=True)
        )


def in_order(forms: Sequence[Form]) -> tuple[Form, ...]:
    """Return forms in the order in which they are tried: the more of a text is fixed, the sooner."""
    return tuple(sorted(forms, key=lambda form: (-form.fixed, form.pieces)))


def translated(text: str, known: Mapping[str, str], forms: Sequence[Form]) -> str | None:
    """Return a text's translation, or None: its own, that of its form, or that of the clause it is the sentence of.

    Args:
        text: what a checker says, in English.
        known: translations by the exact text.
        forms: as `in_order` returns them.
    """
    if (own := _told(text, known, forms, DEEPEST)) is not None:
        return own
    if not text.endswith("."):
        return None
    clause = text[:-1]
    for each in (clause, clause[:1].lower() + clause[1:]):
        if (said := _told(each, known, forms, DEEPEST)) is not None:
            return f"{said}。"
    return None


def _told(text: str, known: Mapping[str, str], forms: Sequence[Form], depth: int) -> str | None:
    if (own := known.get(text)) is not None:
        return own
    if not depth or len(text) > LONGEST:
        return None
    for form in forms:
        if (gaps := form.gaps(text)) is not None:
            return form.filled([_told(gap, known, forms, depth - 1) or gap for gap in gaps])
    return None
