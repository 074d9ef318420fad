"""Chinese edits that leave gender, names and meaning alone: the control where no word of the same group is at hand.

As in English, a word is on the list only where its replacement is grammatical in every place that the list allows.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from modelaudit.text.chinese.characters import Characters
from modelaudit.text.chinese.trie import Trie
from modelaudit.text.edits import Document, Edit, Span
from modelaudit.text.lexicon import read_lexicon
from modelaudit.text.words import protected_spans


def neutral_edits(document: Document, count: int, *, barred: Sequence[Span] = ()) -> tuple[Edit, ...]:
    """Up to ``count`` replacements of a word by a synonym outside the barred spans, the first in the text first."""
    characters = Characters.of(document)
    closed = sorted([*(_joined(characters, span) for span in barred), *protected_spans(characters.text)])
    edits: list[Edit] = []
    found = 0
    position = 0
    reach = 0
    for start, end, synonym in _synonyms().scan(characters.text):
        if found >= count:
            break
        while position < len(closed) and closed[position][0] < end:
            reach = max(reach, closed[position][1])
            position += 1
        if reach > start or synonym is None:
            continue
        changed = characters.edits(start, end, synonym, "neutral")
        if changed:
            edits += changed
            found += 1
    return tuple(edits)


def _joined(characters: Characters, span: Span) -> Span:
    """A span of the document among the joined characters."""
    return characters.index(span[0]), characters.index(span[1])


@cache
def _synonyms() -> Trie[str | None]:
    """Words with their synonym, and None for longer words that only contain one."""
    entries: dict[str, str | None] = {}
    for old, new, direction in read_lexicon("zh_neutral_words"):
        entries[old] = new or None
        if direction == "both":
            entries[new] = old
    return Trie(entries)
