"""Which Chinese characters sound alike, from how the commonest 3,500 are read.

A character that is read in several ways (长, 行) is left out: only the word tells which one is meant.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache

from modelaudit.text.lexicon import read_lexicon
from modelaudit.text.perturbations.chinese.protected import left_alone, never_put_in

# Input methods offer the commonest characters of a syllable first; rarer ones are seldom typed by mistake.
MOST_CANDIDATES = 8

# Sounds that speakers of southern varieties of Mandarin do not tell apart.
_INITIALS = (("z", "zh"), ("c", "ch"), ("s", "sh"), ("n", "l"), ("f", "h"), ("r", "l"))
_NASAL = re.compile(r"(?<=[aei])n(g?)(?=\d)")
_INITIAL = re.compile("[zcs]h?|[nlfhr]")


@cache
def same_tone() -> dict[str, str]:
    """Characters with the same syllable and tone (园 圆): the candidates of each as one string, the commonest first."""
    return _candidates(lambda reading: [reading])


@cache
def same_syllable() -> dict[str, str]:
    """Characters with the same syllable in whatever tone, as where pinyin is typed without tones."""
    return _candidates(lambda reading: [f"{reading[:-1]}{tone}" for tone in range(5)])


@cache
def near_syllable() -> dict[str, str]:
    """Characters of the same tone whose syllables differ in one sound that is often confused (zh z, n l, ing in)."""
    return _candidates(_near)


def _candidates(sounding: Callable[[str], Iterable[str]]) -> dict[str, str]:
    """For each editable character the commonest others that are read in one of the ways ``sounding`` gives."""
    settled = {character: readings for character, readings in read_lexicon("zh_readings") if " " not in readings}
    rank = {character: number for number, character in enumerate(settled)}
    by_reading: dict[str, list[str]] = {}
    for character, reading in settled.items():
        if character not in never_put_in():
            by_reading.setdefault(reading, []).append(character)
    candidates = {}
    for character, reading in settled.items():
        others = [other for sound in sounding(reading) for other in by_reading.get(sound, ()) if other != character]
        if others and character not in left_alone():
            candidates[character] = "".join(sorted(others, key=rank.__getitem__)[:MOST_CANDIDATES])
    return candidates


def _near(reading: str) -> list[str]:
    """The readings that differ in the initial or in the nasal at the end."""
    near = [_NASAL.sub("n" if nasal.group(1) else "ng", reading)] if (nasal := _NASAL.search(reading)) else []
    initial = _INITIAL.match(reading)
    if initial is not None:
        rest = reading[initial.end() :]
        for pair in _INITIALS:
            if initial.group() in pair:
                near += [other + rest for other in pair if other != initial.group()]
    return near
