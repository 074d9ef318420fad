"""Additions: text of our own put in front of, behind or into a text, written as the text is written."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Sequence

import numpy as np

from modelaudit.text.edits import Document, Edit
from modelaudit.text.lexicon import read_lexicon

_WORD_CHARACTER = re.compile(r"\w")
# Marks and clitics with white space on both sides: text that was cut into words and joined again.
_APART = re.compile(r"\s(?:n't|'(?:s|m|re|ve|ll|d)|[.,;:!?])(?:\s|$)")
_MARK_AT_WORD = re.compile(r"(?<=\w)(\.\.\.|[.,])(?=\s|$)")
# Four small letters before the mark, so that no abbreviation ("Mr.", "Corp.", "U.S.") ends a sentence.
_NEXT_SENTENCE = re.compile(r"(?:(?<=[a-z]{4}[.!?])|(?<=\s[.!?]))\s+(?=\S)")
_FINAL_MARKS = frozenset(".!?…。！？")
_CLOSERS = "\"'”’)]»"


def sets_marks_apart(document: Document) -> bool:
    """Whether marks stand as words of their own: always in pre-tokenised text, else told by the text itself."""
    return document.words is not None or _APART.search(document.text) is not None


def written_like(document: Document, added: str) -> str:
    """``added`` in the case of a text that has one case only, its marks set apart where the text's are."""
    if sets_marks_apart(document):
        added = _MARK_AT_WORD.sub(r" \1", added)
    if document.text.islower():
        return added.lower()
    return added.upper() if document.text.isupper() else added


def in_front(document: Document, added: str, kind: str) -> list[Edit]:
    """The insertion of ``added`` before the first word; none in a text without words."""
    text = document.text
    start = len(text) - len(text.lstrip())
    return _inserted(document, start, f"{added} ", kind)


def behind(document: Document, added: str, kind: str) -> list[Edit]:
    """The insertion of ``added`` behind the last word or mark; none in a text without words."""
    return _inserted(document, len(document.text.rstrip()), f" {added}", kind)


def behind_sentence(document: Document, added: str, kind: str) -> list[Edit]:
    """`behind`, with a full stop in front where the text does not end its last sentence."""
    ended = document.text.rstrip().rstrip(_CLOSERS)[-1:] in _FINAL_MARKS
    stop = "" if ended else (" ." if sets_marks_apart(document) else ".")
    return _inserted(document, len(document.text.rstrip()), f"{stop} {added}", kind)


def sentence_starts(document: Document) -> list[int]:
    """Where a sentence begins, the first one included, outside of known entities; none in a text without words."""
    text = document.text
    if _WORD_CHARACTER.search(text) is None:
        return []
    found = [len(text) - len(text.lstrip()), *(match.end() for match in _NEXT_SENTENCE.finditer(text))]
    return [place for place in dict.fromkeys(found) if is_gap(document, place)]


def is_gap(document: Document, place: int) -> bool:
    """Whether a place lies inside no pre-tokenised word and inside no known entity; their edges count as outside."""
    if any(start < place < end for start, end, _ in document.entities):
        return False
    if document.words is None:
        return True
    before = bisect_left(document.words, (place, -1)) - 1
    return before < 0 or document.words[before][1] <= place


def neutral_sentences(n: int, rng: np.random.Generator) -> str:
    """n different sentences of `neutral_sentences.tsv`, in random order; no more than it has."""
    sentences = read_lexicon("neutral_sentences")
    return " ".join(sentences[place][0] for place in rng.permutation(len(sentences))[:n])


def drawn(options: Sequence[str], n: int, rng: np.random.Generator) -> list[str]:
    """n different ones of ``options``, in random order."""
    return [options[place] for place in rng.permutation(len(options))[:n]]


def _inserted(document: Document, place: int, added: str, kind: str) -> list[Edit]:
    if _WORD_CHARACTER.search(document.text) is None or not is_gap(document, place):
        return []
    return [Edit(place, place, added, kind)]
