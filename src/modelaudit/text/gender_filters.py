"""Texts in which gender is part of the meaning, so that a swap would change more than the person's gender."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from modelaudit.text.lexicon import read_lexicon, word_classes
from modelaudit.text.name_context import is_capitalised
from modelaudit.text.pronouns import Tokens
from modelaudit.text.real_persons import real_person_words
from modelaudit.text.words import word_spans

_CONNECTORS = frozenset({"and", "or", "nor", "versus", "vs", "than", "not"})
_SIGN_CONNECTORS = frozenset({"/", "&", "|", "+"})
_KIN = frozenset(
    {"son", "sons", "daughter", "daughters", "brother", "brothers", "sister", "sisters", "father", "fathers"}
)
_CLERICAL = frozenset({"mother", "father", "brother", "sister", "st", "saint", "president", "lady", "sir"})


def reason_to_skip(tokens: Tokens, genders: Mapping[int, str]) -> str | None:
    """Why the text is not to be swapped, or None; ``genders`` gives the gender of each gendered word by index.

    The first that holds of: "contrast" (both genders side by side), "idiom" for a name of a firm or work ("Patel &
    Sons", "Sons of Anarchy"), the reason of a stop phrase ("sex_linked", "gender_topic", "single_sex", "idiom",
    "real_person"), "real_person" (a title with a name: Queen Anne, Sir Ian;
    or the full name of a well-known person).
    """
    if _contrasts(tokens, genders):
        return "contrast"
    if _firm(tokens, genders):
        return "idiom"
    reason = _stop_phrase(tokens)
    if reason is not None:
        return reason
    return "real_person" if _titled_person(tokens) or real_person_words(tokens) else None


def _contrasts(tokens: Tokens, genders: Mapping[int, str]) -> bool:
    """Two words of opposite gender joined side by side: "he or she", "his/her", "men's and women's", "(s)he".

    Words that stand for either gender by themselves count beside their counterparts: "actor/actress".
    """
    if not genders:
        return False
    one_way = _one_way()
    genders = {
        index: gender
        for index, word in enumerate(tokens.lower)
        if (gender := genders.get(index) or one_way.get(word)) is not None
    }
    for index, gender in genders.items():
        last = index + (tokens.lower[index + 1 : index + 2] == ("'s",))
        beside = genders.get(last + 1)
        if beside is not None and beside != gender and tokens.gaps[last].strip(" .()'’") in _SIGN_CONNECTORS:
            return True
        behind = genders.get(last + 2)
        if behind is not None and behind != gender and tokens.lower[last + 1] in _CONNECTORS:
            return True
        fragment = index > 0 and tokens.lower[index - 1] == "s" and tokens.gaps[index - 1] in {"/", ")"}
        if fragment and tokens.lower[index] == "he":
            return True
    return False


def _firm(tokens: Tokens, genders: Mapping[int, str]) -> bool:
    """Kin in a name of a firm or work: "Patel & Sons", "Dombey and Son", "Sons of Anarchy", "Daughters of the Sun"."""
    for index in genders:
        if tokens.lower[index] not in _KIN or not tokens.surfaces[index][0].isupper():
            continue
        if index and tokens.gaps[index - 1].strip() == "&":
            return True
        joined = index > 1 and tokens.lower[index - 1] == "and" and tokens.gaps[index - 1] == " "
        if joined and is_capitalised(tokens.surfaces[index - 2]) and is_capitalised(tokens.surfaces[index]):
            return True
        if tokens.ahead(index, 1) == "of":
            named = index + 2 + (tokens.ahead(index, 2) in {"the", "a", "an"})
            if named < len(tokens.lower) and is_capitalised(tokens.surfaces[named]):
                return True
    return False


def _stop_phrase(tokens: Tokens) -> str | None:
    exact, prefixes = _stop_phrases()
    for index, word in enumerate(tokens.lower):
        for phrase, reason in exact.get(word, ()):
            if tokens.lower[index : index + len(phrase)] == phrase:
                return reason
        for length in range(2, min(len(word), 14) + 1):
            if word[:length] in prefixes:
                return prefixes[word[:length]]
    return None


def _titled_person(tokens: Tokens) -> bool:
    titles = word_classes("name_context")["honorific"]
    for index, word in enumerate(tokens.lower):
        surface = tokens.surfaces[index]
        if word not in titles or not surface[0].isupper() or (surface.isupper() and len(surface) > 2):
            continue
        if tokens.gaps[index].strip() not in {"", "."} or index + 1 >= len(tokens.lower):
            continue
        if tokens.surfaces[index + 1][0].isupper() or (tokens.lower[index + 1] == "of" and word not in _CLERICAL):
            return True
    return False


@cache
def _one_way() -> dict[str, str]:
    """The gender of words that only replace a gendered word and are replaced by none."""
    rows = read_lexicon("gendered_words")
    males = {male: "male" for _, male, direction, _ in rows if direction == "f2m"}
    return males | {female: "female" for female, _, direction, _ in rows if direction == "m2f"}


@cache
def _stop_phrases() -> tuple[dict[str, list[tuple[tuple[str, ...], str]]], dict[str, str]]:
    """Stop phrases by their first word, and one-word stems (``pregnan*``) by stem."""
    exact: dict[str, list[tuple[tuple[str, ...], str]]] = {}
    prefixes: dict[str, str] = {}
    for reason, phrase in read_lexicon("gender_stop_phrases"):
        if phrase.endswith("*"):
            prefixes[phrase[:-1]] = reason
            continue
        words = tuple(phrase[start:end] for start, end in word_spans(phrase))
        exact.setdefault(words[0], []).append((words, reason))
    return exact, prefixes
