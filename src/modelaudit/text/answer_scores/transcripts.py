"""Errors of a transcript, counted in words and in characters, and how many there were to get right.

A rate is the sum of errors over many rows by the sum of what was said in them, as in all of the field's tables
(NIST's sclite); it passes 1 where more is written than was said. Words of unspaced scripts are characters, so the word
error rate of Chinese is its character error rate, and that of mixed speech the mixed error rate.
"""

from __future__ import annotations

from dataclasses import dataclass

from modelaudit.text.answer_scores.distances import edit_distance
from modelaudit.text.answer_scores.units import transcript_words, units_of


@dataclass(frozen=True, slots=True)
class Errors:
    """Insertions, deletions and replacements, and how many words or characters the truth has; it may have none."""

    errors: int
    total: int


def word_errors(said: str, truth: str, *, as_written: bool = False) -> Errors:
    """Return the errors in words; case and punctuation count only where `as_written` (see `transcript_words`)."""
    true = transcript_words(truth, as_written=as_written)
    return Errors(edit_distance(transcript_words(said, as_written=as_written), true), len(true))


def character_errors(said: str, truth: str, *, as_written: bool = False) -> Errors:
    """Return the errors in characters: a space between two words is one, but none next to an unspaced script."""
    true = _spelled(transcript_words(truth, as_written=as_written))
    return Errors(edit_distance(_spelled(transcript_words(said, as_written=as_written)), true), len(true))


def _spelled(words: list[str]) -> str:
    """Return words as one string; `units_of` finds the same words in it again."""
    parts: list[str] = []
    for word in words:
        if parts and len(units_of(parts[-1] + word)) == 1:
            parts.append(" ")
        parts.append(word)
    return "".join(parts)
