"""Made-up words of names: of the gender and group that the old word tells, letter by letter where lists are used up.

A value is a word of a name in small letters, composed (NFC), or a Chinese name in full.
"""

from __future__ import annotations

import unicodedata
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from random import Random

from modelaudit.text.chinese.names import load_known_names as load_known_chinese_names
from modelaudit.text.chinese.names import load_names as load_chinese_names
from modelaudit.text.chinese.surnames import surname_at, surnames
from modelaudit.text.names import Name, load_known_names, load_names
from modelaudit.text.surnames import load_last_names

_FROM_LISTS, _LIKE_LISTS = 25, 100
"""Attempts after which a name is made letter by letter, and then more freely."""
_LONG, _SHORT = 3, 2
"""Letters that tell the next one, and those that do when names are made freely."""
_FEWEST_LETTERS, _MOST_LETTERS = 4, 9
_LAST_NAMES_COUNT = 8
"""How often each last name is counted beside the first names, of which there are many more."""
_TRANSLITERATING = (
    "阿艾巴贝布查达德迪多尔菲弗戈格哈赫霍基杰卡凯科克拉莱兰雷里丽莉林卢罗洛马玛曼梅米莫"
    "娜纳尼诺帕佩皮普奇乔萨塞沙史斯泰特托瓦威韦维西希雅亚伊尤泽"
)
"""Characters that names of other languages are spelt with."""


def value_of_word(word: str) -> str:
    """Return what the writings of a word of a name share."""
    return unicodedata.normalize("NFC", word).casefold().replace("\u2019", "'")


@dataclass(frozen=True, slots=True)
class LatinNames:
    """Makes up words of names in Latin letters.

    Attributes:
        places: for a word, how often it opened a name of several words, less how often it closed one.
    """

    places: Mapping[str, int]

    def make(self, value: str, rng: Random, attempt: int) -> str:
        """Return another word: a first name for a first name, of its gender and group, or a last name for a last."""
        place = self.places.get(value, 0)
        first, last = _known_firsts().get(value), _known_lasts().get(value)
        is_first = place > 0 or (place == 0 and first is not None)
        gender, ethnicity = first or ("", "")
        if attempt < _FROM_LISTS:
            return rng.choice(_firsts()[gender, ethnicity] if is_first else _lasts()[last or ""]).lower()
        return _made_up(rng, gender if is_first else None, _LONG if attempt < _LIKE_LISTS else _SHORT)


def chinese(value: str, rng: Random, attempt: int) -> str:
    """Return another Chinese name of as many characters: surname and given name, or characters that spell sounds."""
    size = surname_at(value, 0)
    given = value[size:]
    if not size or len(given) > 2:
        return "".join(rng.choices(_TRANSLITERATING, k=len(value)))
    surname = rng.choice(_surnames()[size])
    if not given:
        return surname
    names = _given_names(_chinese_gender().get(given, ""))
    if attempt < _FROM_LISTS and names.get(len(given)):
        return surname + rng.choice(names[len(given)])
    return surname + "".join(rng.choice(rng.choice(names[2])) for _ in given)


def initial(letter: str, step: int) -> str:
    """Return the letter so many steps on in the alphabet, without accents; what is no letter of it stays."""
    bare = unicodedata.normalize("NFD", letter)[0]
    if not (bare.isascii() and bare.isalpha()):
        return letter
    first = "A" if bare.isupper() else "a"
    return chr((ord(bare) - ord(first) + step) % 26 + ord(first))


def _made_up(rng: Random, gender: str | None, context: int) -> str:
    """A word that goes from letter to letter as first names of a gender do, or last names where it is None."""
    behind = _letters(gender, context)
    while True:
        word = " " * context
        while not word.endswith("$") and len(word) <= context + _MOST_LETTERS:
            word += rng.choice(behind[word[-context:]])
        made = word.strip().removesuffix("$")
        if word.endswith("$") and len(made) >= _FEWEST_LETTERS:
            return made


@cache
def _letters(gender: str | None, context: int) -> Mapping[str, str]:
    """The letters that stand behind each run of so many, as often as they do."""
    names = [name.name for name in load_known_names() if gender in ("", None, name.gender)]
    if gender is None:
        # A hundred last names alone make too few others.
        names += [name.name for name in load_last_names()] * _LAST_NAMES_COUNT
    behind: dict[str, str] = defaultdict(str)
    for name in names:
        padded = " " * context + name.lower() + "$"
        for place in range(context, len(padded)):
            behind[padded[place - context : place]] += padded[place]
    return dict(behind)


@cache
def _known_firsts() -> dict[str, tuple[str, str]]:
    """Gender and ethnic group by first name, each empty where it does not tell."""
    known: dict[str, tuple[str, str]] = {}
    for name in (*load_known_names(), *load_names()):
        known[value_of_word(name.name)] = (name.gender or "", name.ethnicity or "")
    return known


@cache
def _known_lasts() -> dict[str, str]:
    return {value_of_word(name.name): name.ethnicity or "" for name in load_last_names()}


@cache
def _firsts() -> dict[tuple[str, str], tuple[str, ...]]:
    """First names by gender and ethnic group, by gender alone, and all."""
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for name in load_names():
        for cell in ((name.gender or "", name.ethnicity or ""), (name.gender or "", ""), ("", "")):
            found[cell].append(name.name)
    return {cell: tuple(names) for cell, names in found.items()}


@cache
def _lasts() -> dict[str, tuple[str, ...]]:
    found: dict[str, list[str]] = defaultdict(list)
    for name in load_last_names():
        for ethnicity in (name.ethnicity or "", ""):
            found[ethnicity].append(name.name)
    return {ethnicity: tuple(names) for ethnicity, names in found.items()}


@cache
def _surnames() -> dict[int, Sequence[str]]:
    ordered = sorted(surnames())
    return {size: [name for name in ordered if len(name) == size] for size in (1, 2)}


@cache
def _chinese_gender() -> dict[str, str]:
    return {name.name: name.gender or "" for name in load_known_chinese_names()}


@cache
def _given_names(gender: str) -> dict[int, Sequence[str]]:
    """Given names of one gender, or of both, by how many characters they have."""
    names: list[Name] = [*load_chinese_names(), *(name for name in load_known_chinese_names() if len(name.name) == 1)]
    fitting = [name.name for name in names if gender in ("", name.gender)]
    return {size: [name for name in fitting if len(name) == size] for size in (1, 2)}
