"""Answers in few words, held against right ones: exact match and token F1 of SQuAD, and ROUGE-L."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from modelaudit.text.answer_scores.distances import longest_common_subsequence
from modelaudit.text.answer_scores.units import exact_words, normalised_words, transcript_words


def exact_match(answer: str, truths: Sequence[str]) -> bool:
    """Tell whether an answer is one of the right ones, after `normalised_words`.

    No truth at all means that the context holds no answer: then an empty answer is right, and no other (SQuAD 2.0,
    Rajpurkar, Jia and Liang 2018, ACL).
    """
    said = normalised_words(answer)
    return any(said == normalised_words(truth) for truth in truths or ("",))


def same_answer(answer: str, truth: str) -> bool:
    """Tell whether what a model writes is the right answer, after `exact_words`: numbers agree with all their signs."""
    return exact_words(answer) == exact_words(truth)


def token_f1(answer: str, truths: Sequence[str]) -> float:
    """Return the F1 of the answer's words against those of the right answer that it is nearest to.

    Words are counted as often as they occur, whatever their order (Rajpurkar et al. 2016). Against an empty text, or
    for one, it is 1 where both are empty and 0 otherwise. CMRC's own score differs: it takes the longest run of
    characters that both share.
    """
    said = normalised_words(answer)
    return max(_f1(said, normalised_words(truth)) for truth in truths or ("",))


def rouge_l(answer: str, truth: str) -> float:
    """Return ROUGE-L's F1: the longest common subsequence of words by the length of either text (Lin 2004).

    Precision and recall count alike, words are not stemmed, and case and punctuation make no difference.
    """
    said, true = transcript_words(answer), transcript_words(truth)
    if not said or not true:
        return float(said == true)
    return 2.0 * longest_common_subsequence(said, true) / (len(said) + len(true))


def _f1(said: Sequence[str], true: Sequence[str]) -> float:
    if not said or not true:
        return float(said == true)
    shared = (Counter(said) & Counter(true)).total()
    return 2.0 * shared / (len(said) + len(true))
