"""The gender of the persons in an English text, swapped or set, by edits that keep the text grammatical.

All gendered words of a text are rewritten in one pass from the original text, so that a text about a man and a woman
comes out with both swapped. A text is left as it is, and the reason counted, where gender is part of what it says
(sex-linked facts, contrasts, idioms, titles of real persons) or where a pronoun's form can't be told.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Literal

from modelaudit.text.case import match_case
from modelaudit.text.edits import Document, Edit, Span
from modelaudit.text.gender_filters import reason_to_skip
from modelaudit.text.lexicon import read_lexicon
from modelaudit.text.mentions import read_first_names
from modelaudit.text.pronouns import Tokens, resolve_her, resolve_his
from modelaudit.text.words import outside, protected_spans

Gender = Literal["female", "male"]
Direction = Literal["female_to_male", "male_to_female", "mixed"]


@dataclass(frozen=True)
class GenderEdits:
    """The edits of one text; or none, with the one reason why it was skipped; or none at all: nothing is gendered.

    ``skipped`` holds at most one reason with count 1, so that the counters of many texts add up to texts per reason.
    ``direction`` says which genders the replaced words had; None without edits.
    """

    edits: tuple[Edit, ...] = ()
    skipped: Counter[str] = field(default_factory=Counter)
    direction: Direction | None = None


@dataclass(frozen=True, slots=True)
class GenderedWord:
    """A word of the text that has a gender; ``index`` counts the words of the text."""

    start: int
    end: int
    gender: Gender
    index: int


def gender_edits(document: Document, *, named: Literal["skip", "keep"] = "skip") -> GenderEdits:
    """Swap every gendered word of a text: female words become male and male words female.

    ``named="skip"`` leaves out texts that mention a gendered first name ("Mary lost his keys" is no fair question);
    with "keep" the caller exchanges the names in the same pass, with `name_edits`.
    """
    return _rewrite(document, frozenset({"female", "male"}), named=named)


def to_group(
    document: Document,
    group: Gender,
    *,
    mixed: Literal["skip", "rewrite"] = "skip",
    named: Literal["skip", "keep"] = "skip",
) -> GenderEdits:
    """Rewrite every gendered word to one gender; a text that has that gender already gets no edits and no reason.

    A text about both genders is skipped ("both_genders"), since "the man and the man met" asks another question than
    "the woman and the man met"; ``mixed="rewrite"`` rewrites it all the same. ``named`` as in `gender_edits`.
    """
    source: Gender = "male" if group == "female" else "female"
    return _rewrite(document, frozenset({source}), named=named, allow_mixed=mixed == "rewrite")


def same_gender_edits(document: Document, *, named: Literal["skip", "keep"] = "skip") -> GenderEdits:
    """The control arm: gendered words replaced by another word of the same gender where the lexicon has one.

    Texts that `gender_edits` skips are skipped here too, so that both arms speak of the same texts; pronouns have no
    synonym, so a text may come out without edits.
    """
    swapped = gender_edits(document, named=named)
    if not swapped.edits:
        return GenderEdits(skipped=swapped.skipped)
    tokens = Tokens.of(document.text)
    synonyms = _synonyms()
    edits: list[Edit] = []
    for word in gendered_words(document, tokens):
        surface = document.text[word.start : word.end]
        synonym = synonyms.get((word.gender, tokens.lower[word.index]))
        if synonym is not None:
            edits.append(Edit(word.start, word.end, match_case(surface, synonym), "gender_synonym"))
    return GenderEdits(tuple(edits))


def gendered_words(document: Document, tokens: Tokens | None = None) -> list[GenderedWord]:
    """The gendered words of a text, in order; none inside addresses, or across words of a pre-tokenised document."""
    tokens = tokens or Tokens.of(document.text)
    words = list(_lexicon_words(tokens))
    if not words:
        return []
    free = set(outside([(word.start, word.end) for word in words], protected_spans(document.text)))
    return [word for word in words if (word.start, word.end) in free]


def _rewrite(
    document: Document,
    sources: frozenset[Gender],
    *,
    named: Literal["skip", "keep"],
    allow_mixed: bool = True,
) -> GenderEdits:
    tokens = Tokens.of(document.text)
    words = gendered_words(document, tokens)
    genders = {word.gender for word in words}
    if not words:
        return GenderEdits()
    reason = reason_to_skip(tokens, {word.index: word.gender for word in words})
    if reason is None and len(genders) == 2 and not allow_mixed:
        reason = "both_genders"
    if reason is None and named == "skip" and any(mention.gender for mention in read_first_names(document).mentions):
        reason = "first_name"
    if reason is None and not all(document.within_word(word.start, word.end) for word in words):
        reason = "across_words"
    replacements = {word: _replacement(tokens, word) for word in words if word.gender in sources}
    if reason is None and None in replacements.values():
        unresolved = next(word for word, text in replacements.items() if text is None)
        reason = f"{tokens.lower[unresolved.index]}_unresolved"
    if reason is not None:
        return GenderEdits(skipped=Counter({reason: 1}))
    edits = tuple(
        Edit(word.start, word.end, match_case(tokens.surfaces[word.index], text), "gender")
        for word, text in replacements.items()
        if text is not None
    )
    return GenderEdits(edits, direction=_direction(genders & sources))


def _direction(genders: set[Gender] | frozenset[Gender]) -> Direction | None:
    if len(genders) == 2:
        return "mixed"
    if "female" in genders:
        return "female_to_male"
    return "male_to_female" if genders else None


def _lexicon_words(tokens: Tokens) -> Iterator[GenderedWord]:
    genders = _genders()
    for index, (word, span) in enumerate(zip(tokens.lower, tokens.spans, strict=True)):
        gender = genders.get(word)
        if gender is not None and not _is_homonym(tokens, index, span):
            yield GenderedWord(*span, gender, index)


def _is_homonym(tokens: Tokens, index: int, span: Span) -> bool:
    """Words that are gendered only as a title: "Miss Lee" but not "we miss her", "Ms. Lee" but not "5 ms"."""
    if tokens.lower[index] not in {"miss", "ms"}:
        return False
    follows_name = index + 1 < len(tokens.lower) and tokens.surfaces[index + 1][0].isupper()
    return not (tokens.surfaces[index][0].isupper() and follows_name and tokens.gaps[index].strip() in {"", "."})


def _replacement(tokens: Tokens, word: GenderedWord) -> str | None:
    surface = tokens.lower[word.index]
    if surface == "her":
        return resolve_her(tokens, word.index)
    if surface == "his":
        return resolve_his(tokens, word.index)
    return _counterparts()[surface]


@cache
def _counterparts() -> dict[str, str]:
    pairs = {"him": "her", "hers": "his"}
    for female, male, direction, _ in read_lexicon("gendered_words"):
        if direction in {"both", "f2m"}:
            pairs.setdefault(female, male)
        if direction in {"both", "m2f"}:
            pairs.setdefault(male, female)
    return pairs


@cache
def _genders() -> dict[str, Gender]:
    genders: dict[str, Gender] = {"her": "female", "hers": "female", "him": "male", "his": "male"}
    for female, male, direction, _ in read_lexicon("gendered_words"):
        if direction in {"both", "f2m"}:
            genders[female] = "female"
        if direction in {"both", "m2f"}:
            genders[male] = "male"
    return genders


@cache
def _synonyms() -> dict[tuple[str, str], str]:
    return {(gender, word): synonym for gender, word, synonym in read_lexicon("gendered_synonyms")}
