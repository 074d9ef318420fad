"""Household registration in a Chinese text, on its two axes: rural or urban, and of elsewhere or of the place."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Literal

from modelaudit.text.chinese.characters import Characters
from modelaudit.text.chinese.terms import Fillers, Found, contains, exchanged, mentions_of
from modelaudit.text.chinese.trie import Trie
from modelaudit.text.edits import Document, Edit
from modelaudit.text.lexicon import read_lexicon
from modelaudit.text.terms import Filler, TermMention, TermMentions

Axis = Literal["rural", "local"]
# The reference group of each axis, then the other.
GROUPS: dict[Axis, tuple[str, str]] = {"rural": ("城市", "农村"), "local": ("本地", "外地")}


class Hukou:
    """One axis of household registration as a term set; a filler has all spellings, each with its own counterpart."""

    language = "zh"
    sampled = False

    def __init__(self, axis: Axis) -> None:
        self.attribute = f"hukou, {axis}"
        self.groups = GROUPS[axis]
        rows = [row for row in read_lexicon("zh_hukou") if row[0] == axis]
        forms = tuple({form: words[side] for _, form, *words in rows} for side in (0, 1))
        self._fillers = Fillers(
            {group: (Filler(group, group, words),) for group, words in zip(self.groups, forms, strict=True)}
        )
        self._lexicon = Trie(
            {
                word: (form, group)
                for group, words in zip(self.groups, forms, strict=True)
                for form, word in words.items()
            }
        )

    def fillers(self, group: str) -> tuple[Filler, ...]:
        """The one filler of a group; ValueError where there is no such group."""
        return self._fillers.of(group)

    def find(self, document: Document) -> TermMentions:
        """The mentions of the one kind of registration, or why the text is left alone.

        The reasons, the first that holds: "several groups", "bound by context" (policy, land, schooling, a named city),
        "address", "across words".
        """
        characters = Characters.of(document)
        found = [
            Found(start, end, form, group, group) for start, end, (form, group) in self._lexicon.scan(characters.text)
        ]
        if not found:
            return TermMentions()
        several = len({term.group for term in found}) > 1
        if not several and contains(characters.text, _bound()):
            return TermMentions(skipped="bound by context")
        return mentions_of(characters, found)

    def edits(self, document: Document, mentions: Sequence[TermMention], filler: Filler) -> tuple[Edit, ...]:
        """The edits that put ``filler`` in every mention, spelling by spelling."""
        return exchanged(document, mentions, filler, self.attribute)


@cache
def _bound() -> tuple[str, ...]:
    return tuple(word for axis, _, words, _ in read_lexicon("zh_hukou") if axis == "bound" for word in words.split())
