"""Chinese texts in which gender is part of the meaning, so that a swap would change more than the person's gender."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from modelaudit.text.chinese.reading import Reading, Word
from modelaudit.text.edits import Span

_SIGN_CONNECTORS = frozenset("/／、|&+＋-—～")
_CONNECTORS = frozenset({"和", "与", "或", "跟", "及", "同", "或者", "还是", "以及", "而", "比", "不是", "vs", "VS"})
_QUOTATION = r"[“‘「『\"'][^“”‘’「」『』\"']{1,4}[”’」』\"']"
# Bounded, so that a long row of quotations takes linear time.
_QUOTED_WORDS = re.compile(
    rf"(?:{_QUOTATION}[和与跟及或、/]?){{1,4}} ?(?:这|那|一|两|二|三|几)?(?:个|种|些)?(?:汉|单|生|代|文)?[字词]"
)
_QUOTED_WORK = re.compile(r"《[^《》]{1,60}》")


def reason_to_skip(text: str, reading: Reading) -> str | None:
    """Why a text with gendered words is not to be rewritten, or None.

    The first that holds of: "contrast" (both genders side by side), "quoted_work" (a gendered word in a title in 《》),
    the reason of the first stop word, "plural_pronoun" (他们 is generic and 她们 is not, so that neither can stand for
    the other; a text with 他们 beside gendered words may speak of the same persons).
    """
    if _contrasts(text, reading.words):
        return "contrast"
    if _quoted(text, reading.words):
        return "quoted_work"
    if reading.reasons:
        return reading.reasons[0][1]
    plural = any(word.kind == "pronoun" and is_plural(text, word.end) for word in reading.words)
    return "plural_pronoun" if plural else None


def quoted_words(text: str) -> list[Span]:
    """Where words are quoted as words: “她”字, 「他」这个词; such a word speaks of nobody. In order, none overlap."""
    return [match.span() for match in _QUOTED_WORDS.finditer(text)]


def is_plural(text: str, end: int) -> bool:
    """Whether the pronoun that ends at ``end`` is a plural: 他们, 他俩, 他（们）."""
    return text[end : end + 1] in {"们", "俩"} or text[end : end + 2] in {"（们", "(们"}


def _contrasts(text: str, words: Sequence[Word]) -> bool:
    """Two words of opposite gender joined side by side: 他或她, 爸爸和妈妈, 爸爸妈妈; 他妈妈 is no contrast."""
    for word, following in pairwise(words):
        if word.gender == following.gender:
            continue
        between = text[word.end : following.start].strip() if following.start - word.end < 8 else None
        if between is None:
            continue
        if between in _SIGN_CONNECTORS or between in _CONNECTORS:
            return True
        if not between and word.kind != "pronoun":
            return True
    return False


def _quoted(text: str, words: Sequence[Word]) -> bool:
    starts = [word.start for word in words]
    works = [match.span() for match in _QUOTED_WORK.finditer(text)]
    position = 0
    for start in starts:
        while position < len(works) and works[position][1] <= start:
            position += 1
        if position < len(works) and works[position][0] <= start:
            return True
    return False
