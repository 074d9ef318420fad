"""What makes strings of strangers visible and harmless, and lists and sentences in the report's language.

Audited text, names and plugin messages may carry characters that hide, reorder or overprint what stands around them
(Unicode Technical Report 36; "Trojan Source", Boucher and Anderson 2023). A report that is read as evidence shows
such characters by their code point instead of letting them act.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

from modelaudit.reports.words import Told, say, told

MAX_CHARACTERS = 2_000
"""The longest string that a report prints; what is cut is counted."""

MAX_STACKED = 3
"""So many combining marks may stand on one letter; more would overprint the lines around it."""

LITTLE = 24
"""A cut that saves no more characters than this is not made: to count it takes as many."""

_PLAIN_SPACES = {"\n": "↵ ", "\r": "", "\t": "⇥ "}
_HIDDEN_CATEGORIES = frozenset({"Cc", "Cf", "Cn", "Co", "Cs", "Zl", "Zp"})
_STACKING_CATEGORIES = frozenset({"Mn", "Me"})
_BLANK_LETTERS = frozenset("\u115f\u1160\u2800\u3164\uffa0")


def visible(text: str, *, most: int = MAX_CHARACTERS) -> str:
    """Return text on one line in which nothing hides, reorders or overprints.

    Control and format characters (bidirectional marks, zero-width characters), surrogates, unassigned and private
    code points, letters that print as blanks, and combining marks beyond the third on one letter become escapes such
    as ⟨U+202E⟩. Line ends become ↵ and tabs ⇥. Text longer than `most` characters is cut, and the cut is counted.
    """
    kept, cut = text[:most], len(text) - most
    if not (kept.isascii() and kept.isprintable()):
        kept = _escaped(kept.replace("\r\n", "\n"))
    return kept + say("count.cut", count=cut) if cut > 0 else kept


def shortened(text: str, most: int) -> str:
    """Return text as far as a place has room for about `most` characters, cut between words.

    What is only a little longer than the words that would count the cut is left whole.
    """
    if len(text) <= most + LITTLE:
        return visible(text)
    space = text.rfind(" ", most - LITTLE, most)
    return visible(text, most=space if space > 0 else most)


def _escaped(text: str) -> str:
    parts, stacked = [], 0
    for character in text:
        category = unicodedata.category(character)
        stacked = stacked + 1 if category in _STACKING_CATEGORIES else 0
        if character in _PLAIN_SPACES:
            parts.append(_PLAIN_SPACES[character] or code_point(character))
        elif category in _HIDDEN_CATEGORIES or character in _BLANK_LETTERS or stacked > MAX_STACKED:
            parts.append(code_point(character))
        else:
            parts.append(character)
    return "".join(parts)


def code_point(character: str) -> str:
    """Return a character as its visible escape, ⟨U+202E⟩."""
    return f"⟨U+{ord(character):04X}⟩"


def listed(items: Sequence[str]) -> str:
    """Return items as a list in a sentence: `a, b and c`."""
    return _joined(items, "list.last")


def either(items: Sequence[str]) -> str:
    """Return items as a choice in a sentence: `a, b or c`."""
    return _joined(items, "list.last_or")


def _joined(items: Sequence[str], last: str) -> str:
    if len(items) < 2:
        return "".join(items)
    return say(last, head=say("list.separator").join(items[:-1]), last=items[-1])


def told_sentence(text: str) -> Told:
    """Return a text of the record as a sentence, in the report's language where there is a translation."""
    found = told(text)
    return Told(sentence(found.text), found.lang)


def sentence(text: str) -> str:
    """Return text with a capital at its start and a full stop of its script at its end."""
    text = text.strip()
    if not text:
        return text
    text = text[0].upper() + text[1:]
    if text[-1] in ".!?…。！？":
        return text
    return text + ("。" if unicodedata.east_asian_width(text[-1]) in "WF" else ".")
