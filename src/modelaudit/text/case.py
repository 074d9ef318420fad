"""The case of a word, carried over to the word that replaces it."""

from __future__ import annotations


def match_case(source: str, replacement: str, *, shouting: bool = False) -> str:
    """``replacement`` in the case pattern of ``source``: lower, Capitalised or ALL CAPS, else as it is.

    A single capital letter is taken as Capitalised unless ``shouting`` says that its neighbours are all caps.
    Compounds with as many hyphens are matched part by part ("Mother-in-Law" gives "Father-in-Law"). Capitalising keeps
    the rest of the replacement ("John" gives "DeShawn").
    """
    if source.islower():
        return replacement.lower()
    parts, new_parts = source.split("-"), replacement.split("-")
    if len(parts) > 1 and len(parts) == len(new_parts) and not source.isupper():
        return "-".join(match_case(part, new) if part else new for part, new in zip(parts, new_parts, strict=True))
    letters = sum(character.isalpha() for character in source)
    if source.isupper() and (letters > 1 or shouting):
        return replacement.upper()
    if source[:1].isupper() and (letters == 1 or source[1:].islower()):
        return replacement[:1].upper() + replacement[1:]
    return replacement
