"""Contractions: "do not" for "don't", "it's" for "it is", and the other way round."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import ClassVar, Literal

import numpy as np

from modelaudit.text.case import match_case
from modelaudit.text.edits import Document, Edit
from modelaudit.text.lexicon import read_lexicon, word_classes
from modelaudit.text.perturbations.additions import sets_marks_apart
from modelaudit.text.perturbations.base import TEXT_AND_TOKENS, WORD_RATES, Tier, check_level
from modelaudit.text.perturbations.sites import opens_sentence, placeable, taken
from modelaudit.text.pronouns import Tokens

Direction = Literal["both", "contract", "expand"]

_CLITIC = re.compile(r"(?=n't$|'\w+$)")
_ADVERBS = 2
"""Adverbs that may stand between a contraction and the word that decides what it stands for."""


@dataclass(frozen=True, slots=True)
class Contractions:
    """Contractions written in full and full forms contracted, at 5, 10, 15, 25 or 40% of the words and at least one.

    Forms that stand for several things ('s, 'd) change only where the words beside them decide, and not in questions,
    where the full form would be put otherwise. Text that sets clitics apart ("do n't", as many corpora do) is written
    on in this way.
    """

    direction: Direction = "both"

    version: ClassVar[int] = 1
    family: ClassVar[str] = "wording"
    tier: ClassVar[Tier] = "L2"
    levels: ClassVar[tuple[int, ...]] = tuple(WORD_RATES)
    languages: ClassVar[tuple[str, ...]] = ("en",)
    tasks: ClassVar[tuple[str, ...]] = TEXT_AND_TOKENS
    label_rule: ClassVar[str] = "The same words are said, only contracted or in full."

    @property
    def name(self) -> str:
        """ "contractions", with the direction where it is one of the two."""
        return "contractions" if self.direction == "both" else f"contractions: {self.direction}"

    def edits(self, document: Document, *, level: int, rng: np.random.Generator) -> list[Edit]:
        """One edit for each chosen form, which covers all of its words."""
        check_level(self.name, level, self.levels)
        tokens = Tokens.of(document.text)
        apart = sets_marks_apart(document)
        found: list[Edit] = []
        for index, word in enumerate(tokens.lower):
            if found and tokens.spans[index][0] < found[-1].end:
                continue
            for form in _forms().get(word, ()):
                if self.direction in ("both", form.direction) and _stands(tokens, index, form):
                    found.append(_edit(document.text, tokens, index, form, apart))
                    break
        return taken(placeable(document, found), len(tokens.spans), level, rng)


@dataclass(frozen=True, slots=True)
class _Form:
    """One way to write a form, the words that have to stand beside it, and the other way to write it."""

    words: tuple[str, ...]
    new: str
    direction: Literal["contract", "expand"]
    before: str
    after: str


@cache
def _forms() -> dict[str, tuple[_Form, ...]]:
    """The forms by their first word, in the order of the lexicon."""
    forms: dict[str, list[_Form]] = {}
    for full, short, joins_before, joins_after, opens_before, opens_after in read_lexicon("contractions"):
        made = []
        if joins_before != "-":
            made.append(_Form(Tokens.of(full).lower, short, "contract", joins_before, joins_after))
        if opens_before != "-":
            for written in dict.fromkeys((Tokens.of(short).lower, Tokens.of(_set_apart(short)).lower)):
                made.append(_Form(written, full, "expand", opens_before, opens_after))
        for form in made:
            forms.setdefault(form.words[0], []).append(form)
    return {word: tuple(starting) for word, starting in forms.items()}


def _set_apart(short: str) -> str:
    return _CLITIC.sub(" ", short, count=1)


def _stands(tokens: Tokens, index: int, form: _Form) -> bool:
    """Whether a form stands at a place, in ordinary writing, between the words that its row asks for."""
    last = index + len(form.words) - 1
    if tokens.lower[index : last + 1] != form.words or any(gap.strip() for gap in tokens.gaps[index:last]):
        return False
    surface = " ".join(tokens.surfaces[index : last + 1])
    begins = surface[0].isupper() and surface[1:].islower() and (surface[0] == "I" or opens_sentence(tokens, index))
    goes_on = tokens.gaps[last][:1] in {"", "'", "’"} and last + 1 < len(tokens.lower)
    if goes_on or not (surface.islower() or surface.isupper() or begins):
        return False
    return _allowed_before(form.before, tokens.behind(index, 1)) and _allowed_after(form.after, tokens, last)


def _allowed_before(condition: str, word: str) -> bool:
    """Whether ``word``, "" at the beginning of a clause, may stand in front."""
    if condition == "any":
        return True
    if not word:
        return condition.startswith("^")
    name = condition.lstrip("^")
    return (word in _class(name.lstrip("!"))) is not name.startswith("!")


def _allowed_after(condition: str, tokens: Tokens, last: int) -> bool:
    """Whether the word behind ``last`` may stand there; adverbs are passed over where a word has to be found."""
    if condition == "any":
        return True
    if condition.startswith("!"):
        return tokens.ahead(last, 1) not in _class(condition[1:])
    ahead = [tokens.ahead(last, n) for n in range(1, _ADVERBS + 2)]
    deciding = next((word for word in ahead if word not in _class("adverb")), "")
    return deciding in _class(condition)


def _edit(text: str, tokens: Tokens, index: int, form: _Form, apart: bool) -> Edit:
    start, end = tokens.spans[index][0], tokens.spans[index + len(form.words) - 1][1]
    new = _set_apart(form.new) if apart and form.direction == "contract" else form.new
    if "’" in text:
        new = new.replace("'", "’")
    return Edit(start, end, match_case(text[start:end], new), "contraction")


def _class(name: str) -> frozenset[str]:
    return word_classes("contraction_context")[name]
