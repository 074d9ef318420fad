"""Where a level makes its changes: which words get a slip, which letters are touched."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Sequence
from itertools import accumulate

import numpy as np

from modelaudit.text.edits import Document, Edit, Span
from modelaudit.text.lexicon import word_classes
from modelaudit.text.perturbations.base import WORD_RATES, budget
from modelaudit.text.words import outside, protected_spans, word_spans

MIN_LETTERS = 4
MAX_LETTERS = 40  # a longer run of letters is no word that somebody typed

# How many letters of a text a level touches; the strongest touches this share of them, and no fewer than level 4.
LETTER_COUNTS = {1: 1, 2: 2, 3: 3, 4: 5}
LETTER_SHARE = 0.10
LETTER_LEVELS: tuple[int, ...] = (*LETTER_COUNTS, 5)

# Levels below the strongest change at most this share of a text's characters, or else it is hard to read.
READABLE_SHARE = 0.25

# Precomposed Latin letters only: a slip must not tear a mark from its letter, or cut a compound at its hyphen.
_LATIN_WORD = re.compile(rf"[A-Za-zÀ-ÖØ-öø-ɏḀ-ỿ]{{{MIN_LETTERS},{MAX_LETTERS}}}")

# What stands from one character to another becomes another text.
Slip = tuple[int, int, str]
Maker = Callable[[str, Span], list[Slip]]


def is_negation(word: str) -> bool:
    """Whether the English word turns the meaning round ("not", "never", "hardly")."""
    return word.lower() in word_classes("protected_words")["negation"]


def can_slip(text: str, word: Span) -> bool:
    """Whether a slip keeps the word readable: 4 to 40 Latin letters and nothing else, and not a negation."""
    return _LATIN_WORD.fullmatch(text, *word) is not None and not is_negation(text[slice(*word)])


def edits_in_words(
    document: Document,
    *,
    level: int,
    rng: np.random.Generator,
    makers: Sequence[Maker],
    kind: str,
    fits: Callable[[str, Span], bool] = can_slip,
    most: int = 2,
) -> list[Edit]:
    """A level's share of all words, each with one edit, at the strongest level up to ``most`` that do not touch.

    The words are drawn among those that stand in no address, that ``fits`` takes (it has to refuse numerals and
    negations) and for which a maker has a slip. The maker is drawn before the slip, so that one that a word offers in
    few places is as likely as another. A word is left out where the text would no longer be readable with it
    (`READABLE_SHARE`; two letters swapped count as one).
    """
    text = document.text
    words = word_spans(text)
    n = budget(WORD_RATES[level], len(words), rng)
    if not n:
        return []
    addresses = protected_spans(text)
    strongest = level == max(WORD_RATES)
    left = len(text) if strongest else int(READABLE_SHARE * len(text))
    slips: list[Slip] = []
    for index in rng.permutation(len(words)).tolist():
        word = words[index]
        if not (fits(text, word) and document.within_word(*word) and outside((word,), addresses)):
            continue
        made = _made(text, word, makers, int(rng.integers(1, most + 1)) if strongest else 1, rng)
        distance = sum(_distance(text, slip) for slip in made)
        if not made or distance > left:
            continue
        slips += made
        left -= distance
        n -= 1
        if not n:
            break
    return [Edit(*slip, kind) for slip in sorted(slips)]


def words_of_letters(document: Document) -> list[Span]:
    """Words in which a change that nobody sees may be made: no address, no digit, whole in a pre-tokenised word."""
    text = document.text
    return [
        (start, end)
        for start, end in outside(word_spans(text), protected_spans(text))
        if document.within_word(start, end)
        and (text[start:end].isalpha() or not any(map(str.isdigit, text[start:end])))
    ]


def places_in_words(
    document: Document,
    *,
    level: int,
    rng: np.random.Generator,
    fits: Callable[[str, Span, int], bool],
    width: int = 1,
) -> list[int]:
    """The first characters of a level's places of ``width`` characters in words of letters, in text order.

    Level 1 has one, then 2, 3, 5, and level 5 a tenth of the letters and no fewer than 5; fewer where the text has no
    more that ``fits(text, word, place)`` takes. No two places overlap.
    """
    words = words_of_letters(document)
    ends = list(accumulate(end - start for start, end in words))
    total = ends[-1] if ends else 0
    n = LETTER_COUNTS.get(level) or max(LETTER_COUNTS[4], budget(LETTER_SHARE, total, rng))
    taken: set[int] = set()
    places: list[int] = []
    for index in rng.permutation(total).tolist():
        number = bisect_right(ends, index)
        word = words[number]
        place = word[1] - (ends[number] - index)
        span = range(place, place + width)
        if taken.isdisjoint(span) and fits(document.text, word, place):
            taken.update(span)
            places.append(place)
            if len(places) == n:
                break
    return sorted(places)


def _made(text: str, word: Span, makers: Sequence[Maker], n: int, rng: np.random.Generator) -> list[Slip]:
    made: list[Slip] = []
    for _ in range(n):
        for index in rng.permutation(len(makers)).tolist() if len(makers) > 1 else (0,):
            options = makers[index](text, word)
            for start, end, _ in made:
                options = [slip for slip in options if slip[1] < start or end < slip[0]]
            if options:
                made.append(options[int(rng.integers(len(options)))])
                break
    return made


def _distance(text: str, slip: Slip) -> int:
    """Letters changed, as the Damerau-Levenshtein distance counts them (an upper bound for longer replacements)."""
    start, end, written = slip
    if end - start == 2 and written == text[start:end][::-1]:
        return 1
    return max(end - start, len(written))
