"""The ids that links lead to: nouns of what they name, so that a link holds when a finding is added before it."""

from __future__ import annotations

import hashlib
import re
import unicodedata

MOST_LETTERS = 20
"""So much of a group's name stands in an id."""
OWN = "modelaudit"
"""The vendor whose name is left out of the ids of findings."""

_PLAIN = re.compile(r"[a-z0-9]+(?: [a-z0-9]+)*")


def check_anchor(checker: str) -> str:
    """Return the id of a check: `check-modelaudit--perturbation`."""
    anchor = "check-" + checker.replace("/", "--")
    return anchor if checker.count("--") == 0 else f"{anchor}--{_hash(checker)}"


def finding_anchor(checker: str, metric: str, group: str | None) -> str:
    """Return the id of a finding: `perturbation--flip_rate-letter-case`, `acme.rare-words--share` of a plugin's check.

    A group that is not plain small letters and digits gives some of its letters and a hash of all of it, so that
    nothing of a stranger's text is in an id and two groups do not share one.
    """
    vendor, _, noun = checker.partition("/")
    stem = f"{noun if vendor == OWN else f'{vendor}.{noun}'}--{metric}"
    if group is None:
        return stem
    if _PLAIN.fullmatch(group) and len(group) <= MOST_LETTERS:
        return f"{stem}-{group.replace(' ', '-')}"
    return f"{stem}-{slug(group)}--{_hash(group)}"


def slug(text: str) -> str:
    """Return the Latin letters and digits of a text, in small letters and joined by hyphens."""
    letters = unicodedata.normalize("NFKD", text[: 4 * MOST_LETTERS]).encode("ascii", "ignore").decode().lower()
    return re.sub(r"[^a-z0-9]+", "-", letters)[:MOST_LETTERS].strip("-")


def short_key(anchor: str) -> str:
    """Return a short stem for ids below an anchor that nobody but the page itself links to."""
    return "k" + _hash(anchor, letters=8)


def _hash(text: str, *, letters: int = 6) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:letters]
