"""What a perturbation is, how strong its levels are, and how a row gets its own random numbers."""

from __future__ import annotations

import math
from collections.abc import Sequence
from hashlib import blake2b
from typing import Literal, Protocol

import numpy as np

from modelaudit.text.edits import Document, Edit, Span
from modelaudit.text.lexicon import word_classes
from modelaudit.text.words import outside, protected_spans, word_spans

Tier = Literal["L0", "L1", "L2", "L3", "D"]

TEXT: tuple[str, ...] = ("text-classification",)
TOKENS: tuple[str, ...] = ("token-classification",)
TEXT_AND_TOKENS = TEXT + TOKENS

# Share of a text's words that a level may change (methods/robustness.md 1.1, after the degrees of RobTest).
WORD_RATES = {1: 0.05, 2: 0.10, 3: 0.15, 4: 0.25, 5: 0.40}


class Perturbation(Protocol):
    """A family of edits that leaves the right answer as it is (or, tier "D", says how it changes).

    ``tier``: L0 looks the same to a reader, L1 same words with surface noise, L2 same meaning by construction, L3
    probably the same meaning, D directional. ``label_rule`` says in one sentence why the label holds. ``edits``
    returns no edits where it can't change the text: "no effect", which is not "robust".
    """

    @property
    def name(self) -> str:
        """Stable id, part of the seed of every row."""

    @property
    def version(self) -> int:
        """Raised whenever the same seed would give other edits."""

    @property
    def family(self) -> str:
        """What it is a kind of ("typing errors", "letter case"); the report has one finding for each family."""

    @property
    def tier(self) -> Tier:
        """The tier of the label rule."""

    @property
    def label_rule(self) -> str:
        """Why the right answer stays, in one sentence."""

    @property
    def levels(self) -> tuple[int, ...]:
        """The levels it knows, weakest first."""

    @property
    def languages(self) -> tuple[str, ...]:
        """Languages its rules were written for; ("*",) for any."""

    @property
    def tasks(self) -> tuple[str, ...]:
        """Tasks for which the label rule holds, among `TEXT_AND_TOKENS`."""

    def edits(self, document: Document, *, level: int, rng: np.random.Generator) -> list[Edit]:
        """Edits of one text at one level; ValueError for a level it does not know."""


def row_rng(seed: int, name: str, version: int, level: int, row_id: object) -> np.random.Generator:
    """The generator of one row under one perturbation: the same whatever the order in which rows are edited.

    Counter-based (Philox), keyed by a BLAKE2 digest of all five values.
    """
    fields = (repr(seed), name, repr(version), repr(level), type(row_id).__name__, str(row_id))
    digest = blake2b(digest_size=16)
    for field in fields:
        encoded = field.encode("utf-8", "surrogatepass")
        digest.update(len(encoded).to_bytes(8, "big") + encoded)
    return np.random.Generator(np.random.Philox(key=int.from_bytes(digest.digest(), "big")))


def check_level(name: str, level: int, levels: Sequence[int]) -> None:
    """ValueError where ``level`` is not one of ``levels``."""
    if level not in levels:
        raise ValueError(f"{name} has no level {level}; its levels are {', '.join(map(str, levels))}")


def budget(rate: float, n: int, rng: np.random.Generator) -> int:
    """How many of n units to change so that ``rate`` of them change on average: the fraction is drawn, not rounded."""
    exact = rate * n
    whole = math.floor(exact)
    return min(n, whole + int(rng.random() < exact - whole))


def editable_words(document: Document) -> list[Span]:
    """The words that characters may be edited in: no address, numeral or negation, whole in a pre-tokenised word."""
    text = document.text
    negations = word_classes("protected_words")["negation"]
    found = []
    for start, end in outside(word_spans(text), protected_spans(text)):
        word = text[start:end]
        if not document.within_word(start, end):
            continue
        if word.isalpha():
            editable = word.lower() not in negations
        else:
            folded = word.lower().replace("’", "'")
            editable = not (any(map(str.isdigit, word)) or folded in negations or folded.endswith("n't"))
        if editable:
            found.append((start, end))
    return found


def choose_spans(spans: Sequence[Span], n: int, rng: np.random.Generator) -> list[Span]:
    """n of ``spans`` without replacement, in text order."""
    if not spans or n <= 0:
        return []
    return [spans[i] for i in sorted(rng.permutation(len(spans))[:n])]
