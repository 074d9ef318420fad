"""Two neighbouring characters of a long word swapped: 计算机 as 计机算."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import ClassVar

import numpy as np

from modelaudit.text.chinese.characters import Characters
from modelaudit.text.chinese.trie import Trie
from modelaudit.text.edits import Document, Edit, Span
from modelaudit.text.lexicon import word_classes
from modelaudit.text.perturbations.base import TEXT_AND_TOKENS, Tier, check_level, choose_spans
from modelaudit.text.perturbations.chinese.noise import AMOUNTS, amount, han_positions
from modelaudit.text.words import outside, protected_spans

# A swap puts two characters in the wrong place, so that this keeps to one wrong character in four.
_HAN_A_SWAP = 8


@dataclass(frozen=True, slots=True)
class SwappedCharacters:
    """In words of three and four characters two neighbours swapped: 1, 2, 3, 4, 5 or 0, 0, 5, 10, 20% of such words.

    The words are the commonest of a public word list, without names, negations and numerals; a text has seldom more
    than two. The first character stays, as the first letter does in `Typos`. In pre-tokenised text both characters lie
    in one word. Addresses stay, and there is at most one swap to eight Han characters.
    """

    name: ClassVar[str] = "swapped characters"
    version: ClassVar[int] = 1
    family: ClassVar[str] = "typing errors"
    tier: ClassVar[Tier] = "L1"
    levels: ClassVar[tuple[int, ...]] = tuple(AMOUNTS)
    languages: ClassVar[tuple[str, ...]] = ("zh",)
    tasks: ClassVar[tuple[str, ...]] = TEXT_AND_TOKENS
    label_rule: ClassVar[str] = "A reader recognises a long word by its characters, whose order hardly matters."

    def edits(self, document: Document, *, level: int, rng: np.random.Generator) -> list[Edit]:
        """One edit for each chosen word."""
        check_level(self.name, level, self.levels)
        characters = Characters.of(document)
        text = characters.text
        words = outside([(start, end) for start, end, _ in _words().scan(text)], protected_spans(text))
        places = [(word, swaps) for word in words if (swaps := _swaps(characters, word))]
        n = min(amount(level, len(words)), len(han_positions(document)) // _HAN_A_SWAP)
        chosen = set(choose_spans([word for word, _ in places], n, rng))
        edits = []
        for word, swaps in places:
            if word in chosen:
                first = swaps[int(rng.integers(len(swaps)))]
                edits.append(Edit(*characters.span(first, first + 2), text[first + 1] + text[first], self.name))
        return edits


def _swaps(characters: Characters, word: Span) -> list[int]:
    """Where in a word behind its first character two characters differ and lie in one word of the document."""
    return [
        first
        for first in range(word[0] + 1, word[1] - 1)
        if characters.text[first] != characters.text[first + 1] and characters.within_word(first, first + 2)
    ]


@cache
def _words() -> Trie[None]:
    return Trie(dict.fromkeys(word_classes("zh_long_words")["word"]))
