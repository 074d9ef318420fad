"""The gender of the persons in a Chinese text, swapped or set.

他 and 她 sound alike and differ in writing only; 的 behind them makes the possessive, so that nothing has to agree.
Kin pairs keep the family's side (外公 and 外婆). A text is left as it is, and the reason counted, where gender is part
of what it says, where a gendered word has no counterpart that fits everywhere (阿姨, 小姐, 先生 as a noun), or where a
character that speaks of gender stands in no word of the lexicons. 它, 祂 and TA are never touched.
"""

from __future__ import annotations

from collections import Counter
from functools import cache
from typing import Literal

from modelaudit.text.chinese.characters import Characters
from modelaudit.text.chinese.gender_filters import is_plural, quoted_words, reason_to_skip
from modelaudit.text.chinese.names import name_mentions
from modelaudit.text.chinese.reading import Reading, Word, read
from modelaudit.text.edits import Document, Edit
from modelaudit.text.gender import Direction, Gender, GenderEdits, GenderedWord
from modelaudit.text.lexicon import read_lexicon
from modelaudit.text.words import outside, protected_spans

# Reasons that are gendered words themselves: a text that has nothing else is counted as skipped, not as ungendered.
_GENDERED = frozenset({"kin_term", "connotation", "title", "plural_pronoun", "unlisted_word"})


def gender_edits(document: Document, *, named: Literal["skip", "keep"] = "skip") -> GenderEdits:
    """Swap every gendered word of a text; ``named`` as in `modelaudit.text.gender_edits`."""
    return _rewrite(document, frozenset({"female", "male"}), named=named)


def to_group(
    document: Document,
    group: Gender,
    *,
    mixed: Literal["skip", "rewrite"] = "skip",
    named: Literal["skip", "keep"] = "skip",
) -> GenderEdits:
    """Rewrite every gendered word to one gender; a text that has that gender already gets no edits and no reason.

    ``mixed`` and ``named`` as in `modelaudit.text.to_group`.
    """
    source: Gender = "male" if group == "female" else "female"
    return _rewrite(document, frozenset({source}), named=named, allow_mixed=mixed == "rewrite")


def same_gender_edits(document: Document, *, named: Literal["skip", "keep"] = "skip") -> GenderEdits:
    """The control arm: gendered words replaced by another word of the same gender (妈妈 by 母亲) where there is one.

    Texts that `gender_edits` skips are skipped here too; pronouns have no synonym, so a text may come out unedited.
    """
    swapped = gender_edits(document, named=named)
    if not swapped.edits:
        return GenderEdits(skipped=swapped.skipped)
    characters = Characters.of(document)
    edits: list[Edit] = []
    for word in _readable(characters)[0].words:
        synonym = _synonyms().get((word.gender, characters.text[word.start : word.end]))
        if synonym is not None:
            edits += characters.edits(word.start, word.end, synonym, "gender_synonym") or ()
    return GenderEdits(tuple(edits))


def gendered_words(document: Document) -> list[GenderedWord]:
    """The gendered words of a text, in order; none inside addresses. ``index`` counts the joined characters."""
    characters = Characters.of(document)
    return [
        GenderedWord(*characters.span(word.start, word.end), word.gender, word.start)
        for word in _readable(characters)[0].words
    ]


def _rewrite(
    document: Document,
    sources: frozenset[Gender],
    *,
    named: Literal["skip", "keep"],
    allow_mixed: bool = True,
) -> GenderEdits:
    characters = Characters.of(document)
    reading, in_address = _readable(characters)
    genders = {word.gender for word in reading.words}
    if not reading.words:
        return GenderEdits(skipped=Counter([reason for _, reason in reading.reasons if reason in _GENDERED][:1]))
    reason = "address" if in_address else reason_to_skip(characters.text, reading)
    if reason is None and len(genders) == 2 and not allow_mixed:
        reason = "both_genders"
    if reason is None and named == "skip" and any(mention.gender for mention in name_mentions(document)):
        reason = "first_name"
    edits = [_edits(characters, word) for word in reading.words if word.gender in sources]
    if reason is None and None in edits:
        reason = "across_words"
    if reason is not None:
        return GenderEdits(skipped=Counter({reason: 1}))
    return GenderEdits(tuple(edit for group in edits for edit in group or ()), direction=_direction(genders & sources))


def _edits(characters: Characters, word: Word) -> tuple[Edit, ...] | None:
    return None if word.new is None else characters.edits(word.start, word.end, word.new, "gender")


def _direction(genders: set[Gender] | frozenset[Gender]) -> Direction | None:
    if len(genders) == 2:
        return "mixed"
    if "female" in genders:
        return "female_to_male"
    return "male_to_female" if genders else None


def _readable(characters: Characters) -> tuple[Reading, bool]:
    """The reading without words quoted as words and what lies inside addresses, and whether a gendered word does.

    Chinese runs on behind a handle without a space, so that its end can't be told; such a text is better left alone.
    A text whose only pronoun is the generic 他们 speaks of no gender.
    """
    text = characters.text
    reading = read(text)
    spans = [(word.start, word.end) for word in reading.words]
    meant, free = set(outside(spans, quoted_words(text))), set(outside(spans, protected_spans(text)))
    in_address, both = len(free) < len(spans), meant & free
    words = tuple(word for word in reading.words if (word.start, word.end) in both)
    if all(text[word.start : word.end] == "他" and is_plural(text, word.end) for word in words):
        return Reading((), reading.reasons), False
    return Reading(words, reading.reasons), in_address


@cache
def _synonyms() -> dict[tuple[str, str], str]:
    return {(gender, word): synonym for gender, word, synonym in read_lexicon("zh_gendered_synonyms")}
