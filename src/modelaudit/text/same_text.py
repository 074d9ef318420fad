"""Texts that are one and the same for a reader: folded so that equal ones are equal strings."""

from __future__ import annotations

import unicodedata

_JOINERS = frozenset((0x034F, 0x115F, 0x1160, 0x17B4, 0x17B5, 0x180B, 0x180C, 0x180D, 0x180F, 0x3164, 0xFFA0, 0x2800))
"""Grapheme joiner, Hangul fillers, Khmer vowels that are not shown, Mongolian selectors, blank Braille."""
_SELECTORS = (range(0xFE00, 0xFE10), range(0xE0100, 0xE01F0))
"""Variation selectors: they choose a drawing of the character before them."""


class _Visible(dict[int, int | None]):
    """What each code point becomes before all else: itself, or nothing where it shows nothing."""

    def __missing__(self, code: int) -> int | None:
        character = chr(code)
        unseen = unicodedata.category(character) in ("Cf", "Cc") and not character.isspace()
        unseen = unseen or code in _JOINERS or any(code in selectors for selectors in _SELECTORS)
        self[code] = None if unseen else code
        return self[code]


class _Marks(dict[int, str]):
    """ "m" for a combining mark, a space for any other character."""

    def __missing__(self, code: int) -> str:
        self[code] = "m" if unicodedata.combining(chr(code)) else " "
        return self[code]


_VISIBLE, _MARKS = _Visible(), _Marks()
_TOO_MANY_MARKS = "m" * 31
"""Unicode's stream format has 30 marks in a row at the most; to put more in order takes their number squared."""


def same_text(text: str) -> str:
    """Return what two texts share that differ in case, white space, compatibility forms or unseen characters alone.

    Characters of the categories Cf and Cc that are no white space, joiners, fillers and variation selectors are taken
    out; the rest is folded as for Unicode's compatibility caseless match (The Unicode Standard, D146) and composed;
    runs of white space become one space, and none stands at either end. Look-alike letters, accents and punctuation
    stay. Lone surrogates stay, so the result can't always be encoded in UTF-8. A text with more than 30 combining marks
    in a row keeps its compatibility forms, so that no text takes long. Folding twice changes nothing.
    """
    seen = text.translate(_VISIBLE)
    if not seen.isascii() and _TOO_MANY_MARKS not in seen.translate(_MARKS):
        decomposed = unicodedata.normalize("NFD", seen).casefold()
        decomposed = unicodedata.normalize("NFKD", decomposed).casefold()
        seen = unicodedata.normalize("NFKC", decomposed)
    return " ".join(seen.casefold().split())
