"""How people type: letter case, slips and final marks, laid over the demo's sentences."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from modelaudit.text import Document, apply
from modelaudit.text.perturbations import Typos

TYPO_LEVEL = 2
FINAL_MARKS = (".", "", "!", "...", "!!")
_MARK_SHARES = (0.6, 0.1, 0.1, 0.1, 0.1)
_CASES = ("sentence", "lower", "upper", "title")
_CASE_SHARES = (0.4, 0.2, 0.2, 0.2)


@dataclass(frozen=True, slots=True)
class Style:
    """How rows of one table look.

    Attributes:
        typo_share: share of rows with slips, in one word of ten.
        any_case: rows also come in lower case, in capitals and in title case; otherwise all are sentence case.
    """

    typo_share: float
    any_case: bool

    def type(self, document: Document, rng: np.random.Generator) -> Document:
        """Return the document as somebody typed it; words of a pre-tokenised one keep their places."""
        slips = rng.random() < self.typo_share
        case = _CASES[int(rng.choice(len(_CASES), p=_CASE_SHARES))] if self.any_case else "sentence"
        if slips:
            document = apply(document, Typos().edits(document, level=TYPO_LEVEL, rng=rng)).document
        return _cased(document, case)


def final_mark(rng: np.random.Generator) -> str:
    """Return the mark at the end of a text, most often a full stop."""
    return FINAL_MARKS[int(rng.choice(len(FINAL_MARKS), p=_MARK_SHARES))]


def _cased(document: Document, case: str) -> Document:
    """Return the ASCII text in another case; its length, and so the place of every word, stays."""
    text = document.text
    if case == "lower":
        return Document(text.lower(), document.words)
    if case == "upper":
        return Document(text.upper(), document.words)
    if case == "title":
        starts = [index > 0 and text[index - 1].isalpha() for index in range(len(text))]
        titled = "".join(letter if inside else letter.upper() for letter, inside in zip(text, starts, strict=True))
        return Document(titled, document.words)
    return document
