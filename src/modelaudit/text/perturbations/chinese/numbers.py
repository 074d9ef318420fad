"""Small numbers in the other of the two forms that Chinese prose uses: 3个 and 三个, 2024年 and 二〇二四年."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import ClassVar

import numpy as np

from modelaudit.text.chinese.characters import Characters
from modelaudit.text.edits import Document, Edit
from modelaudit.text.lexicon import word_classes
from modelaudit.text.perturbations.base import TEXT_AND_TOKENS, Tier, check_level
from modelaudit.text.words import outside, protected_spans

_DIGITS = "〇一二三四五六七八九"
_NUMERALS = f"{_DIGITS}零十百千万亿两几半"
# What names, and does not count, by the numeral behind it: 星期三, 周三, 高三, 老三.
_NAMED = "期周拜初高大老小数"
# Years count from a year zero that nobody writes as 十五年: two digits before 年 may be either (98年, 15年).
_MOST_YEARS = 9


@dataclass(frozen=True, slots=True)
class NumberForm:
    """Figures as characters and characters as figures where a small number counts or orders something.

    Numbers from 1 to 99 before a listed measure word (3个 三个, 两天 2天), behind 第 (第3 第三), days and months (5月
    五月), and years of four digits (2024年 二〇二四年). Ranges, decimals, codes, larger numbers and 一 stay, and so do
    numbers that a longer word or another number near by may bind (三次元, 三天两头). In pre-tokenised text a number is
    changed where it takes as many characters in both forms, or lies in one word.
    """

    name: ClassVar[str] = "form of numbers"
    version: ClassVar[int] = 1
    family: ClassVar[str] = "wording"
    tier: ClassVar[Tier] = "L2"
    levels: ClassVar[tuple[int, ...]] = (1,)
    languages: ClassVar[tuple[str, ...]] = ("zh",)
    tasks: ClassVar[tuple[str, ...]] = TEXT_AND_TOKENS
    label_rule: ClassVar[str] = "The numbers stay; each is written in the other form that Chinese prose has for it."

    def edits(self, document: Document, *, level: int, rng: np.random.Generator) -> list[Edit]:
        """One edit for each number; in pre-tokenised text one for each of its words."""
        check_level(self.name, level, self.levels)
        characters = Characters.of(document)
        text = characters.text
        found = {match.span(): match for match in _number().finditer(text)}
        edits: list[Edit] = []
        for start, end in outside(list(found), protected_spans(text)):
            new = _rewritten(found[start, end])
            if new is not None and (len(new) == end - start or characters.within_word(start, end)):
                edits += characters.edits(start, end, new, self.name) or ()
        return edits


def _rewritten(match: re.Match[str]) -> str | None:
    """The number in its other form, or None where the form is fixed."""
    if match["year"]:
        return match["year"].translate(_YEAR_DIGITS)
    if match["rank"]:
        return in_characters(int(match["rank"]))
    if match["figure"]:
        number, measure = int(match["figure"]), match["measure"]
        if number > {"年": _MOST_YEARS, "月": 12, "日": 31}.get(measure, 99):
            return None
        return "两" if number == 2 and measure in word_classes("zh_measures")["counted"] else in_characters(number)
    return str(in_figures(match["numeral"]))


def in_characters(number: int) -> str:
    """A number from 1 to 99 as it is read: 三, 十, 十二, 二十, 九十九."""
    tens, ones = divmod(number, 10)
    return ("" if tens < 2 else _DIGITS[tens]) + ("十" if tens else "") + (_DIGITS[ones] if ones else "")


def in_figures(numeral: str) -> int:
    """The number from 2 to 99 that a numeral of `in_characters`, or 两, stands for."""
    tens, ten, ones = numeral.replace("两", "二").rpartition("十")
    return (_DIGITS.index(tens or "一") * 10 if ten else 0) + (_DIGITS.index(ones) if ones else 0)


_YEAR_DIGITS = str.maketrans("0123456789", _DIGITS)


@cache
def _number() -> re.Pattern[str]:
    """Years, ranks, figures before a measure word, and numerals before one that counts."""
    classes = word_classes("zh_measures")
    counted, ordered = _longest_first(classes["counted"]), _longest_first(classes["ordered"])
    free = f"(?!{_longest_first(classes['bound'])})"
    # Behind these the number is a part of a decimal, a range, a code or a name (0.5, M3, 3-5, 3到5, iPhone 6).
    alone = r"(?<![A-Za-z0-9０-９./\-–—~～+*#＃到至或第])(?<![0-9０-９][．,，:：])(?<![A-Za-z0-9] )"
    return re.compile(
        rf"{alone}(?P<year>(?:19|20)[0-9]{{2}})(?=年)"
        rf"|(?<=第)(?P<rank>[1-9][0-9]?)(?![0-9.．,%])"
        rf"|{alone}(?P<figure>[1-9][0-9]?)(?={free}(?P<measure>{counted}|{ordered}))"
        # 星期三天气 and 高三年级 have no measure; 三天两头 has a second number.
        rf"|{alone}(?<![{_NUMERALS}{_NAMED}])(?P<numeral>[二三四五六七八九]?十[一二三四五六七八九]?|[两三四五六七八九])"
        rf"(?={free}(?:{counted}))(?!\w{{1,3}}[{_NUMERALS}])"
    )


def _longest_first(words: frozenset[str]) -> str:
    return "(?:" + "|".join(sorted(words, key=lambda word: (-len(word), word))) + ")"
