"""Numbers of payment: cards (ISO/IEC 7812) and international bank accounts (ISO 13616)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from modelaudit.text.lexicon import word_classes
from modelaudit.text.personal_data.match import Match, found_at

_ISSUERS: tuple[tuple[int, int, frozenset[int]], ...] = (
    # First and last prefix, lengths: as the schemes publish them.
    (4, 4, frozenset({16, 19})),  # Visa; its 13 digits of old are no longer issued
    (51, 55, frozenset({16})),  # Mastercard
    (2221, 2720, frozenset({16})),
    (34, 34, frozenset({15})),  # American Express
    (37, 37, frozenset({15})),
    (6011, 6011, frozenset({16, 19})),  # Discover
    (644, 659, frozenset({16, 19})),
    (3528, 3589, frozenset({16, 19})),  # JCB
    (300, 305, frozenset({14, 16})),  # Diners Club
    (36, 36, frozenset({14})),
    (38, 39, frozenset({14, 16})),
    (62, 62, frozenset({16, 17, 18, 19})),  # UnionPay
    (5018, 5018, frozenset({16, 18, 19})),  # Maestro
    (5020, 5020, frozenset({16, 18, 19})),
    (5038, 5038, frozenset({16, 18, 19})),
    (5893, 5893, frozenset({16, 18, 19})),
    (6304, 6304, frozenset({16, 18, 19})),
    (6759, 6763, frozenset({16, 18, 19})),
    (2200, 2204, frozenset({16, 19})),  # Mir
)
_BEFORE = r"(?<![0-9A-Za-z_/+])(?<![0-9][.-])"
_BEHIND = r"(?![0-9A-Za-z_]|[.-][0-9])"
# The longer writing is tried before the shorter: behind a card there may stand other numbers.
_CARDS = (
    re.compile(rf"{_BEFORE}[0-9]{{14,19}}{_BEHIND}"),
    re.compile(rf"{_BEFORE}[0-9]{{4}}([ -])[0-9]{{4}}\1[0-9]{{4}}\1[0-9]{{4}}\1[0-9]{{1,3}}{_BEHIND}"),
    re.compile(rf"{_BEFORE}[0-9]{{4}}([ -])[0-9]{{4}}\1[0-9]{{4}}\1[0-9]{{4}}{_BEHIND}"),
    re.compile(rf"{_BEFORE}[0-9]{{4}}([ -])[0-9]{{6}}\1[0-9]{{4,5}}{_BEHIND}"),
)
_IBAN = re.compile(r"(?<![0-9A-Za-z])([A-Za-z]{2})[0-9]{2}")
_BLOCK = 4


def cards(text: str, starts: Sequence[int]) -> list[Match]:
    """Return the numbers of payment cards: an issuer's prefix, a length that it uses, and Luhn's check digit.

    Written in one, or in the blocks of the card (4-4-4-4, 4-6-5, 4-6-4) with spaces or dashes. One in ten numbers of
    another meaning that have prefix and length passes the check.
    """
    found: dict[int, Match] = {}
    for pattern in _CARDS:
        for match in found_at(pattern, text, starts):
            start, end = match.span()
            digits = re.sub(r"[ -]", "", match[0])
            if start not in found and _has_issuer(digits) and passes_luhn(digits):
                found[start] = Match("payment card number", start, end)
    return list(found.values())


def passes_luhn(digits: str) -> bool:
    """Say whether the last digit is Luhn's check digit of the others (ISO/IEC 7812-1, annex B)."""
    total = 0
    for place, digit in enumerate(reversed(digits)):
        value = int(digit) * (1 + place % 2)
        total += value - 9 if value > 9 else value
    return total % 10 == 0


def _has_issuer(digits: str) -> bool:
    return any(
        low <= int(digits[: len(str(low))]) <= high and len(digits) in lengths for low, high, lengths in _ISSUERS
    )


def ibans(text: str, starts: Sequence[int]) -> list[Match]:
    """Return the IBANs: the country's length, ISO 7064's mod 97, in one or in blocks of four, in one letter case."""
    found = []
    for match in found_at(_IBAN, text, [start - len("DE") for start in starts if start >= len("DE")]):
        length = _iban_lengths().get(match[1].upper())
        if length is None:
            continue
        for separator in ("", " ", "-"):
            end = match.start() + length + (len(separator) and (length - 1) // _BLOCK)
            if _is_iban(text[match.start() : end], length, separator) and not _goes_on(text, end):
                found.append(Match("IBAN", match.start(), end))
                break
    return found


def _is_iban(written: str, length: int, separator: str) -> bool:
    blocks = [written] if not separator else written.split(separator)
    number = "".join(blocks)
    if separator and any(len(block) != _BLOCK for block in blocks[:-1]):
        return False
    if len(number) != length or not number.isascii() or not number.isalnum():
        return False
    if not (number.isupper() or number.islower()):
        return False
    turned = number[4:] + number[:4]
    return int("".join(str(int(character, 36)) for character in turned)) % 97 == 1


def _goes_on(text: str, end: int) -> bool:
    return end < len(text) and text[end].isascii() and text[end].isalnum()


@cache
def _iban_lengths() -> dict[str, int]:
    return {country: int(length) for length, codes in word_classes("iban_lengths").items() for country in codes}
