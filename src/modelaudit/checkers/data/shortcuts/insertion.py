"""Texts with a cue put in, and with a control in its place."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from modelaudit.checkers.data.shortcuts.association import Association
from modelaudit.checkers.data.shortcuts.cues import (
    LOWER,
    SMALL_START,
    UPPER,
    Cue,
    first_letter,
    is_han,
    is_mark,
    joined,
    words_of,
)
from modelaudit.checkers.data.shortcuts.kinds import Kind, kind_of

MARKS = (".", "!", "?", ";", "。", "！", "？")
"""End marks that may be the control of another one."""
ANY_NUMBER = "7"
LOOKED_AT = 200
"""Neutral words whose kind is looked up for a control, the nearest in frequency first."""


@dataclass(frozen=True, slots=True)
class Insertion:
    """How a cue is put into a text, and the control: a cue of its kind that tells nothing, or for an
    end mark no mark at all; None for the text itself."""

    cue: Cue
    surface: str
    control: Cue | None
    control_surface: str = ""

    def with_cue(self, text: str) -> str:
        """Return the text with the cue."""
        return inserted(self.cue, self.surface, text)

    def with_control(self, text: str) -> str:
        """Return the text with the control."""
        return text if self.control is None else inserted(self.control, self.control_surface, text)


def insertion_of(cue: Cue, kind: Kind, found: Association, texts: dict[Cue, list[str]]) -> Insertion:
    """Return how to put a cue in; `texts` has texts of the source rows by cue, for the forms that words take."""
    if cue.form == "ends":
        marks = [Cue("ends", mark) for mark in MARKS if mark != cue.key and Cue("ends", mark) in found.neutral]
        none = Cue("ends", "") if cue.key else None
        # Without a control, a cue would be charged with what the mark that it replaces was worth.
        control = max(marks, key=lambda mark: (found.often[mark], mark.key), default=none)
        return Insertion(cue, cue.key, control, "" if control is None else control.key)
    if cue.form == "case":
        return Insertion(cue, "", None)
    control = _neutral_word(cue, kind, found, texts)
    return Insertion(
        cue,
        surface_of(cue, texts.get(cue, [])),
        control,
        "" if control is None else surface_of(control, texts[control]),
    )


def inserted(cue: Cue, surface: str, text: str) -> str:
    """Return a text with a cue: a word or mark behind its end, its end mark replaced, its letters in another case."""
    if cue.form == "ends":
        return f"{_without_mark(text)}{surface}"
    if cue == LOWER:
        return text.lower()
    if cue == UPPER:
        return text.upper()
    if cue == SMALL_START:
        letter = first_letter(text)
        return text.replace(letter, letter.lower(), 1) if letter else text
    rest = text.rstrip()
    return f"{rest}{surface}" if is_han(surface) or not rest else f"{rest} {surface}"


def surface_of(cue: Cue, texts: Sequence[str]) -> str:
    """Return the form in which a cue's words stand most often in texts that have it."""
    if cue.form == "contains":
        return cue.key
    size = len(cue.key.split(" ")) if cue.is_text else 1
    forms: Counter[str] = Counter()
    for text in texts:
        words = words_of(text)
        for place in range(len(words) - size + 1):
            part = [word.surface for word in words[place : place + size]]
            if cue.form == "number":
                if any(map(str.isdigit, part[0])):
                    forms[part[0]] += 1
            elif " ".join(part).casefold() == cue.key:
                forms[joined(part)] += 1
    ranked = sorted(forms, key=lambda form: (-forms[form], form))
    return ranked[0] if ranked else ANY_NUMBER if cue.form == "number" else cue.key


def _neutral_word(cue: Cue, kind: Kind, found: Association, texts: dict[Cue, list[str]]) -> Cue | None:
    """Return the word that tells nothing, of the cue's own kind where there is one, and nearest to it in frequency."""
    words = [each for each in found.neutral if each.form == "word" and texts.get(each)]
    often = found.often.get(cue, 0.0)
    near = sorted(words, key=lambda each: (abs(found.often[each] - often), each))[:LOOKED_AT]
    alike = (each for each in near if kind_of(each, texts[each]) == kind)
    return next(alike, near[0] if near else None)


def _without_mark(text: str) -> str:
    """Return a text without the marks that end it, and what closes behind them; the text where it is nothing else."""
    end = len(text)
    while end and (text[end - 1].isspace() or is_mark(text[end - 1])):
        end -= 1
    return text[:end] or text
