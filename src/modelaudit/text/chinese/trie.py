"""The longest entry of a lexicon at a place in a text, in time that hangs on the entry's length only."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Generic, TypeVar

Value = TypeVar("Value")


@dataclass(slots=True)
class _Node(Generic[Value]):
    children: dict[str, _Node[Value]] = field(default_factory=dict)
    entry: tuple[Value] | None = None


class Trie(Generic[Value]):
    """A lexicon of words with a value each, matched from the left, the longest first.

    Chinese has no word boundaries, so words that only contain an entry (吉他 for 他) are entries too: the longest match
    takes them whole, and the shorter entry inside them is not seen.
    """

    def __init__(self, entries: Mapping[str, Value]) -> None:
        self._root: _Node[Value] = _Node()
        for word, value in entries.items():
            node = self._root
            for character in word:
                node = node.children.setdefault(character, _Node())
            node.entry = (value,)

    def longest(self, text: str, start: int) -> tuple[int, Value] | None:
        """The end and value of the longest entry that begins at ``start``, or None."""
        found: tuple[int, Value] | None = None
        node = self._root
        for end in range(start, len(text)):
            child = node.children.get(text[end])
            if child is None:
                break
            node = child
            if node.entry is not None:
                found = end + 1, node.entry[0]
        return found

    def scan(self, text: str) -> Iterator[tuple[int, int, Value]]:
        """The entries of ``text`` as (start, end, value), from left to right, none inside another."""
        start = 0
        while start < len(text):
            match = self.longest(text, start)
            if match is None:
                start += 1
                continue
            yield start, *match
            start = match[0]
