"""The age of a person in years, in figures or in words: "a 27-year-old nurse", "she is sixty-two years old", "aged 34".

Ages from 18 to 80 are recognised. Only ages of the two groups that are compared (22 to 35, 58 to 75) are put into a
text. A text that tells of school, retirement, a birth year or a span of years is left alone: it would not hold.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from modelaudit.text.ages import OFFERED, OLDER, OLDEST, YOUNGER, age_group
from modelaudit.text.articles import article_before, article_edit, fits
from modelaudit.text.edits import Document, Edit, Span
from modelaudit.text.english_terms.context import is_bound
from modelaudit.text.english_terms.persons import (
    ends_phrase,
    is_first_name,
    opens_for_person,
    person_behind,
    speaks_of_person,
    words_for,
)
from modelaudit.text.english_terms.phrases import case_of, in_case
from modelaudit.text.pronouns import Tokens
from modelaudit.text.real_persons import real_person_words
from modelaudit.text.terms import Filler, TermMention, TermMentions

_ONES = ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine")
_TENS = ("twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty")
_COMPOUND = re.compile(rf"(?P<age>\d\d|[a-z]+(?:-(?:{'|'.join(_ONES)}))?)-years?-olds?")
_YEAR = re.compile(r"(?:1[5-9]|20)\d\d(?:s|-\d+)?")
_SPAN_OF_YEARS = re.compile(r".*-(?:year|years|month|months)(?:-.*)?")


def _in_words(age: int) -> str:
    """An age in words, "" below twenty."""
    if age < 20:
        return ""
    tens, ones = _TENS[age // 10 - 2], age % 10
    return f"{tens}-{_ONES[ones - 1]}" if ones else tens


_WORDS = {_in_words(age): age for age in range(20, OLDEST + 1)}


class Ages:
    """The ages of persons as a term set: each age is a filler with the forms "figure" and "words"."""

    attribute = "age"
    language = "en"
    groups: tuple[str, ...] = (YOUNGER, OLDER)
    sampled = True

    def fillers(self, group: str) -> tuple[Filler, ...]:
        """The ages of a group that are put into texts; ValueError where there is no such group."""
        if group not in OFFERED:
            raise ValueError(f"no age group {group!r}; the groups are {', '.join(self.groups)}")
        return tuple(Filler(str(age), group, {"figure": str(age), "words": _in_words(age)}) for age in OFFERED[group])

    def find(self, document: Document) -> TermMentions:
        """The mentions of the one age in the text, or why it is left alone.

        A text's own age may lie beside those on offer (19, 79). The reasons, the first that holds: "not of a person",
        "several groups", "outside the ages", "range", "real person", "bound by context", "a or an", "across words".
        """
        tokens = Tokens.of(document.text)
        ages = [found for index in range(len(tokens.lower)) if (found := _age_at(tokens, index)) is not None]
        if not ages:
            return TermMentions()
        personal = [found for found in ages if _of_person(tokens, found[0])]
        if not personal:
            return TermMentions(skipped="not of a person")
        reason = _reason(document, tokens, ages, len(personal))
        if reason is not None:
            return TermMentions(skipped=reason)
        group = age_group(ages[0][1])
        assert group is not None
        mentions = []
        for _, age, (start, end) in ages:
            form = "figure" if document.text[start].isdigit() else "words"
            mentions.append(TermMention(start, end, form, str(age), group))
        return TermMentions(tuple(mentions))

    def edits(self, document: Document, mentions: Sequence[TermMention], filler: Filler) -> tuple[Edit, ...]:
        """The edits that put the age ``filler`` in every mention, and mend "a" or "an" in front of it."""
        tokens = Tokens.of(document.text)
        index_of = {start: index for index, (start, _) in enumerate(tokens.spans)}
        made: list[Edit] = []
        for mention in mentions:
            if mention.filler == filler.name:
                continue
            old = document.text[mention.start : mention.end]
            own = mention.filler if mention.form == "figure" else _in_words(int(mention.filler))
            case = case_of(old, own)
            if case is None:
                raise ValueError(f"the text has {old!r} at {mention.start}, not the mention's age {mention.filler}")
            new = in_case(filler.forms[mention.form], case)
            article = article_edit(tokens, index_of[mention.start], old, new, self.attribute)
            made += [article] if article else []
            made.append(Edit(mention.start, mention.end, new, self.attribute))
        return tuple(made)


def _age_at(tokens: Tokens, index: int) -> tuple[int, int, Span] | None:
    """(word index, age, characters) of the age that word ``index`` gives, or None where it gives none."""
    start, end = tokens.spans[index]
    compound = _COMPOUND.fullmatch(tokens.lower[index])
    if compound is not None:
        age = _number(compound["age"])
        return None if age is None else (index, age, (start, start + len(compound["age"])))
    age = _number(tokens.lower[index])
    if age is None:
        return None
    said = tokens.ahead(index, 1) in {"years", "year"} and tokens.ahead(index, 2) in {"old", "of"}
    if said and tokens.ahead(index, 2) == "of":
        said = tokens.ahead(index, 3) == "age"
    introduced = index > 0 and tokens.lower[index - 1] in {"aged", "age"} and tokens.gaps[index - 1] == " "
    return (index, age, (start, end)) if said or introduced else None


def _number(word: str) -> int | None:
    if len(word) == 2 and word.isascii() and word.isdigit():
        return int(word)
    return _WORDS.get(word)


def _of_person(tokens: Tokens, index: int) -> bool:
    """Whether the age is a person's: one is named behind it, it stands for one ("the 27-year-old"), or one precedes."""
    if "old" in tokens.lower[index]:
        stop = index + 1
    elif tokens.ahead(index, 1) == "year" and tokens.ahead(index, 2) == "old":
        stop = index + 3
    else:
        return speaks_of_person(tokens, index, reach=8) or opens_for_person(tokens, index)
    if person_behind(tokens, stop) is not None:
        return True
    if ends_phrase(tokens, stop):
        return tokens.behind(index, 1) in words_for("determiner")
    return tokens.surfaces[stop][0].isupper() and is_first_name(tokens.lower[stop])


def _reason(document: Document, tokens: Tokens, ages: Sequence[tuple[int, int, Span]], n_personal: int) -> str | None:
    if n_personal < len(ages):
        return "not of a person"
    if len({age for _, age, _ in ages}) > 1:
        return "several groups"
    if age_group(ages[0][1]) is None:
        return "outside the ages"
    if any(_is_range(tokens, index) for index, _, _ in ages):
        return "range"
    if real_person_words(tokens):
        return "real person"
    places = {index for index, _, _ in ages}
    if is_bound(tokens, "age", places) or _tells_time(tokens, places):
        return "bound by context"
    for index, _, (start, end) in ages:
        article = article_before(tokens, index)
        if article is not None and not fits(article, document.text[start:end]):
            return "a or an"
    return None if all(document.within_word(*span) for _, _, span in ages) else "across words"


def _is_range(tokens: Tokens, index: int) -> bool:
    """ "aged 20 to 30", "27 years old or older", "30-year-olds"."""
    if tokens.lower[index].endswith("olds") or tokens.behind(index, 1) in {"over", "under", "than", "least", "to"}:
        return True
    joined = tokens.gaps[index].strip()[:1]
    return tokens.ahead(index, 1) in {"to", "or", "and"} or (bool(joined) and joined in "-–—+/")


def _tells_time(tokens: Tokens, places: set[int]) -> bool:
    """A calendar year, or another span of years ("ten years of experience"), which not every age allows."""
    for index, word in enumerate(tokens.lower):
        if index in places:
            continue
        if _YEAR.fullmatch(word) or _SPAN_OF_YEARS.fullmatch(word):
            return True
        if word in {"years", "year", "months", "ago"} and index - 1 not in places:
            return True
    return False
