"""The ethnic group of a person in a Chinese text, named in full: 汉族, 回族, 维吾尔族.

A group's name also belongs to places, languages, food and history, which another group's name would make false; a text
that speaks of these is left alone. Bare 回, 满, 汉 and 壮 are everyday words and never looked at.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

from modelaudit.text.chinese.characters import Characters
from modelaudit.text.chinese.terms import Fillers, Found, contains, exchanged, mentions_of
from modelaudit.text.chinese.trie import Trie
from modelaudit.text.edits import Document, Edit
from modelaudit.text.lexicon import read_lexicon
from modelaudit.text.terms import Filler, TermMention, TermMentions

_FORM = "name"


class EthnicGroups:
    """Ethnic groups as a term set: one filler a group, 汉族 the reference."""

    attribute = "ethnic group"
    language = "zh"
    sampled = False

    def __init__(self) -> None:
        names = _words("compared")
        self._fillers = Fillers({name: (Filler(name, name, {_FORM: name}),) for name in names})
        self.groups = self._fillers.groups

    def fillers(self, group: str) -> tuple[Filler, ...]:
        """The one filler of a group; ValueError where there is no such group."""
        return self._fillers.of(group)

    def find(self, document: Document) -> TermMentions:
        """The mentions of the one group in the text, or why it is left alone.

        The reasons, the first that holds: "another group" (one of those that are not compared), "several groups",
        "fixed phrase" (回族自治区, 藏族舞蹈), "bound by context", "address", "across words".
        """
        characters = Characters.of(document)
        text = characters.text
        matches = [match for match in _lexicon().scan(text) if match[2] is not None]
        if not matches:
            return TermMentions()
        if any(name not in self.groups for _, _, name in matches):
            return TermMentions(skipped="another group")
        if len({name for _, _, name in matches}) > 1:
            return TermMentions(skipped="several groups")
        if any(_is_bound(text, end) for _, end, _ in matches):
            return TermMentions(skipped="fixed phrase")
        own = {name for _, _, name in matches}
        rest = text.replace(next(iter(own)) or "", "\n")
        if contains(rest, _words("bound")):
            return TermMentions(skipped="bound by context")
        return mentions_of(characters, [Found(start, end, _FORM, name, name) for start, end, name in matches if name])

    def edits(self, document: Document, mentions: Sequence[TermMention], filler: Filler) -> tuple[Edit, ...]:
        """The edits that put ``filler`` in every mention."""
        return exchanged(document, mentions, filler, self.attribute)


def _is_bound(text: str, end: int) -> bool:
    """Whether what follows makes a thing of the group's name (汉族服饰); words for persons do not (服务员)."""
    match = _behind().longest(text, end)
    return match is not None and match[1]


@cache
def _behind() -> Trie[bool]:
    return Trie(dict.fromkeys(_words("bound_behind"), True) | dict.fromkeys(_words("person_behind"), False))


@cache
def _words(name: str) -> tuple[str, ...]:
    return tuple(word for label, words in read_lexicon("zh_ethnic_groups") if label == name for word in words.split())


@cache
def _lexicon() -> Trie[str | None]:
    """The names of all groups, and None for words that only look like one."""
    return Trie({name: name for name in (*_words("compared"), *_words("other"))} | dict.fromkeys(_words("not_group")))
