"""The handle of a user's function: the questions that probabilities answer, and a sentence for the others."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from modelaudit.checker import Answers, Hiding, Losses, Predictions, TokenStatistics
from modelaudit.errors import CapabilityError, DataInputError
from modelaudit.evidence import storable
from modelaudit.inference.callable_engine import CallableEngine
from modelaudit.inference.callables import TextFunction, input_of
from modelaudit.rows import Row
from modelaudit.subject.encoding import Encoding, fingerprint
from modelaudit.subject.model import check_texts
from modelaudit.subject.opened import OpenedCallable
from modelaudit.subject.tables import Table
from modelaudit.subject.task import ColumnChoice, RowBatch
from modelaudit.subject.tasks.text_classification import TextClassification

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]

CHARACTERS_AT_ONCE = 4_000_000
"""Characters of masked variants that are held at once; each takes four bytes."""

_WORD = re.compile(r"\S+")


@dataclass(frozen=True, slots=True)
class SpacedText:
    """A text as words and the white space before each; `end` is the white space behind the last."""

    words: tuple[str, ...]
    spaces: tuple[str, ...]
    end: str

    @classmethod
    def of(cls, text: str) -> SpacedText:
        """Split a text by its white space."""
        spans = [match.span() for match in _WORD.finditer(text)]
        ends = [0, *(stop for _, stop in spans)]
        return cls(
            tuple(text[start:stop] for start, stop in spans),
            tuple(text[before:start] for before, (start, _) in zip(ends, spans, strict=False)),
            text[ends[-1] :],
        )

    def showing(self, keep: Flags, mask_word: str | None) -> str:
        """Return the text with the words hidden that `keep` (words,) has not; with all words it is the text itself.

        A mask word stands in the place of each hidden word. Without one, the word goes with the white space before it,
        so that no gap tells where it was; a text of which nothing is left is empty.
        """
        if mask_word is not None:
            shown = (word if kept else mask_word for word, kept in zip(self.words, keep.tolist(), strict=True))
            return "".join(part for pair in zip(self.spaces, shown, strict=True) for part in pair) + self.end
        places = np.flatnonzero(keep).tolist()
        if not places:
            return "" if self.words else self.end
        first, *others = places
        parts = [self.spaces[0], self.words[first]]
        for place in others:
            parts += [self.spaces[place], self.words[place]]
        return "".join(parts) + self.end


class OneText(TextClassification):
    """One class for a text that stands alone: a function takes texts, and no pairs of them."""

    def rows(self, table: Table, labels: Sequence[str], columns: ColumnChoice) -> RowBatch:
        """Return the rows of a table; raise DataInputError where the user named a column of second texts."""
        if columns.pair:
            raise DataInputError(
                f"{table.name}: column {columns.pair!r} is named for the second texts of pairs, and a function takes "
                "one text a row; join the two texts in a column of their own, and leave the second out"
            )
        return super().rows(table, labels, replace(columns, pair=""))


class CallableModel:
    """A function from texts to probabilities; implements `checker.ModelHandle`.

    Logits are the natural logarithms of the probabilities, so a loss is -log p of the label; a probability below 1e-12,
    0 among them, counts as 1e-12, and no loss is above 27.6 nats. Whether the function reads long texts to their end is
    not known, so no row is called truncated.
    """

    capabilities: frozenset[str] = frozenset({"predict", "predict_proba", "loss", "players", "predict_masked"})
    hidings: tuple[Hiding, ...] = ("mask", "delete")

    def __init__(self, opened: OpenedCallable, *, batch_tokens: int | None = None) -> None:
        self.opened = opened
        self.task = OneText()
        self.labels = opened.labels
        self.hidden_words = "left out" if opened.mask_word is None else f"replaced by {opened.mask_word!r}"
        self.engine = CallableEngine(
            TextFunction(opened.function, opened.name, opened.labels),
            model_id=_model_id(opened),
            hidden_words=f"{self.hidden_words}; words are what white space sets apart",
            batch_tokens=batch_tokens,
        )

    def predict(self, rows: Sequence[Row]) -> Predictions:
        """Return logits and probabilities."""
        return self._predictions([row.text for row in rows])

    def predict_proba(self, texts: Sequence[str]) -> Floats:
        """Return (n, C) probabilities of plain texts; for libraries that want a model function."""
        check_texts(texts)
        return self._predictions(texts).probabilities

    def fingerprints(self, rows: Sequence[Row]) -> list[str]:
        """Return for each row a string that rows of one text share."""
        return [fingerprint(encoding) for encoding in self.encodings(rows)]

    def loss(self, rows: Sequence[Row]) -> Losses:
        """Return -log p of each row's label, in nats. Raises DataInputError for a row without a label."""
        return self.task.losses(rows, self.predict(rows))

    def players(self, rows: Sequence[Row]) -> list[tuple[str, ...]]:
        """Return each row's words, as white space sets them apart."""
        return [SpacedText.of(storable(row.text)).words for row in rows]

    def predict_masked(self, rows: Sequence[Row], keep: Sequence[Flags], *, hide: Hiding = "mask") -> list[Predictions]:
        """Return predictions for variants of each row in which some words are hidden: left out, or the mask word.

        `keep[i]` is bool (variants, players of row i). Raises ValueError where its width is another, CapabilityError
        for a way that reaches into a model: nobody knows which words a function does not know, or what it attends to.
        """
        if hide not in self.hidings:
            raise CapabilityError(
                f"{self.opened.name} is a function and can't hide words by {hide!r}; it has {', '.join(self.hidings)}"
            )
        mask_word = self.opened.mask_word if hide == "mask" else None
        if len(rows) != len(keep):
            raise ValueError(f"{len(rows)} rows need as many arrays of variants, not {len(keep)}")
        answers: list[Predictions] = []
        for portion in _portions(rows, keep, len(mask_word or "")):
            texts, bounds = [], [0]
            for place in portion:
                texts += self._variants(rows[place], keep[place], mask_word)
                bounds.append(len(texts))
            found = self._predictions(texts)
            answers += [
                Predictions(found.logits[a:b], found.probabilities[a:b], found.truncated[a:b])
                for a, b in pairwise(bounds)
            ]
        return answers

    def embed(self, rows: Sequence[Row]) -> Floats:
        """Raise CapabilityError: a function shows no hidden states."""
        raise self._unable("embed")

    def gradients(self, rows: Sequence[Row], classes: Sequence[int]) -> list[Floats]:
        """Raise CapabilityError: a function shows no gradients."""
        raise self._unable("gradients")

    def saliency(self, rows: Sequence[Row], classes: Sequence[int]) -> list[Floats]:
        """Raise CapabilityError: a function shows no gradients."""
        raise self._unable("saliency")

    def neighbours(self, words: Sequence[str], k: int) -> list[tuple[str, ...]]:
        """Raise CapabilityError: a function shows no embeddings."""
        raise self._unable("neighbours")

    def generate(self, rows: Sequence[Row], *, max_new_tokens: int) -> list[str]:
        """Raise CapabilityError: a function of this kind does not generate."""
        raise self._unable("generate")

    def answers(self, rows: Sequence[Row], *, max_new_tokens: int = 64) -> Answers:
        """Raise CapabilityError: a function of this kind answers with a class."""
        raise self._unable("answers")

    def token_statistics(self, rows: Sequence[Row]) -> TokenStatistics:
        """Raise CapabilityError: a function of this kind writes nothing."""
        raise self._unable("token_statistics")

    def token_counts(self, texts: Sequence[str]) -> NDArray[np.int64]:
        """Raise CapabilityError: nobody knows the tokens of a function."""
        raise self._unable("token_counts")

    def encodings(self, rows: Sequence[Row]) -> list[Encoding]:
        """Return the rows as the engine keeps them, by their characters."""
        return [Encoding(input_of(row.text)) for row in rows]

    def encodings_of_all(self, rows: Sequence[Row]) -> list[Encoding]:
        """Return the rows as the engine keeps them."""
        return self.encodings(rows)

    def remarks(self, rows: Sequence[Row]) -> dict[str, int]:
        """Return nothing: how a function reads its rows is not known."""
        return {}

    def unknown_rows(self, encodings: Sequence[Encoding]) -> int:
        """Return 0: which words a function does not know is not known."""
        return 0

    def _variants(self, row: Row, keep: Flags, mask_word: str | None) -> list[str]:
        text = SpacedText.of(storable(row.text))
        if keep.ndim != 2 or keep.shape[1] != len(text.words):
            raise ValueError(f"row {row.id} has {len(text.words)} players, but keep has shape {keep.shape}")
        return [text.showing(kept, mask_word) for kept in keep]

    def _predictions(self, texts: Sequence[str]) -> Predictions:
        encodings = [Encoding(input_of(text)) for text in texts]
        logits = self.engine.logits([encoding.input for encoding in encodings])
        return self.task.predictions(encodings, logits, classes=len(self.labels))

    def _unable(self, verb: str) -> CapabilityError:
        return CapabilityError(
            f"{self.opened.name} was handed in as a function from texts to probabilities and can't {verb}; hand in the "
            f"model itself for that. A function has {', '.join(sorted(self.capabilities))}"
        )


def _portions(rows: Sequence[Row], keep: Sequence[Flags], mask: int) -> Iterator[range]:
    """Cut rows into portions whose variants have so many characters in all; a row alone may have more."""
    start = held = 0
    for place, (row, kept) in enumerate(zip(rows, keep, strict=True)):
        size = (len(row.text) + kept.shape[1] * mask) * len(kept)
        if held and held + size > CHARACTERS_AT_ONCE:
            yield range(start, place)
            start, held = place, 0
        held += size
    if start < len(rows):
        yield range(start, len(rows))


def _model_id(opened: OpenedCallable) -> str:
    """The SHA-256 of the user's name and the labels; empty for a function that the user gave no name."""
    if opened.identity is None:
        return ""
    content = json.dumps(["function", opened.identity, *opened.labels])
    return hashlib.sha256(content.encode()).hexdigest()
