"""Edits that leave gender, names and meaning alone: the control where no word of the same gender is at hand."""

from __future__ import annotations

from collections.abc import Sequence

from modelaudit.text import Document, Edit, match_case, word_spans

# Own work: function words first, since they carry the least of what a model decides on.
SYNONYMS = {
    "the": "this",
    "this": "that",
    "that": "which",
    "a": "one",
    "but": "yet",
    "also": "too",
    "very": "quite",
    "because": "since",
    "about": "regarding",
    "after": "following",
    "while": "whilst",
    "until": "till",
    "on": "upon",
    "many": "several",
    "maybe": "perhaps",
    "perhaps": "maybe",
    "often": "frequently",
    "now": "currently",
    "then": "afterwards",
    "however": "nevertheless",
    "and": "plus",
    "with": "alongside",
    "in": "within",
    "to": "towards",
    "for": "regarding",
    "of": "about",
    "said": "stated",
    "told": "informed",
    "asked": "inquired",
    "is": "remains",
    "was": "remained",
    "are": "remain",
    "were": "remained",
}
_RANK = {word: rank for rank, word in enumerate(SYNONYMS)}


def neutral_edits(document: Document, count: int, *, taken: Sequence[Edit] = ()) -> tuple[Edit, ...]:
    """Return up to `count` single-word edits at words that `taken` leaves alone, most neutral words first."""
    sites = [
        (_RANK[word], start, end)
        for start, end in word_spans(document.text)
        if (word := document.text[start:end].lower()) in _RANK
        and document.within_word(start, end)
        and not any(edit.start < end and start < edit.end for edit in taken)
    ]
    return tuple(
        Edit(start, end, match_case(document.text[start:end], SYNONYMS[document.text[start:end].lower()]), "neutral")
        for _, start, end in sorted(sorted(sites)[: max(count, 0)], key=lambda site: site[1])
    )
