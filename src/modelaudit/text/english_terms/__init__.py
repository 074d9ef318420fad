"""English terms for groups of persons: religions, nationalities and ages, found in a text and exchanged."""

from __future__ import annotations

from functools import cache

from modelaudit.text.english_terms.age import Ages
from modelaudit.text.english_terms.identity import nationalities, religions
from modelaudit.text.terms import TermSet

__all__ = ["Ages", "nationalities", "religions", "term_sets"]


@cache
def term_sets() -> tuple[TermSet, ...]:
    """The English term sets: religion, nationality and age."""
    return religions(), nationalities(), Ages()
