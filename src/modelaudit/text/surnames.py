"""Last names in a text: behind a title or a first name, and wherever the same text has them again."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from functools import cache
from itertools import accumulate

from modelaudit.text.edits import Document, Span
from modelaudit.text.lexicon import read_lexicon, word_classes
from modelaudit.text.mentions import Mention, read_first_names
from modelaudit.text.name_context import (
    acts_as_person,
    ambiguous_words,
    context,
    is_capitalised,
    is_exchangeable,
    opens_question,
)
from modelaudit.text.names import Name
from modelaudit.text.pronouns import Tokens
from modelaudit.text.real_persons import real_person_words
from modelaudit.text.words import outside, protected_spans

_SUFFIXES = frozenset({"jr", "sr", "ii", "iii", "iv", "esq"})
_LONGEST_NAME = 3
_PARTICLES = frozenset(
    {"van", "von", "der", "den", "de", "del", "della", "da", "di", "du", "dos", "la", "le", "el", "al", "bin", "ibn"}
)


@cache
def load_last_names() -> tuple[Name, ...]:
    """The last names to put into texts: each typical of one US ethnic group ("white", "hispanic", "api"), no gender.

    Only one of the 1,000 commonest has 80% Black bearers (Washington), so that group is not offered.
    """
    return tuple(
        Name(name, None, ethnicity, int(count), float(share), source)
        for name, ethnicity, share, count, source in read_lexicon("last_names_us")
    )


def last_name_mentions(document: Document, person_spans: Sequence[Span] | None = None) -> list[Mention]:
    """The last names of persons in a text, in order; every mention has the gender None.

    A capitalised word counts behind a title ("Mr. Miller") or a known first name ("James Miller", "James R. Miller"),
    and then wherever the text has it again, in all caps too. With ``person_spans`` (characters) a last name must end
    one of the spans, behind a title or another word, and nothing outside of them counts. Double and prefixed names
    ("Smith-Jones", "de la Cruz") are left alone, and so is every last name of a text that names a well-known person
    by it.

    A text that could come out half exchanged is left alone whole: one that has the last name again where it may be
    the word ("Mrs. White saw the White House"), and one with a name that can't be put back (`is_exchangeable`).
    """
    tokens = Tokens.of(document.text)
    if person_spans is None and document.text.islower():
        return []
    firsts = read_first_names(document, person_spans=person_spans).mentions
    sure = set(_behind_titles(tokens)) | set(_behind_first_names(tokens, firsts))
    if person_spans is not None:
        sure = _span_ends(tokens, person_spans)
    real = {tokens.lower[index] for index in real_person_words(tokens)}
    names = [tokens.surfaces[index] for index in sorted(sure) if tokens.lower[index] not in real]
    if not names:
        return []
    established = {name.upper(): name for name in names} | {name: name for name in names}
    taken = {mention.start for mention in firsts}
    free = set(outside(tokens.spans, protected_spans(document.text)))
    if person_spans is not None:
        free &= _inside(tokens.spans, person_spans)
    found: list[Mention] = []
    for index, (surface, span) in enumerate(zip(tokens.surfaces, tokens.spans, strict=True)):
        if surface not in established or span not in free or not document.within_word(*span):
            continue
        goes_on = index + 1 < len(tokens.lower) and _continues_name(tokens, index + 1)
        if (span[0] in taken and goes_on) or _of_a_place(tokens, index):
            continue
        may_be_word = person_spans is None and index not in sure and tokens.lower[index] in _words_too()
        if may_be_word and opens_question(tokens, index):
            continue
        if (may_be_word and not acts_as_person(tokens, index)) or not is_exchangeable(document, tokens, index):
            return []
        found.append(Mention(*span, established[surface], None))
    return found


def _inside(spans: Sequence[Span], person_spans: Sequence[Span]) -> set[Span]:
    """Those of ``spans`` that lie inside one of ``person_spans``."""
    ordered = sorted(person_spans)
    starts = [start for start, _ in ordered]
    furthest = list(accumulate((end for _, end in ordered), max, initial=0))
    return {span for span in spans if span[1] <= furthest[bisect_right(starts, span[0])]}


def _behind_titles(tokens: Tokens) -> list[int]:
    """Last names right behind a title ("Mrs Garcia"), where no further name follows ("Dr. Grace Lee" has two)."""
    titles = context("surname_title") | {"dr"}
    found = []
    for index in range(1, len(tokens.lower)):
        before = tokens.surfaces[index - 1]
        titled = tokens.lower[index - 1] in titles and before[0].isupper()
        if titled and tokens.gaps[index - 1].strip() in {"", "."} and _can_be_last(tokens, index):
            found.append(index)
    return found


def _behind_first_names(tokens: Tokens, firsts: Sequence[Mention]) -> list[int]:
    """The last of the names that follow a first name, up to three names in all; longer runs are titles of things."""
    starts = {mention.start for mention in firsts}
    found = []
    for first, span in enumerate(tokens.spans):
        # "Cleveland Indians", "Summer Olympics": a name that is also a place or a kind is no sign of a person's.
        if span[0] not in starts or tokens.lower[first] in _not_of_persons():
            continue
        last = first
        while last + 1 < len(tokens.lower) and _continues_name(tokens, last + 1):
            last += 1
            if last - first >= _LONGEST_NAME:
                break
        if first < last < first + _LONGEST_NAME and _can_be_last(tokens, last):
            found.append(last)
    return found


def _continues_name(tokens: Tokens, index: int) -> bool:
    surface = tokens.surfaces[index]
    initial = len(surface) == 1 and surface.isupper()
    gap = tokens.gaps[index - 1]
    joined = gap == " " or (gap == ". " and len(tokens.surfaces[index - 1]) == 1)
    return joined and (initial or is_capitalised(surface)) and tokens.lower[index] not in context("not_surname")


def _can_be_last(tokens: Tokens, index: int) -> bool:
    """Whether the word can be a last name that ends a name: one plain word, no place, with no name behind it."""
    surface, word = tokens.surfaces[index], tokens.lower[index]
    if not is_capitalised(surface) or "-" in word or len(word) < 2 or not word.replace("'", "").isalpha():
        return False
    if word in _never_last():
        return False
    beside = {tokens.behind(index, 1), tokens.ahead(index, 1)}
    if word in _PARTICLES or beside & _PARTICLES:
        return False
    follows = index + 1 < len(tokens.lower) and tokens.gaps[index] in {" ", "-"}
    if follows and is_capitalised(tokens.surfaces[index + 1]):
        return tokens.lower[index + 1] in _SUFFIXES
    return True


def _of_a_place(tokens: Tokens, index: int) -> bool:
    """ "Miller Street", "Port Miller": the name stands for a place."""
    behind = tokens.ahead(index, 1)
    before = tokens.behind(index, 1)
    named = behind in context("place_behind") and tokens.surfaces[index + 1][0].isupper()
    return named or (before in context("place_before") and tokens.surfaces[index - 1][0].isupper())


def _span_ends(tokens: Tokens, person_spans: Sequence[Span]) -> set[int]:
    """The last word of each span that has another word before it, or a title in front of it."""
    ends = {span[1]: index for index, span in enumerate(tokens.spans)}
    found = set()
    for start, end in person_spans:
        index = ends.get(end)
        if index is None or not _can_be_last(tokens, index):
            continue
        first_in_span = tokens.spans[index][0] == start
        before = tokens.lower[index - 1] if index else ""
        prefixed = not first_in_span and tokens.surfaces[index - 1].islower()
        if not prefixed and (not first_in_span or before in context("surname_title")):
            found.add(index)
    return found


@cache
def _never_last() -> frozenset[str]:
    times = word_classes("pronoun_context")["time"] - {"may", "march", "august"}
    return context("not_surname") | context("place_behind") | _SUFFIXES | times


@cache
def _words_too() -> frozenset[str]:
    """Last names that are words, months or places as well; those that are put into texts were chosen to be none."""
    words = ambiguous_words("word", "month", "place") | context("surname_word")
    words |= word_classes("function_words")["en"] | word_classes("protected_words")["negation"]
    return words - {name.name.lower() for name in load_last_names()}


@cache
def _not_of_persons() -> frozenset[str]:
    return ambiguous_words("place") | context("kind")
