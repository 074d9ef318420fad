"""Folding: one plain character for each character of a text, so that a place in one is the same place in the other."""

from __future__ import annotations

import unicodedata

_FULL_WIDTH = range(0xFF01, 0xFF5F)
_TO_ASCII = 0xFEE0
_MINUS = 0x2212


class _Folding(dict[int, int]):
    """Code points by code point, worked out when a character is first met."""

    def __missing__(self, code: int) -> int:
        character = chr(code)
        digit = unicodedata.decimal(character, None)
        category = unicodedata.category(character)
        if digit is not None:
            plain = ord("0") + digit
        elif code in _FULL_WIDTH:
            plain = code - _TO_ASCII
        elif category == "Zs":
            plain = ord(" ")
        elif category == "Pd" or code == _MINUS:
            plain = ord("-")
        else:
            plain = code
        self[code] = plain
        return plain


_FOLDING = _Folding()


def folded(text: str) -> str:
    """Return the text with digits of any script, full-width forms, spaces and dashes as their ASCII counterparts.

    Character by character: what is found at ``[start, end)`` of the result stands there in the text as well.
    """
    return text if text.isascii() else text.translate(_FOLDING)
