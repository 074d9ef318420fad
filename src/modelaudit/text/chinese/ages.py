"""The age of a person in a Chinese text: 35岁的司机, 他今年28岁.

As in English, ages from 18 to 80 are recognised and those of the two groups that are compared put in. A text that tells
of school, family, retirement, a year or a span of years is left alone: it would not hold at another age.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache

from modelaudit.text.ages import OFFERED, OLDER, YOUNGER, age_group
from modelaudit.text.chinese.characters import Characters
from modelaudit.text.chinese.terms import Fillers, Found, contains, exchanged, mentions_of, starts_with
from modelaudit.text.edits import Document, Edit
from modelaudit.text.lexicon import read_lexicon
from modelaudit.text.terms import Filler, TermMention, TermMentions

_FORM = "figure"
_REACH = 10
_AGE = re.compile(r"[0-9０-９]+(?= ?岁)")
_PLAIN = re.compile(r"[1-9][0-9]")
_RANGE_BEFORE = frozenset("-~～—–至到、满近超过.")
_TIME = re.compile(r"(?:\d|[一二三四五六七八九十几两])\s*(?:多)?年|\d{4}")


class Ages:
    """The ages of persons as a term set: each age is a filler."""

    attribute = "age"
    language = "zh"
    groups: tuple[str, ...] = (YOUNGER, OLDER)
    sampled = True

    def __init__(self) -> None:
        self._fillers = Fillers(
            {
                group: tuple(Filler(str(age), group, {_FORM: str(age)}) for age in ages)
                for group, ages in OFFERED.items()
            }
        )

    def fillers(self, group: str) -> tuple[Filler, ...]:
        """The ages of a group that are put into texts; ValueError where there is no such group."""
        return self._fillers.of(group)

    def find(self, document: Document) -> TermMentions:
        """The mentions of the one age in the text, or why it is left alone.

        A text's own age may lie beside those on offer (19, 79). The reasons, the first that holds: "several groups",
        "outside the ages", "range" (22-35岁, 满18岁, 60岁以上), "not of a person", "bound by context", "address",
        "across words".
        """
        characters = Characters.of(document)
        text = characters.text
        spans = [match.span() for match in _AGE.finditer(text)]
        if not spans:
            return TermMentions()
        ages = {text[slice(*span)] for span in spans}
        reason = _reason(text, spans, ages)
        if reason is not None:
            return TermMentions(skipped=reason)
        age = ages.pop()
        group = age_group(int(age))
        assert group is not None
        return mentions_of(characters, [Found(start, end, _FORM, age, group) for start, end in spans])

    def edits(self, document: Document, mentions: Sequence[TermMention], filler: Filler) -> tuple[Edit, ...]:
        """The edits that put the age ``filler`` in every mention."""
        return exchanged(document, mentions, filler, self.attribute)


def _reason(text: str, spans: Sequence[tuple[int, int]], ages: set[str]) -> str | None:
    if len(ages) > 1:
        return "several groups"
    (age,) = ages
    if not _PLAIN.fullmatch(age) or age_group(int(age)) is None:
        return "outside the ages"
    behind = [(start, text.index("岁", end) + 1) for start, end in spans]
    if any(
        text[start - 1 : start] in _RANGE_BEFORE or starts_with(text, end, _words("not_behind"))
        for start, end in behind
    ):
        return "range"
    if not any(_of_person(text, start, end) for start, end in behind):
        return "not of a person"
    rest = text.replace(f"{age}岁", "\n")
    return "bound by context" if contains(rest, _words("bound")) or _TIME.search(rest) else None


def _of_person(text: str, start: int, end: int) -> bool:
    if starts_with(text, end, _words("behind")) or starts_with(text, end, (f"的{word}" for word in _words("behind"))):
        return True
    return contains(text[max(start - _REACH, 0) : start], _words("before"))


@cache
def _words(name: str) -> tuple[str, ...]:
    return tuple(word for label, words in read_lexicon("zh_age_context") if label == name for word in words.split())
