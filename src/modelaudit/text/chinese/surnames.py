"""The commonest Chinese surnames."""

from __future__ import annotations

from functools import cache

from modelaudit.text.lexicon import word_classes


@cache
def surnames() -> frozenset[str]:
    """The hundred commonest surnames of one character, and the compound ones."""
    return frozenset().union(*word_classes("zh_surnames").values())


@cache
def wordlike_surnames() -> frozenset[str]:
    """Surnames that are everyday words or parts of many (于, 高, 方)."""
    return word_classes("zh_surnames")["wordlike"]


def surname_at(text: str, start: int) -> int:
    """The length of the surname that begins at ``start``, the compound first, or 0."""
    ends = ((length, start + length) for length in (2, 1) if start + length <= len(text))
    return next((length for length, end in ends if text[start:end] in surnames()), 0)


def ends_with_surname(text: str, end: int) -> bool:
    """Whether a surname ends at ``end``."""
    return text[max(end - 2, 0) : end] in surnames() or text[max(end - 1, 0) : end] in surnames()
