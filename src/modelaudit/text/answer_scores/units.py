"""The words of an answer: what white space sets apart, and single characters of scripts that are written without it.

Han characters, kana, and the scripts of Thailand, Laos, Myanmar and Cambodia are cut character by character, each with
the marks that belong to it, while words of other scripts beside them stay whole. So CMRC 2018 (Cui et al. 2019, EMNLP)
and MLQA (Lewis et al. 2020, ACL) cut Chinese. Texts that differ in how a letter is composed (NFC) are one text.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from functools import lru_cache

_UNSPACED = (
    "\u3005-\u3007\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff"
    "\u0e00-\u0e7f\u0e80-\u0eff\u1000-\u109f\u1780-\u17ff"
)
_UNIT = re.compile(rf"[{_UNSPACED}]|[^\s{_UNSPACED}]+")
_ARTICLES = frozenset({"a", "an", "the"})
_MINUS = re.compile("[\u2012\u2013\u2212\uff0d](?=[$\u00a3\u20ac\u00a5]?\\.?\\d)")
_PER_CENT = re.compile(r"(?<=\d)\s*[%\uff05]")
_TELLING = re.compile(
    # A minus, a decimal point, a comma between digits, what stands between a term and a number, per cent; C++ and C#.
    "-(?=[$\u00a3\u20ac\u00a5]?\\.?\\d)"
    r"|(?<!\.)\.(?=\d)|(?<=\d),(?=\d)|(?<=[\w)])[+*/^:](?=\d)|(?<=\d)%|(?<=[^\W\d_])[+#]+(?!\w)"
)
_THOUSANDS = re.compile(r"(?<=\d),(?=\d{3}(?!\d))")
_APOSTROPHES = frozenset("'\u2019\u02bc\uff07")
_MARKS_BELONG_TO = re.compile(f"[{_UNSPACED}]")


def units_of(text: str) -> list[str]:
    """Return the words of a text in order, unspaced scripts character by character."""
    units: list[str] = []
    for unit in _UNIT.findall(unicodedata.normalize("NFC", text)):
        mark = len(unit) == 1 and unicodedata.category(unit) in ("Mn", "Mc") and units
        if mark and _MARKS_BELONG_TO.match(units[-1]):
            units[-1] += unit
        else:
            units.append(unit)
    return units


def normalised_words(text: str) -> list[str]:
    """Return the words of an answer to a question as SQuAD's scorer reads them (Rajpurkar et al. 2016, EMNLP).

    In lower case, without punctuation and the articles a, an and the. Punctuation is that of all scripts, as MLQA's
    scorer has it. Where nothing would be left (the answer is "A" or "+"), articles stay, and then punctuation.
    """
    return _bare(text.lower())


def exact_words(text: str) -> list[str]:
    """Return the words of an answer that is written freely: as `normalised_words`, but for signs that tell of numbers.

    A span of a context has its signs from there. What a model writes has not: -3 is not 3, 1.5 not 15, 3/4 not 34, 5%
    not 5, and C++ not C. Commas between thousands make no difference, nor does a plus in front.
    """
    lower = _PER_CENT.sub("%", _MINUS.sub("-", _THOUSANDS.sub("", text.lower())))
    return _bare(lower, {at for found in _TELLING.finditer(lower) for at in range(*found.span())})


def _bare(lower: str, kept: Collection[int] = ()) -> list[str]:
    """Return the words without articles and punctuation, but for the signs at the places that are `kept`."""
    bare = units_of("".join(each for at, each in enumerate(lower) if at in kept or not _is_punctuation(each)))
    return [word for word in bare if word not in _ARTICLES] or bare or units_of(lower)


def transcript_words(text: str, *, as_written: bool = False) -> list[str]:
    """Return the words of a transcript that errors are counted in.

    Without `as_written`, case and compatibility forms (NFKC) make no difference, apostrophes are dropped ("don't" is
    "dont") and other punctuation and symbols part words, about as Whisper's basic normaliser does (Radford et al.
    2022), marks of letters apart, which it drops. Numbers stay as they are written: "7" is not "seven".
    """
    if as_written:
        return units_of(text)
    folded = unicodedata.normalize("NFKC", text).casefold()
    return units_of("".join(_spoken(each) for each in folded))


@lru_cache(maxsize=4096)
def _is_punctuation(character: str) -> bool:
    # ASCII's signs such as + and $ are symbols to Unicode and punctuation to SQuAD's scorer.
    return unicodedata.category(character)[0] in ("PS" if character.isascii() else "P")


@lru_cache(maxsize=4096)
def _spoken(character: str) -> str:
    category = unicodedata.category(character)
    # Joiners stand within words.
    if character in _APOSTROPHES or category == "Cf":
        return ""
    return " " if category[0] in "PS" or category == "Cc" else character
