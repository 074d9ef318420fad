"""Wordings: what a model writes, with every word that an arm exchanged written in one and the same way."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Sequence

from modelaudit.checkers.bias.variant import Variant
from modelaudit.text import Edit


class Wordings:
    """The forms that any arm of one row puts at one place of it count as one word.

    So "Maria paid" behind Maria and "James paid" behind James are one answer, and "he" for "she" is no other answer.
    Forms that are tied by one place are tied everywhere: "his" and "him", which "her" stands for.
    """

    def __init__(self, edits: Sequence[Edit], original: str) -> None:
        self._named: dict[str, str] = {}
        for edit in sorted(set(edits), key=lambda each: (each.start, each.end, each.text)):
            self._tie(original[edit.start : edit.end].casefold().strip(), edit.text.casefold().strip())
        forms = sorted(self._named, key=lambda form: (-len(form), form))
        self._forms = re.compile("|".join(map(_whole, forms)), re.IGNORECASE) if forms else None

    def written_back(self, text: str) -> str:
        """Return a text with one form for all that are exchanged for one another; a capital at its beginning stays."""
        return text if self._forms is None else self._forms.sub(lambda found: self._form(found[0]), text)

    def canonical(self, text: str) -> str:
        """Return a text so, in lower case."""
        return self.written_back(text).casefold()

    def _tie(self, first: str, second: str) -> None:
        if not first or not second:
            return
        first, second = (self._root(self._named.setdefault(form, form)) for form in (first, second))
        self._named[max(first, second)] = min(first, second)

    def _form(self, found: str) -> str:
        form = found.casefold()
        root = self._root(form) if form in self._named else form
        return root.capitalize() if found[:1].isupper() else root

    def _root(self, form: str) -> str:
        while self._named[form] != form:
            form = self._named[form]
        return form


def wordings_of(variants: Sequence[Variant]) -> dict[str, Wordings]:
    """Return the wordings of each row, by row id."""
    edits: dict[str, list[Edit]] = defaultdict(list)
    original: dict[str, str] = {}
    for variant in variants:
        edits[variant.source.row.id] += variant.edits
        original[variant.source.row.id] = variant.source.document.text
    return {row: Wordings(found, original[row]) for row, found in edits.items()}


def _whole(form: str) -> str:
    """Return the pattern of a form as a whole word; Chinese sets none apart."""
    return rf"(?<!\w){re.escape(form)}(?!\w)" if form.isascii() else re.escape(form)
