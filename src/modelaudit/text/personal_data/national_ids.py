"""Numbers that a state gives to a person: United States, United Kingdom, China."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from modelaudit.text.personal_data.births import is_day
from modelaudit.text.personal_data.match import Match, found_at, led_by

_BEFORE = r"(?<![0-9A-Za-z_/])(?<![0-9][-.])"
_BEHIND = r"(?![0-9A-Za-z_]|[-.][0-9])"

_SSN = re.compile(rf"{_BEFORE}([0-9]{{3}})([- ]?)([0-9]{{2}})\2([0-9]{{4}}){_BEHIND}")
_SSN_CUE = re.compile(r"(?<![a-z])(?:ssn|social security)(?![a-z])[^\n.;!?0-9]{0,24}$", re.IGNORECASE)
_SSN_ADVERTISED = {"078051120", "219099999"}
"""Numbers that were printed in advertisements and are nobody's (Social Security Administration)."""

_NINO = re.compile(
    rf"{_BEFORE}([A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z])([ -]?)[0-9]{{2}}\2[0-9]{{2}}\2[0-9]{{2}}\2[A-D]{_BEHIND}",
    re.IGNORECASE,
)
_NINO_UNUSED = {"BG", "GB", "KN", "NK", "NT", "TN", "ZZ"}
_NINO_CUE = re.compile(
    r"(?<![a-z])(?:national insurance|nino|ni (?:number|no))(?![a-z])[^\n;!?0-9]{0,24}$", re.IGNORECASE
)

_NHS = re.compile(rf"{_BEFORE}[0-9]{{3}}([ -]?)[0-9]{{3}}\1[0-9]{{4}}{_BEHIND}")
_NHS_CUE = re.compile(r"(?<![a-z])nhs(?![a-z])[^\n;!?0-9]{0,24}$", re.IGNORECASE)

_RESIDENT = re.compile(r"(?<![0-9A-Za-z])(?<![0-9][-.])[1-9][0-9]{16}[0-9Xx](?![0-9A-Za-z]|[-.][0-9])")
_PROVINCES = {
    *range(11, 16), *range(21, 24), *range(31, 38), *range(41, 47), *range(50, 55), *range(61, 66), 71, 81, 82, 83, 91,
}  # fmt: skip
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECKS = "10X98765432"
_REACH = 48


def person_numbers(text: str, starts: Sequence[int]) -> list[Match]:
    """Return the numbers of persons, by the rules under which each state gives them out.

    US social security numbers: no area 000, 666 or 900 and up, no group 00, no serial 0000; with dashes, or behind
    their name. UK national insurance numbers: prefixes that are in use; capitals, or behind their name. UK NHS
    numbers: only behind "NHS", since one in eleven phone numbers passes their check. Chinese resident ids (GB
    11643-1999): province, day of birth and ISO 7064's mod 11-2.
    """
    return [
        *_social_security(text, starts),
        *_national_insurance(text, starts),
        *_health_service(text, starts),
        *_residents(text, starts),
    ]


def _social_security(text: str, starts: Sequence[int]) -> Iterator[Match]:
    for match in found_at(_SSN, text, starts):
        area, separator, group, serial = match.groups()
        given = area not in {"000", "666"} and area[0] != "9" and group != "00" and serial != "0000"
        if not given or area + group + serial in _SSN_ADVERTISED:
            continue
        if separator == "-" or led_by(_SSN_CUE, text, match.start(), reach=_REACH):
            yield Match("US social security number", *match.span())


def _national_insurance(text: str, starts: Sequence[int]) -> Iterator[Match]:
    # Two letters go before, and perhaps a space.
    begins = sorted({start - before for start in starts for before in (2, 3) if start >= before})
    for match in found_at(_NINO, text, begins):
        used = match[1].upper() not in _NINO_UNUSED
        if used and (match[0].isupper() or led_by(_NINO_CUE, text, match.start(), reach=_REACH)):
            yield Match("UK national insurance number", *match.span())


def _health_service(text: str, starts: Sequence[int]) -> Iterator[Match]:
    for match in found_at(_NHS, text, starts):
        digits = [int(character) for character in match[0] if character.isdigit()]
        weighted = sum(weight * digit for weight, digit in zip(range(10, 1, -1), digits, strict=False))
        if (11 - weighted % 11) % 11 == digits[-1] and led_by(_NHS_CUE, text, match.start(), reach=_REACH):
            yield Match("UK NHS number", *match.span())


def _residents(text: str, starts: Sequence[int]) -> Iterator[Match]:
    for match in found_at(_RESIDENT, text, starts):
        number = match[0].upper()
        weighted = sum(weight * int(digit) for weight, digit in zip(_WEIGHTS, number, strict=False))
        born = is_day(int(number[6:10]), int(number[10:12]), int(number[12:14]))
        if int(number[:2]) in _PROVINCES and born and _CHECKS[weighted % 11] == number[-1]:
            yield Match("Chinese resident id", *match.span())
