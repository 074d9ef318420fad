"""Characters that noise leaves alone, and characters that it never puts into a text."""

from __future__ import annotations

from functools import cache

from modelaudit.text.lexicon import word_classes

_NEVER_PUT_IN = frozenset({"polar", "crude"})


@cache
def left_alone() -> frozenset[str]:
    """Negations, numerals, and characters whose doubles in sound or shape mean something else (他 她, 买 卖)."""
    return frozenset().union(
        *(chars for kind, chars in word_classes("zh_protected").items() if kind not in _NEVER_PUT_IN)
    )


@cache
def never_put_in() -> frozenset[str]:
    """What is left alone, and characters that would judge, compare or offend where noise brought them in."""
    return frozenset().union(*word_classes("zh_protected").values())
