"""Terms of one word or more, matched against the words of a text, longest first and in a case that can be restored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Literal

from modelaudit.text.edits import Document
from modelaudit.text.pronouns import Tokens
from modelaudit.text.words import word_spans

Case = Literal["as is", "lower", "upper", "capitalised"]


@dataclass(frozen=True, slots=True)
class Place:
    """A term that stands at the words ``[first, stop)`` of a text; ``forms`` are all forms of its filler so written."""

    first: int
    stop: int
    filler: str
    forms: frozenset[str]


class Phrasebook:
    """The terms of a set by their first word, and the fillers that each belongs to."""

    def __init__(self, terms: Iterable[tuple[str, str, str]]) -> None:
        """Take (filler, form, text) triples; ValueError where two fillers are written alike."""
        fillers: dict[str, str] = {}
        forms: dict[str, set[str]] = {}
        for filler, form, text in terms:
            if fillers.setdefault(text, filler) != filler:
                raise ValueError(f"the fillers {fillers[text]!r} and {filler!r} are both written {text!r}; drop one")
            forms.setdefault(text, set()).add(form)
        self._by_first: dict[str, list[tuple[tuple[str, ...], str, str, frozenset[str]]]] = {}
        for text in sorted(fillers, key=lambda term: (-len(word_spans(term)), term)):
            words = tuple(text[start:end].lower() for start, end in word_spans(text))
            entry = (words, text, fillers[text], frozenset(forms[text]))
            self._by_first.setdefault(words[0], []).append(entry)

    def places(self, tokens: Tokens) -> list[Place]:
        """Where the terms stand, in order; of terms that begin alike the longest counts."""
        found: list[Place] = []
        index = 0
        while index < len(tokens.lower):
            place = self._at(tokens, index) if tokens.lower[index] in self._by_first else None
            if place is None:
                index += 1
                continue
            found.append(place)
            index = place.stop
        return found

    def compounds(self, tokens: Tokens) -> bool:
        """Whether a hyphenated word has a term in it ("Kenyan-born")."""
        return any(
            "-" in word and any(part in self._by_first and part != "the" for part in word.split("-"))
            for word in tokens.lower
        )

    def _at(self, tokens: Tokens, index: int) -> Place | None:
        for words, text, filler, forms in self._by_first[tokens.lower[index]]:
            stop = index + len(words)
            if tokens.lower[index:stop] != words or any(gap != " " for gap in tokens.gaps[index : stop - 1]):
                continue
            if case_of(" ".join(tokens.surfaces[index:stop]), text) is not None:
                return Place(index, stop, filler, forms)
        return None


def case_of(surface: str, term: str) -> Case | None:
    """How ``surface`` writes ``term``; None for a mix of capitals that another term could not take over."""
    cases: Mapping[str, Case] = {
        term[:1].upper() + term[1:]: "capitalised",
        term.upper(): "upper",
        term.lower(): "lower",
        term: "as is",
    }
    return cases.get(surface)


def in_case(term: str, case: Case) -> str:
    """``term`` as a text writes it that has its own term in ``case``."""
    if case == "lower":
        return term.lower()
    if case == "upper":
        return term.upper()
    return term[:1].upper() + term[1:] if case == "capitalised" else term


def covers_words(document: Document, start: int, end: int) -> bool:
    """Whether ``[start, end)`` can be replaced by any number of words: whole words, or anything in plain text."""
    if document.words is None:
        return True
    starts = {span[0] for span in document.words}
    ends = {span[1] for span in document.words}
    return start in starts and end in ends
