"""Entities under a strict reading of tags: one that is not spelled as its scheme demands is none."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

from modelaudit.text.tags import entity_spans, split_tag

Span = tuple[int, int, str]
_SINGLE, _LAST = frozenset("SU"), frozenset("EL")


def strict_reader(labels: Iterable[str]) -> Callable[[Sequence[str]], list[Span]]:
    """Return the function from the tags of a sentence to its (start, end, type), end exclusive, for a set of labels.

    BIO: an entity begins at its B and goes on through I of its type; an I without a B is no entity. BIOES and BILOU: it
    must end with its E or L as well. So does seqeval with `mode="strict"` (schemes IOB2, IOBES, BILOU). Where labels
    have no B, there is nothing to be strict about, and tags are read as CoNLL's scorer reads them.
    """
    prefixes = {split_tag(label)[0] for label in labels}
    if prefixes & (_SINGLE | _LAST):
        return lambda tags: _spans(tags, closed=True)
    return _spans if "B" in prefixes else entity_spans


def _spans(tags: Sequence[str], *, closed: bool = False) -> list[Span]:
    spans: list[Span] = []
    place = 0
    while place < len(tags):
        start, (prefix, kind) = place, split_tag(tags[place])
        place += 1
        if prefix in _SINGLE:
            spans.append((start, place, kind))
        if prefix != "B":
            continue
        while place < len(tags) and split_tag(tags[place]) == ("I", kind):
            place += 1
        ends = place < len(tags) and split_tag(tags[place]) in {(last, kind) for last in _LAST}
        if closed and ends:
            place += 1
        if ends or not closed:
            spans.append((start, place, kind))
    return spans
