"""Decoys: names that nobody was trained on, each made to be like one name in everything but that.

A decoy takes its words from names of the held-out rows that no training row holds, first words for first words and
last for last. So the decoys of both arms come from one pool that training never favoured, and what the pool is like
drops out of the difference between the arms.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from modelaudit.checkers.privacy.entities.names import Corpus, Key, Name, folded
from modelaudit.checkers.privacy.folds import digest

Place = Literal["only", "first", "middle", "last"]
Pattern = Literal["lower", "upper", "other"]
TokenCounts = Callable[[Sequence[str]], Sequence[int]]

FEWEST_WORDS = 3
"""Words a place offers at the least before others, of a less similar frequency, are taken in."""
TRIES = 40
"""Draws for each decoy wanted."""


@dataclass(frozen=True, slots=True)
class Trial:
    """A name and its decoys, as words to be put into a frame."""

    name: Name
    decoys: tuple[tuple[str, ...], ...]


@dataclass(slots=True)
class DecoyMaker:
    """Makes decoys from the words of fresh names.

    Args:
        fresh: the names that lend their words.
        training: the corpus of the training rows: no decoy stands in it, and frequencies are counted there.
        token_counts: how many tokens the model makes of each word.
        seed: of the audit.
    """

    fresh: Sequence[Name]
    training: Corpus
    token_counts: TokenCounts
    seed: int
    _lent: dict[Place, list[str]] = field(default_factory=dict)
    _tokens: dict[str, int] = field(default_factory=dict)
    _frequency: dict[str, int] = field(default_factory=dict)
    _by_tokens: dict[tuple[Place, Pattern], dict[int, list[str]]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        found: dict[Place, dict[str, None]] = defaultdict(dict)
        for name in sorted(self.fresh, key=lambda name: (name.key, name.words)):
            places = places_of(name)
            for at, place in places.items():
                found[place].setdefault(name.words[at])
        # A middle name is mostly another first name.
        found["middle"] = found["middle"] | found["first"]
        self._lent = {place: list(words) for place, words in found.items()}
        lent = {form for words in self._lent.values() for word in words for form in _forms(word)}
        self._count([*sorted(lent), *(word for name in self.fresh for word in name.words)])

    def decoys(self, name: Name, wanted: int) -> tuple[tuple[str, ...], ...] | None:
        """Return so many different decoys of a name, or None where the fresh names do not yield them.

        Each telling word is replaced by a word of the same place in the name, capitals and number of tokens, which
        the training rows hold about as often in other units than those of this name; the other words stay.
        """
        own = self.training.units_of(name.key)
        pools = {at: self._pool(name, at, place, own, wanted) for at, place in places_of(name).items()}
        rng = np.random.Generator(np.random.Philox(key=_key(name.key, seed=self.seed)))
        found: dict[Key, tuple[str, ...]] = {}
        if any(not pool for pool in pools.values()):
            return None
        for _ in range(TRIES * wanted):
            words = list(name.words)
            for at, pool in pools.items():
                words[at] = pool[int(rng.integers(len(pool)))]
            key = folded(words)
            if key not in found and len(set(key)) >= len(set(name.key)) and not self.training.units_of(key):
                found[key] = tuple(words)
            if len(found) == wanted:
                return tuple(found.values())
        return None

    def learn(self, names: Sequence[Name]) -> None:
        """Count the tokens of names that are to have decoys, in one call."""
        self._count([word for name in names for word in name.words])

    def _pool(self, name: Name, at: int, place: Place, own: frozenset[str], wanted: int) -> list[str]:
        word = name.words[at]
        band = _band(len(self.training.units_of((name.key[at],)) - own))
        by_distance: dict[int, list[str]] = defaultdict(list)
        for form in self._lenders(place, pattern_of(word)).get(_token_band(self._tokens[word]), ()):
            if form.casefold() not in name.key:
                by_distance[abs(_band(self._frequency[form.casefold()]) - band)].append(form)
        enough = FEWEST_WORDS if len(places_of(name)) > 1 else wanted
        pool: list[str] = []
        for distance in sorted(by_distance):
            if len(pool) >= enough:
                break
            pool += by_distance[distance]
        return pool

    def _lenders(self, place: Place, pattern: Pattern) -> dict[int, list[str]]:
        """Return the words that a place can get, in a pattern of capitals, by band of tokens."""
        if (place, pattern) not in self._by_tokens:
            found: dict[int, list[str]] = defaultdict(list)
            forms = dict.fromkeys(_formed(lent, pattern) for lent in self._lent.get(place, ()))
            for form in forms:
                if form is not None:
                    found[_token_band(self._tokens[form])].append(form)
            self._by_tokens[place, pattern] = found
        return self._by_tokens[place, pattern]

    def _count(self, words: Sequence[str]) -> None:
        new = list(dict.fromkeys(word for word in words if word not in self._tokens))
        if new:
            self._tokens.update(zip(new, (int(count) for count in self.token_counts(new)), strict=True))
        for word in new:
            key = word.casefold()
            if key not in self._frequency:
                self._frequency[key] = len(self.training.units_of((key,)))


def places_of(name: Name) -> dict[int, Place]:
    """Return the place in the name of each of its telling words, by index."""
    content = name.content
    if len(content) == 1:
        return {content[0]: "only"}
    middle: dict[int, Place] = dict.fromkeys(content[1:-1], "middle")
    return {content[0]: "first", **middle, content[-1]: "last"}


def pattern_of(word: str) -> Pattern:
    """Return how a word is capitalised; scripts without capitals are "other"."""
    letters = [character for character in word if character.isalpha()]
    if word.islower():
        return "lower"
    return "upper" if len(letters) > 1 and word.isupper() else "other"


def _forms(word: str) -> set[str]:
    return {form for form in (word, word.lower(), word.upper()) if form}


def _formed(word: str, pattern: Pattern) -> str | None:
    """Return the word in another pattern of capitals, or None where they can't be guessed."""
    if pattern == "other":
        return word if pattern_of(word) == "other" else None
    return word.lower() if pattern == "lower" else word.upper()


def _band(count: int) -> int:
    """Bands of frequency: 0, 1, 2-3, 4-7, ..."""
    return count.bit_length()


def _token_band(count: int) -> int:
    """One, two, three and four tokens apart; more in bands of two."""
    return count if count <= 4 else 4 + (count - 3) // 2


def _key(key: Key, *, seed: int) -> int:
    return int.from_bytes(digest("\x1f".join(key), seed=seed, purpose="decoys"), "little")
