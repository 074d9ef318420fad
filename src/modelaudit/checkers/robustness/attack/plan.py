"""Plan: how a row is searched, and what an edited text may be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

SEARCHES = ("greedy", "random", "beam")
RANKINGS = ("mask", "gradient", "random")

GRADIENT_COST = 3
"""Queries that one gradient counts as: a pass forward and the pass back, which takes twice as long."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What the user can choose.

    Attributes:
        search: "greedy" takes word after word, the likeliest first; "random" draws whole texts; "beam" goes on from
            several texts at once.
        ranking: what tells the likeliest words: the answer without each of them ("mask"), the slope of the answer by
            each ("gradient"), or a draw ("random").
        queries: the most distinct inputs that the model is asked about a row, its original aside.
        edit_share: the most words that are edited, as a share of the text's; one word always may be.
        similarity: the least likeness of an edited text with its original, 0 to 1.
        protected: words that are never edited, whatever their case.
        seed: of all draws.

    Raises:
        ValueError: a choice that can't be used; the message names what can.
    """

    search: str = "greedy"
    ranking: str = "mask"
    queries: int = 64
    edit_share: float = 0.25
    similarity: float = 0.7
    protected: Sequence[str] = ()
    seed: int = 0

    def __post_init__(self) -> None:
        _one_of("search", self.search, SEARCHES)
        _one_of("ranking", self.ranking, RANKINGS)
        whole("queries", self.queries, least=1)
        for name, share in (("edit_share", self.edit_share), ("similarity", self.similarity)):
            if isinstance(share, bool) or not isinstance(share, int | float) or not 0.0 <= share <= 1.0:
                raise ValueError(f"the option {name} is {share!r}; give a number from 0 to 1")
        words: Any = self.protected
        if isinstance(words, str) or not all(isinstance(word, str) for word in words):
            raise ValueError(f"the option protected is {words!r}; give a list of words")

    def most_edits(self, words: int) -> int:
        """Return how many of so many words may be edited."""
        return max(1, int(self.edit_share * words))


def whole(name: str, value: Any, *, least: int) -> None:
    """Raise ValueError where an option is no whole number of at least so much."""
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise ValueError(f"the option {name} is {value!r}; give a whole number of at least {least}")


def _one_of(name: str, value: Any, known: Sequence[str]) -> None:
    if value not in known:
        raise ValueError(f"the option {name} is {value!r}; choose from {', '.join(known)}")
