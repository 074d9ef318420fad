"""Words of a text, as character spans, cut so that a lexicon can be matched against them safely."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from modelaudit.text.edits import Span

# A combining mark or a zero-width joiner belongs to the word it stands in: cutting there would turn "ma\u0301n" or a
# disguised "m\u200ban" into other words.
_MARKS = (
    "\u0300-\u036f\u0483-\u0489\u0591-\u05bd\u064b-\u065f\u093e-\u094d"
    "\u1ab0-\u1aff\u1dc0-\u1dff\u20d0-\u20ff\ufe20-\ufe2f"
)
_JOINERS = "\u00ad\u200b-\u200d\u2060\ufeff"
_LETTER = rf"[\w{_MARKS}{_JOINERS}]"
_HYPHEN = "[-\u2010\u2011]"
_APOSTROPHE = "['\u2019]"
_CLITIC = rf"{_APOSTROPHE}(?:s|ll|d|re|ve|m)(?!{_LETTER})"
_WORD = re.compile(
    rf"{_CLITIC}|{_LETTER}+(?:{_HYPHEN}+{_LETTER}+|(?!{_CLITIC}){_APOSTROPHE}{_LETTER}+)*",
    re.IGNORECASE,
)
_PROTECTED = re.compile(
    r"(?:https?://|www\.)[^\s<>\"]+"
    r"|(?<![\w@.])[@#]\w+"
    r"|(?<![\w.+-])[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,8}"
    r"|(?<![\w.-])[\w-]{1,63}(?:\.[\w-]{1,63}){0,4}\.(?:com|org|net|edu|gov|io|co|uk|de|info)\b(?:/\S*)?",
    re.IGNORECASE,
)

# Every address has one of these, and most texts have none, which is quicker to see.
_MAYBE_PROTECTED = re.compile(r"[@#]|://|www\.|\.\w", re.IGNORECASE)


def word_spans(text: str) -> list[Span]:
    """Spans of the words of ``text``, in order, in linear time.

    A hyphenated compound is one word ("man-made"), and so is a name or contraction with an apostrophe inside
    ("O'Brien", "don't"); the clitics 's 'll 'd 're 've 'm are words of their own. Underscores join ("her_id").
    """
    return [match.span() for match in _WORD.finditer(text)]


def protected_spans(text: str) -> list[Span]:
    """Spans that no edit may touch since they are addresses: URLs, e-mails, domains, handles, hashtags."""
    if _MAYBE_PROTECTED.search(text) is None:
        return []
    return [match.span() for match in _PROTECTED.finditer(text)]


def outside(spans: Sequence[Span], barred: Sequence[Span]) -> list[Span]:
    """Those of ``spans`` that touch none of the sorted, non-overlapping ``barred`` spans."""
    if not barred:
        return list(spans)
    starts = [start for start, _ in barred]
    ends = [end for _, end in barred]
    return [span for span in spans if bisect_right(ends, span[0]) == bisect_left(starts, span[1])]
