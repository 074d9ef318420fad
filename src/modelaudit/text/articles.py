"""The article "a" or "an" in front of a word, by the word's first sound, and its mending when the word changes."""

from __future__ import annotations

import re
from functools import cache
from typing import Literal

from modelaudit.text.edits import Edit
from modelaudit.text.lexicon import word_classes
from modelaudit.text.names import load_known_names
from modelaudit.text.pronouns import Tokens

_SILENT_H = re.compile(r"hour|honest|honou?r|heir")
# "eu", "ew", "one" and many words in "u" before one consonant and a vowel begin with the sound of "you" or "won".
_CONSONANT_SOUND = re.compile(
    r"eu|ew[ae]|on(?:e|ce)(?![a-z])|u(?:b[ai]|fo|k[er]|g[a]|r[aeiou]|s[aeu]|t[aeio]|ni(?![nm]|de)|nan)"
)
_VOWEL_LETTER_NAMES = frozenset("aefhilmnorsx")
_MAX_ACRONYM = 4
_GLUE = frozenset(".'’/&@#")


def article_for(word: str, *, shouting: bool = False) -> Literal["a", "an"]:
    """ "a" or "an", by the sound that ``word`` begins with: "a European", "an hour", "an MRI", "an 80-year-old".

    A word of up to four capitals counts as an acronym that is spelled out, unless ``shouting`` says that its
    neighbours are all caps too. An empty word takes "a".
    """
    first = re.split(r"[-\u2010\u2011\s'\u2019]", word, maxsplit=1)[0]
    if first[:1].isdigit():
        return "an" if first[0] == "8" or (first[:2] in {"11", "18"} and len(first) in {2, 5}) else "a"
    if first.isupper() and len(first) <= _MAX_ACRONYM and not shouting:
        return "an" if first[0].lower() in _VOWEL_LETTER_NAMES else "a"
    lower = word.lower()
    if _SILENT_H.match(lower):
        return "an"
    if _CONSONANT_SOUND.match(lower):
        return "a"
    return "an" if lower and lower[0] in "aeiouàáâäåæèéêëìíîïòóôöøùúûü" else "a"


def article_before(tokens: Tokens, index: int) -> str | None:
    """The article "a" or "an" (as the text writes it) directly in front of word ``index``, or None."""
    if index == 0 or tokens.lower[index - 1] not in {"a", "an"} or tokens.gaps[index - 1] != " ":
        return None
    return tokens.surfaces[index - 1] if _is_article(tokens, index - 1) else None


def fits(article: str, word: str) -> bool:
    """Whether ``article`` is what `article_edit` would write before ``word``, its capitals included."""
    return article == _written(article, word)


def article_edit(tokens: Tokens, index: int, old: str, new: str, kind: str) -> Edit | None:
    """The edit that mends the article before word ``index`` when ``old`` gives way to ``new`` there, if one is needed.

    An article that does not fit ``old`` is left as it is, for it follows another rule than ours.
    """
    article = article_before(tokens, index)
    if article is None or not fits(article, old) or fits(article, new):
        return None
    return Edit(*tokens.spans[index - 1], _written(article, new), kind)


def _is_article(tokens: Tokens, place: int) -> bool:
    """Whether the "a" or "an" at ``place`` is no letter or name: "vitamin A", "U.S.A", "James A", "J. A", "Mr. An"."""
    if place == 0:
        return True
    gap, before, surface = tokens.gaps[place - 1], tokens.lower[place - 1], tokens.surfaces[place - 1]
    if not gap or (gap[0] in _GLUE and not gap[-1].isspace()):
        return False
    labelled = gap.isspace() and before in word_classes("name_context")["letter_label"]
    initial = gap.strip() in {"", "."} and len(surface) == 1 and surface.isupper() and before != "i"
    titled = gap.strip() in {"", "."} and before in word_classes("name_context")["title"]
    named = gap.isspace() and surface[0].isupper() and before in _first_names()
    return not (labelled or initial or (tokens.surfaces[place][0].isupper() and (titled or named)))


@cache
def _first_names() -> frozenset[str]:
    return frozenset(name.name.lower() for name in load_known_names())


def _written(article: str, word: str) -> str:
    """The article for ``word``: capital where ``article`` begins so, all caps before a word in all caps."""
    shouting = word.isupper() and not word[:1].isdigit()
    right = article_for(word, shouting=shouting)
    if article[0].islower():
        return right
    return right.upper() if shouting else right.capitalize()
