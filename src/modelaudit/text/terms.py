"""The contract of the term sets: words for a group of persons (a religion, a nationality, an age) to be exchanged.

A set knows its groups, what can stand for each of them (fillers), how to find the one filler that a text speaks of,
and how to put another in its place. Terms are lexical: the test says what a model does when the words change.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from modelaudit.text.edits import Document, Edit


@dataclass(frozen=True, slots=True)
class Filler:
    """What can stand in a text for a group: one nationality, one age, one province, or all words of one religion.

    ``name`` is shown in the report. ``forms`` maps each form of the set ("adjective", "people") to its text; every
    filler of a set has all forms that the set can find.
    """

    name: str
    group: str
    forms: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class TermMention:
    """A term found at the half-open character range ``[start, end)``: its form, its filler's name and its group."""

    start: int
    end: int
    form: str
    filler: str
    group: str


@dataclass(frozen=True, slots=True)
class TermMentions:
    """The mentions of the one filler that a text speaks of, or ``skipped``: the one reason why it is left alone.

    A text without any term has neither mentions nor a reason.
    """

    mentions: tuple[TermMention, ...] = ()
    skipped: str | None = None


class TermSet(Protocol):
    """The terms of one attribute in one language.

    ``groups`` begins with the reference group. ``sampled`` says whether a group has many fillers, of which a sample
    stands for it (nationalities, ages), or one (religions).
    """

    @property
    def attribute(self) -> str:
        """What the terms tell of a person: "religion", "nationality", "age", ..."""
        ...

    @property
    def language(self) -> str:
        """ "en" or "zh"."""
        ...

    @property
    def groups(self) -> tuple[str, ...]:
        """The groups, the reference group first."""
        ...

    @property
    def sampled(self) -> bool:
        """Whether a group has many fillers, so that a sample of them stands for it."""
        ...

    def fillers(self, group: str) -> tuple[Filler, ...]:
        """The fillers of a group; ValueError where the set has no such group."""
        ...

    def find(self, document: Document) -> TermMentions:
        """All mentions of the one filler in the text; terms of two fillers are a reason to skip it."""
        ...

    def edits(self, document: Document, mentions: Sequence[TermMention], filler: Filler) -> tuple[Edit, ...]:
        """The edits, for one pass of `apply`, that put ``filler`` in every mention; none where it stands there already.

        Case and punctuation are kept. Putting the first filler back into the edited text restores it.
        """
        ...
