"""Quotation marks, apostrophes and hyphens in their other form: straight or curly, plain or typographic."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from modelaudit.text.edits import Document, Edit
from modelaudit.text.perturbations.base import TEXT_AND_TOKENS, Tier, check_level
from modelaudit.text.words import outside, protected_spans

# Marks whose other form is plain from where they stand. A straight mark behind a digit may be an inch or a minute,
# and doubled single marks are an old way of writing a double one: both stay.
_MARK = re.compile(
    r"(?P<double>(?<![\d\"])\"(?!\"))"
    r"|(?P<single>(?<![\d'`])'(?!'))"
    r"|(?P<curly_double>[“”])"
    r"|(?P<curly_single>[‘’])"
    r"|(?P<hyphen>(?<=[^\W\d_])-(?=[^\W\d_]))"
    r"|(?P<hyphen_sign>[‐‑])"
    r"|(?P<dash>(?<= )-(?= ))"
    r"|(?P<dash_sign>(?<= )–(?= ))"
)
_PLAIN = {"curly_double": '"', "curly_single": "'", "hyphen_sign": "-", "dash_sign": "-"}
_TYPOGRAPHIC = {"hyphen": "‐", "dash": "–"}
_OPENERS = frozenset("([{<“‘-–—/")


@dataclass(frozen=True, slots=True)
class QuoteForms:
    """Every straight quotation mark and apostrophe made curly and every curly one straight; hyphens likewise.

    A hyphen between letters becomes U+2010, one between spaces an en dash, and back. Marks behind digits and in
    addresses stay. A negation's apostrophe changes too ("don’t"): its letters stay.
    """

    name: ClassVar[str] = "quotes in the other form"
    version: ClassVar[int] = 1
    family: ClassVar[str] = "punctuation"
    tier: ClassVar[Tier] = "L2"
    levels: ClassVar[tuple[int, ...]] = (1,)
    languages: ClassVar[tuple[str, ...]] = ("*",)
    tasks: ClassVar[tuple[str, ...]] = TEXT_AND_TOKENS
    label_rule: ClassVar[str] = (
        "All words and marks stay; quotes, apostrophes and hyphens take the form that another program would give them."
    )

    def edits(self, document: Document, *, level: int, rng: np.random.Generator) -> list[Edit]:
        """One replacement for each mark that has another form."""
        check_level(self.name, level, self.levels)
        marks = {edit.start: edit for edit in _other_forms(document.text, self.name)}
        free = outside([(edit.start, edit.end) for edit in marks.values()], protected_spans(document.text))
        return [marks[start] for start, end in free if document.within_word(start, end)]


def _other_forms(text: str, kind: str) -> Iterator[Edit]:
    """A quotation mark opens behind a space or a bracket and closes otherwise; between two spaces they take turns."""
    opened = False
    for match in _MARK.finditer(text):
        form = match.lastgroup
        assert form is not None
        if form == "double":
            opened = _opens(text, match.start(), opened)
            other = "“" if opened else "”"
        elif form == "single":
            other = "‘" if _opens(text, match.start(), opened=True) else "’"
        else:
            other = _PLAIN.get(form) or _TYPOGRAPHIC[form]
        yield Edit(match.start(), match.end(), other, kind)


def _opens(text: str, place: int, opened: bool) -> bool:
    before, behind = text[place - 1 : place], text[place + 1 : place + 2]
    apart = not before or before.isspace()
    if apart and (not behind or behind.isspace()):
        return not opened
    return apart or before in _OPENERS
