"""Entities that the tags of a sentence spell out, whatever the scheme."""

from __future__ import annotations

import re
from collections.abc import Sequence

OUTSIDE = "O"
_PREFIXED = re.compile(r"([BIOESLU])[-_](.+)", re.DOTALL)
_BEGINS, _ENDS = frozenset("BSU"), frozenset("ELSU")


def split_tag(tag: str) -> tuple[str, str]:
    """Return a tag's prefix and type; the prefix is empty where the tag is a bare type (`PER`)."""
    found = _PREFIXED.fullmatch(tag)
    return (found[1], found[2]) if found else ("", tag)


def type_of(tag: str) -> str | None:
    """Return the entity type that a tag names (`PER` for `B-PER`, `I_PER` and a bare `PER`); None for "O"."""
    return None if tag == OUTSIDE else split_tag(tag)[1]


def entity_spans(tags: Sequence[str]) -> list[tuple[int, int, str]]:
    """Return the (start, end, type) of each entity of one sentence, end exclusive, as CoNLL's scorer reads it.

    An entity begins at B, S or U, at a change of type, and behind E, L, S or U; so BIO, IOB1, BIOES, BILOU and bare
    types read as they are meant, and so does an I without its B.
    """
    spans: list[tuple[int, int, str]] = []
    start, kind, closed = 0, None, False
    for place, tag in enumerate([*tags, OUTSIDE]):
        prefix, here = split_tag(tag)[0], type_of(tag)
        if kind is not None and (closed or here != kind or prefix in _BEGINS):
            spans.append((start, place, kind))
            kind = None
        if kind is None:
            start, kind = place, here
        closed = prefix in _ENDS
    return spans
