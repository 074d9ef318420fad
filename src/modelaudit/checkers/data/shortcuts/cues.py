"""Cues: what can be seen of a text without understanding it, from its words to how it ends."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Literal

from modelaudit.text import word_spans

MOST_CHARACTERS = 10_000
"""Of a row; its end is looked at as well."""
CLOSING = "\"'”’)]}»」』）"
"""Marks behind which a sentence's own mark is looked for."""
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]+")
_IN_WORDS = frozenset("'’-‐_")

Form = Literal["word", "pair", "number", "ends", "contains", "case", "length"]


@dataclass(frozen=True, slots=True, order=True)
class Cue:
    """One thing that a text has or has not.

    Attributes:
        form: what it is. `word`, `pair`: of words in lower case. `number`: any digit. `ends`: the last mark, or none.
            `contains`: a mark anywhere. `case`, `length`: of the whole text.
        key: the word, the pair, the mark, or what is said of the text.
    """

    form: Form
    key: str

    @property
    def title(self) -> str:
        """The cue as the report names it; words are text of the rows."""
        if self.form in ("word", "pair"):
            return self.key
        if self.form == "ends":
            return f"ends with {self.key}" if self.key else "ends without a mark"
        return f"contains {self.key}" if self.form == "contains" else self.key

    @property
    def is_text(self) -> bool:
        """Whether the cue is words, which are inserted and hidden as such."""
        return self.form in ("word", "pair")


NUMBER = Cue("number", "contains a number")
ALWAYS = (NUMBER, Cue("ends", "!"), Cue("ends", "?"))
"""Cues that every model is tried with: none of them should decide a label."""
LOWER = Cue("case", "all in lower case")
UPPER = Cue("case", "all in capitals")
SMALL_START = Cue("case", "begins with a small letter")
LONG, SHORT = Cue("length", "among the longest quarter"), Cue("length", "among the shortest quarter")


@dataclass(frozen=True, slots=True)
class Word:
    """A word of a text: as it stands, and whether a capital there tells anything (it does not begin the text)."""

    surface: str
    inside: bool

    @property
    def key(self) -> str:
        """The word as cues name it."""
        return self.surface.casefold()


def words_of(text: str) -> list[Word]:
    """Return the words in order; of Chinese each character."""
    head = text[:MOST_CHARACTERS]
    found: list[Word] = []
    for start, end in word_spans(head):
        for part in _parts(head[start:end]):
            found.append(Word(part, bool(found) and not _begins_sentence(head, start)))
    return found


def cues_of(text: str, quartiles: tuple[float, float]) -> frozenset[Cue]:
    """Return the cues of a text; `quartiles` are the lengths in characters that a quarter of the texts do not reach."""
    words = [word.key for word in words_of(text)]
    found = {Cue("word", word) for word in words}
    found |= {Cue("pair", f"{first} {second}") for first, second in pairwise(words)}
    head = text[:MOST_CHARACTERS]
    if any(map(str.isdigit, head)):
        found.add(NUMBER)
    mark = end_mark(text)
    found.add(Cue("ends", mark))
    found |= {Cue("contains", each) for each in set(head) if is_mark(each) and each not in _IN_WORDS and each != mark}
    if head.islower():
        found.add(LOWER)
    if head.isupper():
        found.add(UPPER)
    if first_letter(head).islower():
        found.add(SMALL_START)
    if len(text) < quartiles[0]:
        found.add(SHORT)
    if len(text) > quartiles[1]:
        found.add(LONG)
    return frozenset(found)


def end_mark(text: str) -> str:
    """Return the mark that ends a text, behind closing quotes and brackets; "" where it ends without one."""
    rest = text[-200:].rstrip().rstrip(CLOSING).rstrip()
    return rest[-1] if rest and is_mark(rest[-1]) else ""


def is_mark(character: str) -> bool:
    """Tell whether a character is punctuation or a symbol."""
    return not character.isalnum() and unicodedata.category(character)[0] in "PS"


def first_letter(text: str) -> str:
    """Return the first letter of a text, "" where it has none."""
    return next((character for character in text if character.isalpha()), "")


def joined(words: Sequence[str]) -> str:
    """Return words as a text, Chinese characters without spaces between them."""
    text = words[0]
    for word in words[1:]:
        text += word if _HAN.match(word) and _HAN.match(text[-1]) else f" {word}"
    return text


def is_han(text: str) -> bool:
    """Tell whether a text begins with a Chinese character."""
    return _HAN.match(text) is not None


def _parts(word: str) -> list[str]:
    """Return a word, its Chinese characters one by one."""
    if not _HAN.search(word):
        return [word]
    return [part for piece in re.split("([\u3400-\u4dbf\u4e00-\u9fff])", word) if (part := piece)]


def _begins_sentence(text: str, start: int) -> bool:
    before = text[max(start - 5, 0) : start].rstrip().rstrip(CLOSING + "“‘([「『（").rstrip()
    return not before or before[-1] in ".!?…。！？:："
