"""Site: a word of a row that may be edited, with the forms that it may take."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from modelaudit.checkers.robustness.attack.kind import Forms
from modelaudit.rows import Row
from modelaudit.text import Document, Span, word_spans
from modelaudit.text.perturbations.base import editable_words

Choice = tuple[tuple[int, int], ...]
"""Which sites are edited and the form of each, by number, in the order of the sites."""


@dataclass(frozen=True, slots=True)
class Site:
    """The characters [start, end) of a row's text; `word` is the pre-tokenised word they lie in, -1 in plain text."""

    start: int
    end: int
    word: int
    forms: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Sites:
    """The sites of one row in text order, the number of its words, and the span of each pre-tokenised one."""

    row: Row
    sites: tuple[Site, ...]
    words: int
    spans: tuple[Span, ...] | None

    def edited(self, choice: Choice) -> Row:
        """Return the row with the chosen sites in their chosen forms."""
        row = self.row
        if row.words is None or self.spans is None:
            pieces: list[str] = []
            position = 0
            for number, form in choice:
                site = self.sites[number]
                pieces += (row.text[position : site.start], site.forms[form])
                position = site.end
            return row.with_text("".join([*pieces, row.text[position:]]))
        words = list(row.words)
        # From the last on, so that places before an edit stay what they were.
        for number, form in reversed(choice):
            site = self.sites[number]
            first = self.spans[site.word][0]
            word = words[site.word]
            words[site.word] = word[: site.start - first] + site.forms[form] + word[site.end - first :]
        return row.with_words(tuple(words), None)


def sites_of(row: Row, forms: Forms, protected: frozenset[str]) -> Sites:
    """Return the words of a row that can be edited: no address, numeral, negation or protected word."""
    document = Document(row.text) if row.words is None else Document.from_words(row.words)
    found = []
    word = 0
    for start, end in editable_words(document):
        surface = document.text[start:end]
        made = () if surface.lower() in protected else forms.of(surface)
        if not made:
            continue
        if document.words is not None:
            while document.words[word][1] < end:
                word += 1
        found.append(Site(start, end, -1 if document.words is None else word, made))
    words = len(word_spans(document.text)) if row.words is None else len(row.words)
    return Sites(row, tuple(found), words, document.words)


def editable(row: Row) -> list[str]:
    """Return the words of a row that may be edited at all."""
    document = Document(row.text) if row.words is None else Document.from_words(row.words)
    return [document.text[start:end] for start, end in editable_words(document)]


def players_of(sites: Sites, players: Sequence[str], text: str) -> list[list[int]] | None:
    """Return for each site the players (words as the model's tokenizer splits them) that it touches.

    A site without any is not read by the model. None where the players can't be found in the text, since the tokenizer
    knows only its own pieces. `text` is the row's as the tokenizer is given it.
    """
    if sites.spans is not None:
        return [[site.word] if site.word < len(players) else [] for site in sites.sites]
    places = _places(players, text)
    if places is None:
        return None
    touched: list[list[int]] = []
    first = 0
    for site in sites.sites:
        while first < len(places) and places[first][1] <= site.start:
            first += 1
        here = first
        while here < len(places) and places[here][0] < site.end:
            here += 1
        touched.append(list(range(first, here)))
    return touched


def _places(players: Sequence[str], text: str) -> list[Span] | None:
    """Return where the players stand, each at the first place behind the one before; from the end where the row lost
    its beginning."""
    if players and not text.lstrip().startswith(players[0]):
        mirrored = _in_order([player[::-1] for player in reversed(players)], text[::-1])
        return mirrored and [(len(text) - end, len(text) - start) for start, end in reversed(mirrored)]
    return _in_order(players, text)


def _in_order(players: Sequence[str], text: str) -> list[Span] | None:
    places, end = [], 0
    for player in players:
        start = text.find(player, end)
        if start < 0:
            return None
        end = start + len(player)
        places.append((start, end))
    return places
