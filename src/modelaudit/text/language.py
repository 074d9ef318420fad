"""Whether a text is probably English, so that English rules are not let loose on another language."""

from __future__ import annotations

from modelaudit.text.lexicon import word_classes
from modelaudit.text.words import word_spans

MIN_ASCII_SHARE = 0.8
MIN_FUNCTION_SHARE = 0.08
SHORT = 8
_CONSIDERED = 5_000


def is_probably_english(text: str) -> bool:
    """Whether ``text`` is probably English, from its script and its function words.

    The first 5,000 characters decide. A text without letters is not English, nor is one in which less than 80% of the
    letters are ASCII letters. Of 8 words and more, at least 8% must be English function words. In any text, no other
    language that the lexicon knows may have more of its own function words. So a short text in Latin script with no
    function word at all ("Great movie!") counts as English: with so little text the script alone decides.
    """
    head = text[:_CONSIDERED]
    letters = [character for character in head if character.isalpha()]
    if not letters or sum(character.isascii() for character in letters) < MIN_ASCII_SHARE * len(letters):
        return False
    words = [head[start:end].lower().replace("’", "'") for start, end in word_spans(head)]
    lexicons = word_classes("function_words")
    hits = {language: sum(word in known for word in words) for language, known in lexicons.items()}
    english = hits.pop("en")
    if len(words) >= SHORT and english < MIN_FUNCTION_SHARE * len(words):
        return False
    return english >= max(hits.values())
