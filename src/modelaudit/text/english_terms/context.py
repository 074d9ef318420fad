"""Words that bind a text to one religion, country or age: with another term it would be false or absurd."""

from __future__ import annotations

from collections.abc import Container
from functools import cache

from modelaudit.text.lexicon import word_classes
from modelaudit.text.pronouns import Tokens

_SHORTEST_STEM = 3


def is_bound(tokens: Tokens, attribute: str, but: Container[int]) -> bool:
    """Whether a word of the text, outside the words with the indices ``but``, binds it to the one term that it has."""
    words, stems = _context(attribute)
    return any(
        word in words or any(word[:n] in stems for n in range(_SHORTEST_STEM, min(len(word), 14) + 1))
        for index, word in enumerate(tokens.lower)
        if index not in but
    )


@cache
def _context(attribute: str) -> tuple[frozenset[str], frozenset[str]]:
    entries = word_classes("term_context")[attribute]
    return (
        frozenset(word for word in entries if not word.endswith("*")),
        frozenset(word[:-1] for word in entries if word.endswith("*")),
    )
