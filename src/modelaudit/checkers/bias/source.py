"""The row as the bias checks rewrite it, and the order in which rows are taken."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

from modelaudit.checkers.bias.passage import Part, edges, joined
from modelaudit.rows import Row
from modelaudit.text import Document, Span, language_of, word_spans
from modelaudit.text.tags import entity_spans

PERSON_TYPES = frozenset({"per", "person"})
CUT_OFF = -1
QUESTIONS, WRITING, GENERATION = "question-answering", "text2text-generation", "text-generation"
LANGUAGE_TASKS = frozenset({GENERATION, "fill-mask"})
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
        parts: where the row's texts stand in the document, where it has several that are rewritten together.
        unanswered: whether it lacks the answer that it would have to be judged by.
    """

    row: Row
    document: Document
    tags: tuple[int, ...] | None = None
    language: str = "en"
    continues: bool = False
    parts: tuple[Part, ...] = ()
    unanswered: bool = False

    @classmethod
    def of(cls, row: Row, task: str) -> Source:
        """Return the row with all texts that are rewritten together: what is read, and a target that is written."""
        text, parts = joined(row, with_answer=task == WRITING)
        continues = task in LANGUAGE_TASKS and not row.answer
        return cls(row, Document(text), continues=continues, parts=parts, unanswered=lacks_answer(row, task))

    @property
    def fixed_answer(self) -> str | None:
        """The answer that a model is judged by and that no arm rewrites, or None."""
        rewritten = any(part.of == "answer" for part in self.parts)
        return None if rewritten else self.row.answer

    def unfit(self) -> str | None:
        """Return why the answer can't be told for a rewritten row, or None."""
        row = self.row
        if self.unanswered:
            return "there is no answer to judge by, and the model writes none"
        if row.answers and row.spans is None:
            return "the answer does not stand in its context"
        written = row.answer if self.fixed_answer is None else None
        if written and any(map(str.isalpha, written)) and language_of(written) != self.language:
            return "the text to be written is in another language"
        return None

    def torn(self, places: Sequence[Span]) -> bool:
        """Whether an edit at one of the places would cross the edge of a text, or of an answer in it."""
        barred = edges(self.row, self.parts)
        return any(start < edge < end for start, end in places for edge in barred)

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


def lacks_answer(row: Row, task: str) -> bool:
    """Whether the row has no answer and can't be judged without one, as prompts can that are no message of a chat."""
    if task == QUESTIONS:
        return row.answers is None
    return not row.answer and (task == WRITING or (task == GENERATION and row.turns is not None))


def row_key(row: Row, *, seed: int, purpose: str) -> bytes:
    """Return 32 bytes that depend on the seed, the purpose and the row's words: not on where it stands in memory."""
    words = (row.text,) if row.words is None else ("", *row.words)
    answer = () if row.answer is None else ("\x1e", row.answer)
    beside = () if row.companion is None else ("\x1d", row.companion)
    turns = ("\x1c", *(part for turn in row.turns for part in turn)) if row.turns else ()
    content = "\x1f".join([str(seed), purpose, *words, *answer, *beside, *turns]).encode("utf-8", "surrogatepass")
    return hashlib.blake2b(content, digest_size=32).digest()


def drawn(rows: Sequence[Row], *, seed: int) -> list[Row]:
    """Return the rows in the pseudo-random order in which they are taken, texts that occur twice once only."""

    def order(row: Row) -> tuple[bytes, str, str]:
        truth = (row.label, row.tags, row.label_set, row.values, row.group, row.answers)
        return row_key(row, seed=seed, purpose="draw"), repr(truth), row.id

    keyed = sorted(((*order(row), row) for row in rows), key=lambda item: item[:3])
    return list({key: row for key, _, _, row in reversed(keyed)}.values())[::-1]
