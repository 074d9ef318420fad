"""How right an answer in words is: exact match, overlap, and errors by word and by character.

Pure functions of two texts, standard library and numpy only; scores lie between 0 and 1, errors are counts.
"""

from __future__ import annotations

from modelaudit.text.answer_scores.chrf import chrf, chrf_counts, corpus_chrf
from modelaudit.text.answer_scores.distances import edit_distance, longest_common_subsequence
from modelaudit.text.answer_scores.overlap import exact_match, rouge_l, same_answer, token_f1
from modelaudit.text.answer_scores.transcripts import Errors, character_errors, word_errors
from modelaudit.text.answer_scores.units import exact_words, normalised_words, transcript_words, units_of

__all__ = [
    "Errors",
    "character_errors",
    "chrf",
    "chrf_counts",
    "corpus_chrf",
    "edit_distance",
    "exact_match",
    "exact_words",
    "longest_common_subsequence",
    "normalised_words",
    "rouge_l",
    "same_answer",
    "token_f1",
    "transcript_words",
    "units_of",
    "word_errors",
]
