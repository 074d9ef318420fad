"""Words of plain text that are names by what stands around them, and those that may be and had to be left.

Name lists hold few of the names there are. Two things tell others: a last name that is known to be none but a name,
right behind the word, and an e-mail address of the same row that is made of the word.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Set
from functools import cache

from modelaudit.text import load_known_names, load_last_names
from modelaudit.text.lexicon import word_classes
from modelaudit.text.name_context import ambiguous_words, context
from modelaudit.text.pronouns import Tokens

_BESIDE = frozenset(
    {"actor", "actress", "dear", "director", "hi", "old", "please", "thanks", "unlike", "writer", "young"}
)
"""Words beside names that no list of the lexicons has."""
LONGEST = 40
"""Characters of a word that may be a name."""
_LEAST_PART = 3
"""Letters of a word that may be a part of an unbroken run of an address; two letters stand in too many."""
_SENTENCE_ENDS = '.!?\n"“:;'
_LETTERS = re.compile(r"[^\W\d_]+")
_ROLES = frozenset(
    {
        "account", "accounts", "admin", "billing", "booking", "bookings", "careers", "contact", "desk", "editor",
        "email", "enquiries", "events", "feedback", "hello", "help", "helpdesk", "hotel", "hr", "info", "inquiries",
        "jobs", "legal", "mail", "manager", "marketing", "media", "news", "newsletter", "noreply", "office", "order",
        "orders", "postmaster", "press", "privacy", "reply", "reservations", "reviews", "sales", "security", "service",
        "services", "shop", "staff", "store", "support", "team", "webmaster", "write",
    }
)  # fmt: skip
"""Words of addresses that are nobody's own."""


def named_around(tokens: Tokens, addresses: Iterable[str], barred: Set[int]) -> dict[int, int]:
    """Return the words that are names by what is around them, each with its place in the name, as `Found.place`.

    Args:
        addresses: the e-mail addresses of the text. barred: words that are none, whatever is around them.

    A word counts wherever the text has it with a capital. Words of titles and functions are no names.
    """
    words = {index for index in range(len(tokens.lower)) if _may_be_name(tokens, index)} - barred
    own = {tokens.lower[index] for index in words}
    known = _of_addresses(addresses, own - _ROLES)
    free = {index for index in words if tokens.lower[index] not in _words_beside()}
    known |= {tokens.lower[index] for index in free if index + 1 in words and _is_last(tokens, index + 1)}
    names = {index for index in words if tokens.lower[index] in known}
    # The other half of a name: a word right behind the first half, or right before the last.
    behind = {index for index in free - names if _joined(tokens, index - 1) and index - 1 in names}
    behind -= {index for index in behind if index - 2 in names and _joined(tokens, index - 2)}
    told = names | behind
    alone = {index for index in names if not (index + 1 in told and _joined(tokens, index))}
    before = {index for index in free - told if index + 1 in alone and _joined(tokens, index)}
    names = told | {index for index in before if not _opens_sentence(tokens, index)}
    return {index: _place(tokens, index, names) for index in sorted(names)}


def may_be_names(tokens: Tokens, barred: Set[int]) -> int:
    """Return how many words with a capital, beside those that are barred, are in the name lists.

    A name that is a word, month or place as well does not count where it opens a sentence.
    """
    listed = [
        index
        for index, word in enumerate(tokens.lower)
        if word in _listed() and index not in barred and _may_be_name(tokens, index)
    ]
    return sum(tokens.lower[index] not in ambiguous_words() or not _opens_sentence(tokens, index) for index in listed)


def _of_addresses(addresses: Iterable[str], words: set[str]) -> set[str]:
    """Those of the words that addresses are made of: a run of letters, or two in a row, one of them may be a letter."""
    found: set[str] = set()
    for address in addresses:
        for run in _LETTERS.findall(address.rpartition("@")[0].lower()):
            found |= {run} & words
            for size in range(1, len(run) if len(run) <= 2 * LONGEST else 1):
                halves = {run[:size], run[size:]}
                if all(len(half) == 1 or half in words for half in halves) and max(map(len, halves)) >= _LEAST_PART:
                    found |= halves & words
    return found


def _may_be_name(tokens: Tokens, index: int) -> bool:
    surface, word = tokens.surfaces[index], tokens.lower[index]
    fits = 1 < len(word) <= LONGEST and surface[0].isupper() and word.isalpha()
    return fits and word not in _no_names()


def _is_last(tokens: Tokens, index: int) -> bool:
    """Whether a known last name stands here, right behind another word."""
    return _joined(tokens, index - 1) and tokens.lower[index] in _last_names()


def _joined(tokens: Tokens, index: int) -> bool:
    """Whether only a space stands between a word and the next."""
    return 0 <= index < len(tokens.lower) - 1 and tokens.gaps[index] == " "


def _place(tokens: Tokens, index: int, names: set[int]) -> int:
    if index + 1 in names and _joined(tokens, index):
        return 1
    return -1 if index - 1 in names and _joined(tokens, index - 1) else 0


def _opens_sentence(tokens: Tokens, index: int) -> bool:
    return index == 0 or any(mark in tokens.gaps[index - 1] for mark in _SENTENCE_ENDS)


@cache
def _no_names() -> frozenset[str]:
    words = word_classes("function_words")["en"] | word_classes("protected_words")["negation"]
    places = context("place_before") | context("place_behind")
    return words | places | context("title") | context("surname_title") | context("not_surname")


@cache
def _words_beside() -> frozenset[str]:
    """Words that stand with a capital beside a name and belong to none: "Yesterday Chen", "Director Chen"."""
    classes = (*word_classes("pronoun_context").values(), *word_classes("person_nouns").values())
    return frozenset().union(_BESIDE, *classes) - _listed()


@cache
def _last_names() -> frozenset[str]:
    return frozenset(name.name.lower() for name in load_last_names())


@cache
def _listed() -> frozenset[str]:
    return _last_names() | {name.name.lower() for name in load_known_names()}
