"""What the Chinese term sets share: fillers by group, a search for words, and the exchange of fillers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from modelaudit.text.chinese.characters import Characters
from modelaudit.text.edits import Document, Edit, Span
from modelaudit.text.terms import Filler, TermMention, TermMentions
from modelaudit.text.words import outside, protected_spans


@dataclass(frozen=True)
class Fillers:
    """The fillers of a set by group, the reference group first."""

    by_group: Mapping[str, tuple[Filler, ...]]

    @property
    def groups(self) -> tuple[str, ...]:
        """The groups, the reference first."""
        return tuple(self.by_group)

    def of(self, group: str) -> tuple[Filler, ...]:
        """The fillers of a group; ValueError where there is none of that name."""
        if group not in self.by_group:
            raise ValueError(f"no group {group!r}; the groups are {', '.join(self.groups)}")
        return self.by_group[group]


@dataclass(frozen=True, slots=True)
class Found:
    """A term at ``[start, end)`` of the joined characters."""

    start: int
    end: int
    form: str
    filler: str
    group: str


def mentions_of(characters: Characters, found: Sequence[Found]) -> TermMentions:
    """The mentions of the one filler found, or "several groups", "address" or "across words"."""
    if len({(term.filler, term.group) for term in found}) > 1:
        return TermMentions(skipped="several groups")
    spans: list[Span] = [(term.start, term.end) for term in found]
    if len(outside(spans, protected_spans(characters.text))) < len(spans):
        return TermMentions(skipped="address")
    if not all(characters.exchangeable(*span) for span in spans):
        return TermMentions(skipped="across words")
    return TermMentions(
        tuple(TermMention(*characters.span(term.start, term.end), term.form, term.filler, term.group) for term in found)
    )


def exchanged(document: Document, mentions: Iterable[TermMention], filler: Filler, kind: str) -> tuple[Edit, ...]:
    """The edits that put ``filler`` in every mention; ValueError where a mention is none of this document's."""
    characters = Characters.of(document)
    edits: list[Edit] = []
    for mention in mentions:
        if mention.filler == filler.name:
            continue
        start, end = characters.index(mention.start), characters.index(mention.end)
        changed = characters.edits(start, end, filler.forms[mention.form], kind)
        if changed is None:
            raise ValueError(
                f"the mention [{mention.start}, {mention.end}) cuts a word; give mentions that find returned"
            )
        edits += changed
    return tuple(edits)


def starts_with(text: str, start: int, words: Iterable[str]) -> bool:
    """Whether one of ``words`` stands at ``start``."""
    return any(text.startswith(word, start) for word in words)


def ends_with(text: str, end: int, words: Iterable[str]) -> bool:
    """Whether one of ``words`` stands directly before ``end``."""
    return any(text.endswith(word, 0, end) for word in words)


def contains(text: str, words: Iterable[str]) -> bool:
    """Whether one of ``words`` is anywhere in the text."""
    return any(word in text for word in words)
