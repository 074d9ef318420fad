"""What the words around a name tell: whether it is a person's, and whether it can be exchanged and put back."""

from __future__ import annotations

import re
from functools import cache

from modelaudit.text.articles import article_before, fits
from modelaudit.text.edits import Document
from modelaudit.text.lexicon import word_classes
from modelaudit.text.pronouns import Tokens

_BARE_POSSESSIVE = re.compile(r" ?['’](?![\w'’])")
_SENTENCE_ENDS = '.!?\n"“:;'


def context(name: str) -> frozenset[str]:
    """A class of words that stand beside names."""
    return word_classes("name_context")[name]


@cache
def ambiguous_words(*classes: str) -> frozenset[str]:
    """The names that are also words, months, places or surnames; all of them without ``classes``."""
    every = word_classes("ambiguous_names")
    return frozenset().union(*(every[label] for label in classes or every))


def is_capitalised(surface: str) -> bool:
    """Whether a word begins with a capital and is not in all caps."""
    return surface[0].isupper() and not surface.isupper()


def is_shouted(surface: str) -> bool:
    """Whether a word is in all caps; one capital alone is an initial."""
    return surface.isupper() and len(surface) > 1


def has_surname(tokens: Tokens, index: int) -> bool:
    """Whether a capitalised word that can be a surname follows directly, or an initial and then such a word."""
    for step in (1, 2):
        if index + step >= len(tokens.lower) or tokens.gaps[index + step - 1] not in {" ", ". "}:
            return False
        surface = tokens.surfaces[index + step]
        if len(surface) == 1 and surface.isupper() and step == 1:
            continue
        directly = step == 2 or tokens.gaps[index] == " "
        return directly and is_capitalised(surface) and tokens.lower[index + step] not in context("not_surname")
    return False


def is_behind_title(tokens: Tokens, index: int) -> bool:
    """Whether a title stands directly in front."""
    return index > 0 and tokens.lower[index - 1] in context("title") and tokens.gaps[index - 1].strip() in {"", "."}


def opens_question(tokens: Tokens, index: int) -> bool:
    """ "Will he ...", "May I ...", "Mark the ...": a repeated name that is not one here."""
    return _opens_sentence(tokens, index) and tokens.ahead(index, 1) in context("question_behind")


def acts_as_person(tokens: Tokens, index: int) -> bool:
    """Whether a name that is also a word says or does something here, owns something, or is spoken to.

    "May said", "Will's dog", "told Rose", "J. Brown"; not "the King said" or "White's Hotel". A month or a place may
    own and do things too, and a word that opens a sentence is capitalised whatever it is.
    """
    following, before, word = tokens.ahead(index, 1), tokens.behind(index, 1), tokens.lower[index]
    if before in context("determiner"):
        return False
    initial = tokens.surfaces[index - 1] if index else ""
    if len(initial) == 1 and initial.isupper() and tokens.gaps[index - 1] == ". ":
        return True
    if following in context("speech_verb") or before in context("object_verb"):
        return True
    if word in ambiguous_words("month", "place"):
        return False
    if following == "'s":
        owned = tokens.surfaces[index + 2] if index + 2 < len(tokens.lower) else ""
        return owned[:1].islower()
    return following in context("person_verb") or (
        following in context("copula") and not _opens_sentence(tokens, index)
    )


def is_exchangeable(document: Document, tokens: Tokens, index: int) -> bool:
    """Whether another name can stand at word ``index`` and the old one for that again, byte for byte.

    "James' car" can't, for other names take "'s" there, nor can a name behind an article that does not fit it.
    """
    if _BARE_POSSESSIVE.match(document.text, tokens.spans[index][1]):
        return False
    article = article_before(tokens, index)
    return article is None or (fits(article, tokens.surfaces[index]) and document.within_word(*tokens.spans[index - 1]))


def _opens_sentence(tokens: Tokens, index: int) -> bool:
    return index == 0 or any(mark in tokens.gaps[index - 1] for mark in _SENTENCE_ENDS)
