"""The row as the bias checks rewrite it, and the order in which rows are taken."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from modelaudit.rows import Row
from modelaudit.text import Document, Span, word_spans
from modelaudit.text.tags import entity_spans

PERSON_TYPES = frozenset({"per", "person"})
CUT_OFF = -1
LEAST_CONTINUATION = 3
"""Words that have to follow an edit where a language model is judged by what follows."""


@dataclass(frozen=True, slots=True)
class Source:
    """One row as it is rewritten.

    Attributes:
        tags: the reference tag of each word of a token classification, as label indices: the row's own, or the
            model's on the original where the row has none (`CUT_OFF` for words that it does not read); else None.
        language: "en" or "zh".
        continues: whether what follows the edit is what a language model is judged by; a row with an answer is judged
            by the answer.
    """

    row: Row
    document: Document
    tags: tuple[int, ...] | None = None
    language: str = "en"
    continues: bool = False

    def entity_words(self, labels: Sequence[str]) -> list[int]:
        """Return the words whose reference tag is not "O"."""
        tags = self.tags or ()
        return [word for word, tag in enumerate(tags) if tag != CUT_OFF and labels[tag] != "O"]

    def person_words(self, labels: Sequence[str]) -> list[tuple[int, int]]:
        """Return the words (start, end) of each person named in a token classification."""
        tags = ["O" if tag == CUT_OFF else labels[tag] for tag in self.tags or ()]
        return [(start, end) for start, end, kind in entity_spans(tags) if kind.lower() in PERSON_TYPES]

    def person_spans(self, labels: Sequence[str]) -> list[Span] | None:
        """Return the characters of each person named in a token classification; None for plain text."""
        words = self.document.words
        if self.tags is None or words is None:
            return None
        return [(words[start][0], words[end - 1][1]) for start, end in self.person_words(labels)]

    def goes_on(self, end: int) -> bool:
        """Whether enough text follows the offset for a language model to be judged by."""
        if not self.continues:
            return True
        behind = self.document.text[end:]
        words = word_spans(behind)
        # Chinese has no spaces: there a character is what a word is here.
        return len(words) >= LEAST_CONTINUATION or sum(map(len, (behind[a:b] for a, b in words))) >= 12


def row_key(row: Row, *, seed: int, purpose: str) -> bytes:
    """Return 32 bytes that depend on the seed, the purpose and the row's words: not on where it stands in memory."""
    words = (row.text,) if row.words is None else ("", *row.words)
    answer = () if row.answer is None else ("\x1e", row.answer)
    content = "\x1f".join([str(seed), purpose, *words, *answer]).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(content, digest_size=32).digest()


def drawn(rows: Sequence[Row], *, seed: int) -> list[Row]:
    """Return the rows in the pseudo-random order in which they are taken, texts that occur twice once only."""

    def order(row: Row) -> tuple[bytes, str, str]:
        truth = (row.label, row.tags, row.label_set, row.values, row.group)
        return row_key(row, seed=seed, purpose="draw"), repr(truth), row.id

    keyed = sorted(((*order(row), row) for row in rows), key=lambda item: item[:3])
    return list({key: row for key, _, _, row in reversed(keyed)}.values())[::-1]
