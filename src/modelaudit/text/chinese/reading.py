"""What a Chinese text says about gender: its gendered words, and the words that make gender part of its meaning."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Literal

from modelaudit.text.chinese.surnames import ends_with_surname
from modelaudit.text.chinese.trie import Trie
from modelaudit.text.lexicon import read_lexicon, word_classes

Kind = Literal["word", "pronoun_only", "later", "neutral", "reason", "title"]

# Characters that speak of a gender: where one stands in no word of the lexicons, the text can't be rewritten whole.
_WATCHED = frozenset("男女妈爸爹娘哥姐弟妹兄爷嫂婆媳妻")
_TITLES = frozenset({"先生", "女士"})


@dataclass(frozen=True, slots=True)
class Word:
    """A gendered word at ``[start, end)`` of the joined characters and its counterpart, None where it has none."""

    start: int
    end: int
    gender: Literal["female", "male"]
    new: str | None
    kind: str


@dataclass(frozen=True, slots=True)
class Reading:
    """The gendered words of a text, and where it has which reason to be left alone, both in text order."""

    words: tuple[Word, ...]
    reasons: tuple[tuple[int, str], ...]


@dataclass(frozen=True, slots=True)
class _Entry:
    kind: Kind
    reason: str = ""
    gender: Literal["female", "male"] = "female"
    new: str | None = None
    word_kind: str = ""


_PRONOUNS = {
    "她": _Entry("word", gender="female", new="他", word_kind="pronoun"),
    "他": _Entry("word", gender="male", new="她", word_kind="pronoun"),
}


def read(text: str) -> Reading:
    """Read a text from left to right, the longest entry first, in linear time."""
    words: list[Word] = []
    reasons: list[tuple[int, str]] = []
    for start, end, entry in _entries(text):
        if entry is None:
            reasons.append((start, "unlisted_word"))
        elif entry.kind == "reason":
            reasons.append((start, entry.reason))
        elif entry.kind == "title":
            title = _title(text, start, end)
            if title is None:
                reasons.append((start, "title"))
            else:
                words.append(title)
        else:
            words.append(Word(start, end, entry.gender, entry.new, entry.word_kind))
    return Reading(tuple(words), tuple(reasons))


def _entries(text: str) -> Iterator[tuple[int, int, _Entry | None]]:
    """The entries that say something, and None for a watched character that stands in no entry."""
    lexicon = _lexicon()
    start = 0
    while start < len(text):
        match = lexicon.longest(text, start)
        if match is None:
            if text[start] in _WATCHED:
                yield start, start + 1, None
            start += 1
            continue
        end, entry = match
        if entry.kind == "later":
            start += 1
        elif entry.kind == "pronoun_only":
            yield start, start + 1, _PRONOUNS[text[start]]
            start += 1
        else:
            if entry.kind != "neutral":
                yield start, end, entry
            start = end


def _title(text: str, start: int, end: int) -> Word | None:
    """先生 and 女士 behind a surname or 位; 女士 alone is 男士; 先生 alone may be a teacher or a husband: None."""
    title = text[start:end]
    behind_name = ends_with_surname(text, start) or text[start - 1 : start] == "位"
    if title == "先生":
        return Word(start, end, "male", "女士", "title") if behind_name else None
    return Word(start, end, "female", "先生" if behind_name else "男士", "title")


@cache
def _lexicon() -> Trie[_Entry]:
    entries: dict[str, _Entry] = dict(_PRONOUNS)
    for female, male, direction, kind in read_lexicon("zh_gendered_words"):
        if direction in {"both", "f2m"}:
            entries[female] = _Entry("word", gender="female", new=male, word_kind=kind)
        if direction in {"both", "m2f"}:
            entries[male] = _Entry("word", gender="male", new=female, word_kind=kind)
    for noun in word_classes("zh_person_nouns")["occupation"]:
        entries[f"女{noun}"] = _Entry("word", gender="female", new=f"男{noun}", word_kind="occupation")
        entries[f"男{noun}"] = _Entry("word", gender="male", new=f"女{noun}", word_kind="occupation")
    entries |= {title: _Entry("title") for title in _TITLES}
    kinds: dict[str, Kind] = {"neutral": "neutral", "pronoun": "pronoun_only", "later": "later"}
    for reason, words in read_lexicon("zh_gender_stops"):
        entries |= {word: _Entry(kinds.get(reason, "reason"), reason=reason) for word in words.split()}
    return Trie(entries)
