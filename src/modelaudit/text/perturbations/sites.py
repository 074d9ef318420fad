"""Sites: where a table of words may put another wording, and how many of them a level takes."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from functools import cache

import numpy as np

from modelaudit.text.articles import article_before, fits
from modelaudit.text.case import match_case
from modelaudit.text.edits import Document, Edit, Span
from modelaudit.text.lexicon import word_classes
from modelaudit.text.perturbations.base import WORD_RATES, budget
from modelaudit.text.pronouns import Tokens
from modelaudit.text.words import outside, protected_spans

_SENTENCE_MARKS = frozenset(".!?…:。！？")
_MIN_CAPITALS = 4


def reworded(document: Document, table: Mapping[str, str], kind: str) -> list[Edit]:
    """One edit for each word that ``table`` (lower case) has another for, in the case of the word that stands there.

    A word stays where its article would no longer fit, before a possessive, and where it reads as part of a name.
    """
    tokens = Tokens.of(document.text)
    edits: list[Edit] = []
    for index, word in enumerate(tokens.lower):
        new = table.get(word)
        if new is None or not reads_as_word(tokens, index) or _possesses(tokens, index):
            continue
        article = article_before(tokens, index)
        if article is not None and fits(article, word) and not fits(article, new):
            continue
        start, end = tokens.spans[index]
        edits.append(Edit(start, end, match_case(tokens.surfaces[index], new), kind))
    return placeable(document, edits)


def placeable(document: Document, edits: Sequence[Edit]) -> list[Edit]:
    """Those of the edits, in text order, that touch no address and no known entity, and tear no word apart."""
    if not edits:
        return []
    spans = outside([(edit.start, edit.end) for edit in edits], protected_spans(document.text))
    kept = set(outside(spans, areas(document.entities)))
    return [edit for edit in edits if (edit.start, edit.end) in kept and keeps_words_whole(document, edit)]


def areas(entities: Iterable[tuple[int, int, str]]) -> list[Span]:
    """The characters of entities, sorted, those that overlap as one."""
    found: list[Span] = []
    for start, end, _ in sorted(entities):
        if found and start < found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((start, end))
    return found


def keeps_words_whole(document: Document, edit: Edit) -> bool:
    """Whether a replacement covers whole pre-tokenised words, or lies in one of them without bringing white space."""
    if document.words is None:
        return True
    first = bisect_left(document.words, (edit.start, -1))
    last = bisect_left(document.words, (edit.end, -1)) - 1
    if first <= last and document.words[first][0] == edit.start and document.words[last][1] == edit.end:
        return True
    return document.within_word(edit.start, edit.end) and not any(map(str.isspace, edit.text))


def taken(edits: Sequence[Edit], words: int, level: int, rng: np.random.Generator) -> list[Edit]:
    """As many of the edits as the level's share of a text's words, at least one where there is one, in text order."""
    if not edits:
        return []
    n = max(1, budget(WORD_RATES[level], words, rng))
    return [edits[place] for place in sorted(rng.permutation(len(edits))[:n])]


def reads_as_word(tokens: Tokens, index: int) -> bool:
    """Whether a word is written as an ordinary one: a capital inside a sentence may belong to a name or a title."""
    surface = tokens.surfaces[index]
    if surface.islower() or (surface.isupper() and len(surface) >= _MIN_CAPITALS):
        return True
    return surface[1:].islower() and opens_sentence(tokens, index)


def opens_sentence(tokens: Tokens, index: int) -> bool:
    """Whether a word is the first of the text, or the first behind a mark that ends a sentence."""
    return index == 0 or not _SENTENCE_MARKS.isdisjoint(tokens.gaps[index - 1])


@cache
def month_names() -> frozenset[str]:
    """What months are called, and their abbreviations, in lower case."""
    return frozenset().union(*word_classes("months").values())


def _possesses(tokens: Tokens, index: int) -> bool:
    behind = tokens.lower[index + 1 : index + 2]
    return behind == ("'s",) or tokens.gaps[index][:1] in {"'", "’"}
