"""Made-up dates of birth: of the same month, a few years earlier or later, written in the same way.

A value is year, month and day, "1990-05-12".
"""

from __future__ import annotations

import re
from functools import cache
from random import Random

from modelaudit.text.lexicon import word_classes
from modelaudit.text.personal_data.folding import folded
from modelaudit.training.measures.surrogate_numbers import written_as

_NEARBY, _WIDER = 5, 40
"""Years to both sides that are drawn from, and those where the near ones are used up."""
_TRIED = 60
_FIRST, _LAST = 1900, 2025
_THIS_CENTURY = 30
"""Two digits up to this one are of the years after 2000."""
_MONTHS_OF_A_YEAR = 12
_ORDINAL = re.compile(r"([0-9]{1,2})(st|nd|rd|th)(?![a-z])", re.IGNORECASE)


def value_of_birth(written: str) -> str:
    """Return the day; of 5/3/1990 the day is taken to stand first, as it does in most countries."""
    plain = folded(written)
    year, month, day = (plain[slice(*span)] for span in _parts(plain))
    named = _month_named(plain)
    in_full = int(year) if len(year) == 4 else int(year) + (2000 if int(year) <= _THIS_CENTURY else 1900)
    return f"{in_full:04}-{named or int(month):02}-{int(day):02}"


def birth(value: str, rng: Random, attempt: int) -> str:
    """Return another day of that month, of one or two digits as the old one, up to five years away."""
    year, month, day = map(int, value.split("-"))
    reach = _NEARBY if attempt < _TRIED else _WIDER
    new_year = min(max(year + rng.randint(-reach, reach), _FIRST), max(year, _LAST))
    new_day = rng.randint(1, 9) if day < 10 else rng.randint(10, 28)
    return f"{new_year:04}-{month:02}-{new_day:02}"


def written_as_birth(written: str, value: str) -> str:
    """Return the new day in the old day's format; the name of the month stays."""
    plain = folded(written)
    year, _, day = value.split("-")
    year_span, _, day_span = _parts(plain)
    new = written
    for (start, end), number in ((year_span, year[-(year_span[1] - year_span[0]) :]), (day_span, day)):
        # A day without a zero before it stays so: both have one digit, or both have two.
        fitting = number[-(end - start) :]
        new = new[:start] + written_as(written[start:end], fitting) + new[end:]
    return _ORDINAL.sub(_with_ordinal, new)


def _parts(plain: str) -> tuple[tuple[int, int], tuple[int, int], tuple[int, int]]:
    """Where year, month and day stand; the month's place is empty where it has a name."""
    runs = [found.span() for found in re.finditer("[0-9]+", plain)]
    if len(runs) == 1:
        start = runs[0][0]
        return (start, start + 4), (start + 4, start + 6), (start + 6, start + 8)
    if len(runs) == 2:
        day, year = runs
        return year, (0, 0), day
    if runs[0][1] - runs[0][0] == 4:
        return runs[0], runs[1], runs[2]
    first, second, year = runs
    month_first = int(plain[slice(*second)]) > _MONTHS_OF_A_YEAR
    return (year, first, second) if month_first else (year, second, first)


def _month_named(plain: str) -> int:
    """The month whose name stands there, or 0."""
    words = re.findall(r"[^\W\d_]+", plain.lower())
    return next((_months()[word] for word in words if word in _months()), 0)


def _with_ordinal(found: re.Match[str]) -> str:
    number = int(found[1])
    ending = "th" if 10 < number < 14 else {1: "st", 2: "nd", 3: "rd"}.get(number % 10, "th")
    return found[1] + (ending.upper() if found[2].isupper() else ending)


@cache
def _months() -> dict[str, int]:
    return {name: int(month) for month, names in word_classes("months").items() for name in names}
