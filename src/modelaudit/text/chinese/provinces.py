"""The province a person comes from: 河南人, 四川籍, 来自湖南.

A province is also a place with weather, teams and food, so it counts only beside a word that makes it a person's
origin, and a text with a province or city elsewhere is left alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from modelaudit.text.chinese.characters import Characters
from modelaudit.text.chinese.terms import Fillers, Found, contains, ends_with, exchanged, mentions_of, starts_with
from modelaudit.text.chinese.trie import Trie
from modelaudit.text.edits import Document, Edit
from modelaudit.text.lexicon import read_lexicon
from modelaudit.text.terms import Filler, TermMention, TermMentions

REGIONS = ("东部", "中部", "西部", "东北")
_AUTONOMOUS = "autonomous"
_FORM = "name"


class Provinces:
    """Provinces as a term set: the fillers of the four regions of China's statistics, the east the reference."""

    attribute = "region"
    language = "zh"
    groups: tuple[str, ...] = REGIONS
    sampled = True

    def __init__(self) -> None:
        self._fillers = Fillers(
            {region: tuple(Filler(name, region, {_FORM: name}) for name in _words(region)) for region in REGIONS}
        )

    def fillers(self, group: str) -> tuple[Filler, ...]:
        """The provinces of a region that are put into texts; ValueError where there is no such region."""
        return self._fillers.of(group)

    def find(self, document: Document) -> TermMentions:
        """The mentions of the one province a person comes from, or why the text is left alone.

        The reasons, the first that holds: "not of a person" (a province as a place), "several groups", "autonomous
        region", "bound by context" (a city, a dish, a team), "address", "across words".
        """
        characters = Characters.of(document)
        text = characters.text
        matches = list(_lexicon().scan(text))
        if not matches:
            return TermMentions()
        if not all(_is_origin(text, start, end) for start, end, _ in matches):
            return TermMentions(skipped="not of a person")
        names = {text[start:end] for start, end, _ in matches}
        if len(names) > 1:
            return TermMentions(skipped="several groups")
        if any(region == _AUTONOMOUS for _, _, region in matches):
            return TermMentions(skipped="autonomous region")
        if contains(text.replace(names.pop(), "\n"), _words("place")):
            return TermMentions(skipped="bound by context")
        return mentions_of(
            characters, [Found(start, end, _FORM, text[start:end], region) for start, end, region in matches]
        )

    def edits(self, document: Document, mentions: Sequence[TermMention], filler: Filler) -> tuple[Edit, ...]:
        """The edits that put the province ``filler`` in every mention."""
        return exchanged(document, mentions, filler, self.attribute)


def _is_origin(text: str, start: int, end: int) -> bool:
    if starts_with(text, end, _words("not_behind")):
        return False
    if starts_with(text, end, _words("behind")):
        return True
    # 来自湖南的医生, 老家在河南，...: behind such a word the province has to end the phrase (not 来自河南卫视).
    ends = not text[end : end + 1].isalnum() or text[end] in "的，。"
    return ends and ends_with(text, start, _words("before"))


@cache
def _words(name: str) -> tuple[str, ...]:
    return tuple(word for label, words in read_lexicon("zh_provinces") if label == name for word in words.split())


@cache
def _lexicon() -> Trie[str]:
    return Trie({name: region for region in (*REGIONS, _AUTONOMOUS) for name in _words(region)})
