"""Tag schemes: how labels of words spell out the spans of entities."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Literal

from modelaudit.text.tags import OUTSIDE, entity_spans, split_tag

Scheme = Literal["BIO", "BIOES", "BILOU", "I-only", "plain"]


def scheme_of(tags: Iterable[str]) -> Scheme:
    """Return the scheme that a set of tags is written in.

    BIOES has E or S, BILOU has L or U, BIO has B, `I-only` knows I alone, `plain` has bare types.
    """
    prefixes = {split_tag(tag)[0] for tag in tags if tag != OUTSIDE}
    if prefixes & {"L", "U"}:
        return "BILOU"
    if prefixes & {"E", "S"}:
        return "BIOES"
    if "B" in prefixes:
        return "BIO"
    return "I-only" if "I" in prefixes else "plain"


def spelled(spans: Iterable[tuple[int, int, str]], length: int, scheme: Scheme, *, mark: str = "-") -> tuple[str, ...]:
    """Return the tags of a sentence of `length` words with these spans, in the scheme asked for.

    `mark` stands between prefix and type.
    """
    tags = [OUTSIDE] * length
    first, inner, last, single = _LETTERS[scheme]
    for start, end, kind in spans:
        for position in range(start, end):
            letter = first if position == start else last if position == end - 1 else inner
            if end - start == 1:
                letter = single
            tags[position] = f"{letter}{mark}{kind}" if letter else kind
    return tuple(tags)


def respelled(sentences: Iterable[Sequence[str]], scheme: Scheme, *, mark: str = "-") -> tuple[tuple[str, ...], ...]:
    """Return the same entities in another scheme."""
    known: dict[tuple[str, ...], tuple[str, ...]] = {}
    found = []
    for sentence in map(tuple, sentences):
        if sentence not in known:
            known[sentence] = spelled(entity_spans(sentence), len(sentence), scheme, mark=mark)
        found.append(known[sentence])
    return tuple(found)


def mark_of(tags: Iterable[str]) -> str:
    """Return what stands between prefix and type in a set of tags, `-` or `_`."""
    return next((tag[1] for tag in tags if split_tag(tag)[0]), "-")


_LETTERS: dict[Scheme, tuple[str, str, str, str]] = {
    "BIO": ("B", "I", "I", "B"),
    "BIOES": ("B", "I", "E", "S"),
    "BILOU": ("B", "I", "L", "U"),
    "I-only": ("I", "I", "I", "I"),
    "plain": ("", "", "", ""),
}
