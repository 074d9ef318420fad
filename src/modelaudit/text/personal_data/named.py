"""Names of persons, as the tags of a token classification mark them."""

from __future__ import annotations

import re
from collections.abc import Sequence

_PREFIXED = re.compile(r"([BIESLU])[-_](.+)", re.DOTALL)
_PERSON = frozenset({"per", "pers", "person", "persons"})
"""Types of persons, alone or before a finer type (``person-actor``)."""
_NAME = frozenset(
    {
        "name", "personname", "fullname", "firstname", "middlename", "lastname", "givenname", "surname", "familyname",
        "人名", "姓名",
    }
)  # fmt: skip


def names_person(label: str) -> bool:
    """Say whether a label of a token classification stands for a person or a person's name."""
    return _read(label)[1]


def person_words(tags: Sequence[str]) -> list[tuple[int, int]]:
    """Return the words ``[first, last + 1)`` of each person's name, in order, from the tag of each word.

    BIO, IOB1, BIOES, BILOU and bare types are read alike: a name begins at B, S or U, where the type changes, or
    after an end (E, L, S, U).
    """
    found: list[tuple[int, int]] = []
    last, closed = "", True
    for word, tag in enumerate(tags):
        prefix, person, kind = _read(tag)
        if person and (closed or kind != last or prefix in {"B", "S", "U"}):
            found.append((word, word + 1))
        elif person:
            found[-1] = (found[-1][0], word + 1)
        last, closed = kind, not person or prefix in {"E", "L", "S", "U"}
    return found


def _read(tag: str) -> tuple[str, bool, str]:
    """Prefix, whether the type is a person's, and the type."""
    match = _PREFIXED.fullmatch(tag)
    prefix, kind = ("", tag) if match is None else (match[1], match[2])
    parts = re.split(r"[-_/ ]+", kind.lower())
    return prefix, parts[0] in _PERSON or "".join(parts) in _NAME, kind
