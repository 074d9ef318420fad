"""Which language a text is in, so that the rules of one language are not let loose on another."""

from __future__ import annotations

import re
from typing import Literal

from modelaudit.text.lexicon import word_classes
from modelaudit.text.words import word_spans

MIN_ASCII_SHARE = 0.8
MIN_FUNCTION_SHARE = 0.08
SHORT = 8
MIN_HAN_SHARE = 0.6
MAX_OTHER_EAST_ASIAN_SHARE = 0.1
_CONSIDERED = 5_000

_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]")
_KANA_OR_HANGUL = re.compile("[\u3041-\u3096\u30a1-\u30fa\uac00-\ud7a3\u1100-\u11ff]")
_OTHER_WORD = re.compile("[^\\W\\d_\u3400-\u4dbf\u4e00-\u9fff\u3041-\u30ff\uac00-\ud7a3]+")


def language_of(text: str) -> Literal["en", "zh"] | None:
    """The language of ``text`` where it is one whose words can be rewritten: English, simplified Chinese, or None.

    The first 5,000 characters decide. A text is Chinese when at least 60% of its units are Han characters, where a
    word in another script is one unit ("iPhone很好用" has 3 of 4). More than one kana or hangul to ten such characters
    make it Japanese or Korean. The lexicons are in simplified characters: a text with more characters that are written
    so in traditional Chinese or Japanese only than in simplified Chinese only is None, "not assessed", since its words
    would not be found and the text would be taken for one that speaks of nobody.
    """
    head = text[:_CONSIDERED]
    han = _HAN.findall(head)
    other = len(_KANA_OR_HANGUL.findall(head))
    if other > MAX_OTHER_EAST_ASIAN_SHARE * (len(han) + other):
        return None
    words = len(_OTHER_WORD.findall(head))
    if han and len(han) >= MIN_HAN_SHARE * (len(han) + words):
        scripts = word_classes("zh_scripts")
        foreign = sum(character in scripts["traditional"] or character in scripts["japanese"] for character in han)
        simplified = sum(character in scripts["simplified"] for character in han)
        return None if foreign > simplified else "zh"
    return "en" if is_probably_english(text) else None


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
