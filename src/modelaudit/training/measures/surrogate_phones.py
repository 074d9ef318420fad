"""Made-up phone numbers: of the same country and about the same area, from the ranges for fiction where there are any.

A value is the digits that are dialled, behind a "+" where they begin with a country's code.
"""

from __future__ import annotations

import re
from functools import cache
from random import Random

from modelaudit.text.lexicon import read_lexicon
from modelaudit.text.personal_data.folding import folded
from modelaudit.training.measures.surrogate_numbers import digits, written_as

_KEPT_AREA, _ANY_AREA = 40, 120
"""Attempts after which another area is taken, and then any number."""
_REDRAWN = 7
_FICTION: tuple[tuple[str, int, str], ...] = (
    # How a number begins, its length, and how those of fiction begin, behind the country's code: Ofcom, Arcep and
    # Bundesnetzagentur publish them.
    ("+447", 13, "+447700900"),
    ("+4420", 13, "+442079460"),
    ("+44", 13, "+441632960"),
    ("07", 11, "07700900"),
    ("020", 11, "02079460"),
    ("01632", 11, "01632960"),
    ("+331", 12, "+3319900"),
    ("+332", 12, "+3326191"),
    ("+333", 12, "+3335301"),
    ("+334", 12, "+3346571"),
    ("+335", 12, "+3353649"),
    ("+336", 12, "+3363998"),
    ("+337", 12, "+3363998"),
    ("+4930", 13, "+493023125"),
    ("+4940", 13, "+494066969"),
    ("+4969", 13, "+496990009"),
)
_AREA = re.compile(r"[2-9](?!11)[0-8][0-9]")
_LONG_DISTANCE = re.compile(r"1[-. ]?\(?[2-9][0-9]{2}\)?[-. ]{1,2}[2-9][0-9]{2}[-. ][0-9]{4}")
"""Numbers of North America behind their country's code, which is the digit that is dialled first there, too."""
_FICTION_AMERICA = "55501"
"""The last four digits 0100 to 0199 behind 555 (North American Numbering Plan)."""
_WITHOUT_AREA, _WITH_AREA = 7, 10


def value_of_phone(written: str) -> str:
    """Return what is dialled; the 0 of "+44 (0)20" is not."""
    plain = folded(written)
    if not _is_international(plain):
        return ("+" if _LONG_DISTANCE.fullmatch(plain) else "") + re.sub("[^0-9]", "", plain)
    dialled = re.sub("[^0-9]", "", plain.replace("(0)", ""))
    return "+" + (dialled if "+" in plain else dialled[2:])


def written_as_phone(written: str, value: str) -> str:
    """Return the new number as the old one is written: separators, "00" or "+", "(0)"."""
    plain = folded(written)
    places = [place for place, character in enumerate(plain) if "0" <= character <= "9"]
    if value.startswith("+") and _is_international(plain):
        spoken = {found.start() + 1 for found in re.finditer(r"\(0\)", plain)}
        places = [place for place in places if place not in spoken][0 if "+" in plain else 2 :]
    return written_as(written, value.lstrip("+"), places)


def phone(value: str, rng: Random, attempt: int) -> str:
    """Return another number that is as long; country and area stay as long as numbers of them are left."""
    america = _american(value, rng, attempt)
    if america is not None:
        return america
    for begin, length, fiction in _FICTION:
        if attempt < _KEPT_AREA and value.startswith(begin) and len(value) == length:
            return fiction + digits(rng, length - len(fiction))
    code = _code(value)
    kept = max(len(code) + 1, len(value) - _REDRAWN)
    first = value[kept]
    # Where another digit than 0 and 1 stands first, these would often be no subscriber's.
    drawn = rng.choice("23456789") if first in "23456789" else first
    return value[:kept] + drawn + digits(rng, len(value) - kept - 1)


def _american(value: str, rng: Random, attempt: int) -> str | None:
    """A number of fiction for one of North America, or None for another."""
    code = "+1" if value.startswith("+1") else ""
    area = value[len(code) : -_WITHOUT_AREA]
    if len(value) == _WITHOUT_AREA:
        if not value.startswith("555"):
            return None
    elif len(area) != _WITH_AREA - _WITHOUT_AREA or not _AREA.fullmatch(area):
        return None
    elif attempt >= _KEPT_AREA:
        area = f"{rng.randint(2, 9)}{rng.randint(2, 8)}{rng.randint(0, 9)}"
    number = _FICTION_AMERICA + digits(rng, 2) if attempt < _ANY_AREA else "555" + digits(rng, 4)
    return code + area + number


def _is_international(plain: str) -> bool:
    return "+" in plain or plain.lstrip("(").startswith("00")


def _code(value: str) -> str:
    """The "+" and the country's code; nothing in a national number."""
    if not value.startswith("+"):
        return ""
    return next((value[:size] for size in (2, 3, 4) if value[1:size] in _codes()), "+")


@cache
def _codes() -> frozenset[str]:
    return frozenset(code for code, _, _ in read_lexicon("calling_codes"))
