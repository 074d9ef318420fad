"""Options: a prompt that lets its reader choose, taken apart into what stands before, between and behind its options.

Options are marked by letters or numbers in order, "A) ...", "(a) ...", "1. ...", one a line or all in a row.
"""

from __future__ import annotations

import re
import string
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Literal

Kind = Literal["upper", "lower", "number"]

LONGEST = 100_000
"""Characters of a prompt beyond which no options are looked for."""
MOST = 26
"""Options beyond which letters end."""
_MARKER = re.compile(r"(?<![^\s:：，。；])([(（]?)([A-Za-z]|\d{1,2})([)）.．:：、])[ \t]*(?=\S)")
_ANSWER = re.compile(r"(?<!\s)\s+(?:answer|response|答案|回答)[ ]?[:：]?\s*\Z", re.IGNORECASE)
"""What opens the answer behind options that stand in a row."""
_SAID = re.compile(r"(\s*)([(（]?)([A-Za-z]|\d{1,2})([)）.．:：、]?)(?:(\s+)(.+))?\s*", re.DOTALL)
_ONE_ANOTHER = re.compile(
    r"\b(?:all|none|both|neither|either|any) (?:of|the)\b|\b(?:above|below|options?)\b|\b[A-Z] (?:and|or) [A-Z]\b"
    r"|以上|上述|都(?:对|不对|是|不是)",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Marker:
    """What stands before an option: brackets or signs around a letter or a number."""

    kind: Kind
    before: str
    behind: str

    def label(self, place: int) -> str:
        """Return the letter or the number of an option, counted from 0."""
        if self.kind == "number":
            return str(place + 1)
        return (string.ascii_uppercase if self.kind == "upper" else string.ascii_lowercase)[place]

    def at(self, place: int) -> str:
        """Return the whole marker of an option."""
        return f"{self.before}{self.label(place)}{self.behind}"


@dataclass(frozen=True, slots=True)
class Prompt:
    """A prompt: all of it in `head` where there are no options.

    Attributes:
        head, tail: the text before the first option and behind the last.
        options: the options as they stand. origins: the places that they had in the prompt as it was read.
        gaps: what stands behind each option but the last.
        marker: what stands before each, and `space` between it and the option.
    """

    head: str
    options: tuple[str, ...] = ()
    origins: tuple[int, ...] = ()
    gaps: tuple[str, ...] = ()
    marker: Marker = Marker("upper", "", ")")
    tail: str = ""
    space: str = " "

    @property
    def text(self) -> str:
        """The prompt as the model reads it."""
        parts = [self.head]
        for place, (option, gap) in enumerate(zip(self.options, [*self.gaps, ""], strict=False)):
            parts += (self.marker.at(place), self.space, option, gap)
        return "".join([*parts, self.tail])

    def reordered(self, order: Sequence[int]) -> Prompt:
        """Return the prompt with its options in another order; markers stay where they are."""
        return replace(
            self,
            options=tuple(self.options[place] for place in order),
            origins=tuple(self.origins[place] for place in order),
        )


@dataclass(frozen=True, slots=True)
class Said:
    """An answer that names an option: by its marker, with what is written around it, or by its text (`label` False)."""

    origin: int
    label: bool
    before: str = ""
    opened: str = ""
    closed: str = ""
    between: str | None = None

    def of(self, prompt: Prompt, origin: int) -> str:
        """Return the answer in the same form that names the option which stood at `origin`."""
        place = prompt.origins.index(origin)
        body = prompt.options[place]
        if not self.label:
            return self.before + body
        named = f"{self.before}{self.opened}{prompt.marker.label(place)}{self.closed}"
        return named if self.between is None else f"{named}{self.between}{body}"


def prompt_of(text: str) -> Prompt:
    """Take a prompt apart: the last run of two or more markers in order is its options.

    Where options are the same, or speak of one another ("all of the above"), there are none that can be moved.
    """
    run = _last_run(text) if len(text) <= LONGEST else []
    if not run or len(run) > MOST:
        return Prompt(text)
    ends = [following.start() for following in run[1:]]
    line = text.find("\n", run[-1].end())
    opened = _ANSWER.search(text, run[-1].end())
    ends.append(min(len(text) if line < 0 else line, opened.start() if opened else len(text)))
    parts = [text[found.end() : end] for found, end in zip(run, ends, strict=True)]
    options = tuple(part.rstrip().rstrip(";,").rstrip() for part in parts)
    gaps = tuple(part[len(option) :] for part, option in zip(parts, options, strict=True))
    plain = {option.casefold() for option in options}
    if len(plain) < len(options) or "" in plain or any(_ONE_ANOTHER.search(option) for option in options):
        return Prompt(text)
    before, label, behind = run[0].groups()
    found = Prompt(
        text[: run[0].start()],
        options,
        tuple(range(len(options))),
        gaps[:-1],
        Marker(_kind(label), before, behind),
        gaps[-1] + text[ends[-1] :],
        text[run[0].start() + len("".join(run[0].groups())) : run[0].end()],
    )
    # Markers that are set apart otherwise from one option to the next can't be put back as they were.
    return found if found.text == text else Prompt(text)


def said_in(answer: str, prompt: Prompt) -> Said | None:
    """Return which option an answer names and how; None where it names none."""
    stripped = answer.strip()
    before = answer[: len(answer) - len(answer.lstrip())]
    for place, option in enumerate(prompt.options):
        if stripped.casefold() == option.casefold():
            return Said(prompt.origins[place], label=False, before=before)
    found = _SAID.fullmatch(answer)
    if found is None:
        return None
    before, opened, label, closed, between, body = found.groups()
    for place, option in enumerate(prompt.options):
        if prompt.marker.label(place).casefold() == label.casefold():
            if body is not None and body.strip().casefold() != option.casefold():
                return None
            return Said(prompt.origins[place], True, before, opened, closed, between)
    return None


def _last_run(text: str) -> list[re.Match[str]]:
    """Return the last run of two or more markers of one form, in order from the first letter or number on."""
    run: list[re.Match[str]] = []
    last: list[re.Match[str]] = []
    for found in _MARKER.finditer(text):
        if run and _form(found) == _form(run[0]) and _place(found.group(2)) == len(run):
            run.append(found)
        elif _place(found.group(2)) == 0:
            run = [found]
        if len(run) >= 2:
            last = run
    return last


def _form(found: re.Match[str]) -> tuple[str, str, Kind]:
    before, label, behind = found.groups()
    return before, behind, _kind(label)


def _kind(label: str) -> Kind:
    return "number" if label.isdigit() else "upper" if label.isupper() else "lower"


def _place(label: str) -> int:
    return int(label) - 1 if label.isdigit() else ord(label.lower()) - ord("a")
