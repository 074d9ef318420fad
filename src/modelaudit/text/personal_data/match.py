"""The match: what was found and where; and which of several readings of one place is kept."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, get_args

Kind = Literal[
    "Chinese resident id",
    "UK national insurance number",
    "US social security number",
    "UK NHS number",
    "IBAN",
    "payment card number",
    "e-mail address",
    "IP address",
    "date of birth",
    "phone number",
]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""Every kind, the most specific first: shape, prefix, calendar and checksum exclude more of the others."""


@dataclass(frozen=True, slots=True)
class Match:
    """Personal data of one kind at the characters ``[start, end)`` of the text."""

    kind: Kind
    start: int
    end: int


def apart(matches: Sequence[Match], length: int) -> list[Match]:
    """Return matches of a text of so many characters that do not overlap, in order: the longest, then by `KINDS`."""
    if not matches:
        return []
    taken = bytearray(length)
    kept = []
    for match in sorted(matches, key=lambda match: (match.start - match.end, KINDS.index(match.kind), match.start)):
        if taken.find(1, match.start, match.end) == -1:
            taken[match.start : match.end] = b"\x01" * (match.end - match.start)
            kept.append(match)
    return sorted(kept, key=lambda match: match.start)


_RUN = re.compile("[0-9]+")


def number_starts(text: str) -> list[int]:
    """Return where the runs of digits begin: most detectors look nowhere else."""
    return [run.start() for run in _RUN.finditer(text)]


def found_at(pattern: re.Pattern[str], text: str, starts: Sequence[int]) -> Iterator[re.Match[str]]:
    """Yield the matches of a pattern that begin at one of the places; they may overlap."""
    return (match for start in starts if (match := pattern.match(text, start)) is not None)


def led_by(cue: re.Pattern[str], text: str, start: int, *, reach: int) -> bool:
    """Say whether a cue, a pattern that ends in ``$``, stands in the `reach` characters before `start`."""
    return cue.search(text, max(0, start - reach), start) is not None
