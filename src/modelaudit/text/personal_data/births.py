"""Dates of birth: a day of the calendar beside a word for being born."""

from __future__ import annotations

import datetime
import itertools
import re
from collections.abc import Sequence
from functools import cache

from modelaudit.text.lexicon import word_classes
from modelaudit.text.personal_data.match import Match, found_at, led_by

FIRST_YEAR, LAST_YEAR = 1900, 2099

_YEAR = r"(?:19|20)[0-9]{2}"
_FIELD = (
    r"d\.?o\.?b\b\.?|date of birth|birth ?dates?|birthday|geburtsdatum|geburtstag|date de naissance|"
    r"fecha de nacimiento|data di nascita|data de nascimento|geboortedatum|出生日期|出生年月日?|生日"
)
_VERB = r"born|geboren|geb\.|n[ée]e? le|nacid[oa]|nat[oa] (?:il|a)|nascid[oa]|出生|生于"
_GAP = r"(?:(?!died?\b|death\b|dead\b|gestorben|mort[eo]?\b|逝世|去世|卒)[^\n.;!?。；！？†0-9])"
_CUE = re.compile(rf"(?<![A-Za-z])(?:{_FIELD}|{_VERB}){_GAP}{{0,40}}$", re.IGNORECASE)
_FIELD_CUE = re.compile(rf"(?<![A-Za-z])(?:{_FIELD})(?: is| was|是|为)?[\s:=,(-]{{0,4}}$", re.IGNORECASE)
_STEMS = (
    "born", "birth", "dob", "d.o.b", "geboren", "geb.", "geburts", "geboorte", "né", "ne le", "nee le", "naissance",
    "nacid", "nacim", "nascit", "nascid", "nascim", "nato ", "nata ", "出生", "生日", "生于", "日生",
)  # fmt: skip
"""One of these, in small letters, is part of every cue."""
_REACH = 64
_CUE_BEHIND = re.compile(
    r"日?[ ,]{0,2}"
    rf"(?:出生(?!日期|年月|地)|生(?=[,.、。;)\s]|$)|于[^。0-9]{{1,10}}出生| ?\( ?(?:{_FIELD}))",
    re.IGNORECASE,
)


def birth_dates(text: str, starts: Sequence[int]) -> list[Match]:
    """Return the dates of birth; the span is the date alone.

    A date is a day that the calendar has in the years 1900 to 2099, in numbers (day or month first), with the month's
    name, or Chinese. A cue such as "born", "DOB", "geboren" or 出生 leads to it within 40 characters of one sentence
    without another number, or stands right behind it. With two digits for the year, or eight in one, it takes the name
    of a field ("DOB: 5/12/90").
    """
    lower = text.lower()
    if not any(stem in lower for stem in _STEMS):
        return []
    found = []
    for match in itertools.chain(*(found_at(date, text, starts) for date in _dates()), _name_first().finditer(text)):
        short = match.groupdict().get("short") is not None
        if _is_day(match) and (
            led_by(_FIELD_CUE if short else _CUE, text, match.start(), reach=_REACH)
            or (not short and _CUE_BEHIND.match(text, match.end(), match.end() + _REACH))
        ):
            found.append(Match("date of birth", *match.span()))
    return found


def is_day(year: int, month: int, day: int) -> bool:
    """Say whether the calendar has the day, in the years that births are looked for in."""
    try:
        return FIRST_YEAR <= datetime.date(year, month, day).year <= LAST_YEAR
    except ValueError:
        return False


def _is_day(match: re.Match[str]) -> bool:
    parts = match.groupdict()
    written = parts["year"]
    year = int(written) if len(written) == 4 else 2000 + int(written)
    named = parts.get("name")
    if named is not None:
        # Cases are ignored more widely than names are spelt ("auguſt"): what is not in the table is no month.
        return is_day(year, _months().get(named.lower(), 0), int(parts["day"]))
    month, day = int(parts["month"]), int(parts["day"])
    return is_day(year, month, day) or (parts.get("either") is not None and is_day(year, day, month))


_ALONE = r"(?<![0-9A-Za-z])(?<![0-9][-./])"
_DAY = "(?P<day>[0-9]{1,2})"
_MONTH = "(?P<month>[0-9]{1,2})"
_NOT_ON = "(?![0-9A-Za-z]|[-./][0-9])"


@cache
def _dates() -> tuple[re.Pattern[str], ...]:
    """Dates that begin with a digit."""
    either = rf"{_ALONE}{_DAY}(?P<either>[-/.] ?){_MONTH}(?P=either)"
    patterns = (
        rf"(?<![0-9A-Za-z.])(?P<year>{_YEAR})([-/.] ?){_MONTH}\2{_DAY}(?![0-9]|[-./][0-9])",
        rf"{either}(?P<year>{_YEAR}){_NOT_ON}",
        rf"{either}(?P<short>(?P<year>[0-9]{{2}})){_NOT_ON}",
        rf"(?<![0-9A-Za-z])(?P<short>(?P<year>{_YEAR})(?P<month>[0-9]{{2}})(?P<day>[0-9]{{2}}))(?![0-9A-Za-z])",
        rf"{_ALONE}{_DAY}(?:st|nd|rd|th|er|\.)? ?(?:of |de |-)?(?P<name>{_names()})\.?,? ?(?:de |del |-)?"
        rf"(?P<year>{_YEAR}){_NOT_ON}",
        rf"(?<![0-9])(?P<year>{_YEAR}) ?年 ?{_MONTH} ?月 ?{_DAY}(?: ?[日号])?(?![0-9])",
    )
    return tuple(re.compile(pattern, re.IGNORECASE) for pattern in patterns)


@cache
def _name_first() -> re.Pattern[str]:
    """Dates that begin with the month's name."""
    date = rf"(?<![A-Za-z])(?P<name>{_names()})\.? {_DAY}(?:st|nd|rd|th)?,? (?P<year>{_YEAR}){_NOT_ON}"
    return re.compile(date, re.IGNORECASE)


def _names() -> str:
    return "|".join(sorted((re.escape(name) for name in _months()), key=len, reverse=True))


@cache
def _months() -> dict[str, int]:
    return {name: int(month) for month, names in word_classes("months").items() for name in names}
