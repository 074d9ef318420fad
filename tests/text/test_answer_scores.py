"""Scores of answers in words: the field's own scorers on their own examples, and scripts that they do not think of."""

from __future__ import annotations

import random
import time

import numpy as np
import pytest

from modelaudit.text.answer_scores import (
    character_errors,
    chrf,
    chrf_counts,
    corpus_chrf,
    edit_distance,
    exact_match,
    longest_common_subsequence,
    normalised_words,
    rouge_l,
    same_answer,
    token_f1,
    transcript_words,
    units_of,
    word_errors,
)

PAIRS = [
    ("The cat sat on the mat.", "The cat is sitting on the mat."),
    ("今天天气很好", "今天的天气真好"),
    ("a", "abcdefg hij"),
    ("", "x y"),
    ("der schnelle braune Fuchs", "der braune schnelle Fuchs springt"),
]
SACREBLEU = [49.6485170311433, 18.002476999292284, 12.195121951219514, 0.0, 51.74800925901967]
"""What sacreBLEU 2 gives for these with its default settings, and for all together."""
SACREBLEU_CORPUS = 42.63202892555479


def distance_by_table(a, b):
    before = list(range(len(b) + 1))
    for place, item in enumerate(a, 1):
        now = [place]
        for column, other in enumerate(b, 1):
            now.append(min(before[column] + 1, now[-1] + 1, before[column - 1] + (item != other)))
        before = now
    return before[-1]


def subsequence_by_table(a, b):
    before = [0] * (len(b) + 1)
    for item in a:
        now = [0]
        for column, other in enumerate(b, 1):
            now.append(before[column - 1] + 1 if item == other else max(before[column], now[-1]))
        before = now
    return before[-1]


def test_distances_are_those_of_the_table_that_defines_them():
    rng = random.Random(3)
    for _ in range(300):
        kinds = rng.choice((1, 2, 4, 30))
        a, b = ([rng.randrange(kinds) for _ in range(rng.randrange(80))] for _ in "ab")
        assert edit_distance(a, b) == distance_by_table(a, b)
        assert longest_common_subsequence(a, b) == subsequence_by_table(a, b)
    assert edit_distance("kitten", "sitting") == 3


@pytest.mark.parametrize(
    ("answer", "truths", "match", "f1"),
    [
        ("the Norman dynasty!", ["Norman dynasty"], True, 1.0),
        ("in Denmark, Iceland and Norway", ["Denmark, Iceland and Norway"], False, 2 * 4 / 9),
        ("France", ["in Normandy", "France"], True, 1.0),
        ("10th", ["10th and 11th centuries"], False, 2 / 5),
        ("nothing of it", ["something else"], False, 0.0),
        ("to be or not to be", ["be to be"], False, 2 * 3 / 9),
        ("", [], True, 1.0),
        ("an answer", [], False, 0.0),
        ("", ["an answer"], False, 0.0),
        ("在1066年。", ["1066年"], False, 2 * 2 / 5),
        ("“诺曼底”", ["诺曼底"], True, 1.0),
        ("A.", ["a"], True, 1.0),
        ("B", ["A"], False, 0.0),
        ("+", ["-"], False, 0.0),
        ("cafe\u0301", ["CAF\u00c9"], True, 1.0),
    ],
)
def test_squad_scores_worked_by_hand(answer, truths, match, f1):
    assert exact_match(answer, truths) is match
    assert token_f1(answer, truths) == pytest.approx(f1)


def test_a_truth_that_is_nothing_but_an_article_is_not_answered_by_silence():
    assert not exact_match("", ["The"])
    assert token_f1("", ["A"]) == 0.0


def test_words_of_unspaced_scripts_are_characters_with_their_marks():
    assert units_of("iPhone 很好用!") == ["iPhone", "很", "好", "用", "!"]
    assert units_of("ที่นี่") == ["ที่", "นี่"]
    assert units_of("안녕 세상") == ["안녕", "세상"]
    assert normalised_words("《三国演义》 is the book") == ["三", "国", "演", "义", "is", "book"]
    assert transcript_words("Don\u2019t stop — it's 7!") == ["dont", "stop", "its", "7"]
    assert transcript_words("क़िला है।") == units_of("क़िला है"), "marks of letters belong to them"
    assert transcript_words("می\u200cروم") == ["میروم"], "a joiner stands within a word"


def test_chrf_is_that_of_sacrebleu():
    assert [100.0 * chrf(answer, truth) for answer, truth in PAIRS] == pytest.approx(SACREBLEU)
    counts = np.stack([chrf_counts(answer, truth) for answer, truth in PAIRS])
    assert 100.0 * corpus_chrf(counts) == pytest.approx(SACREBLEU_CORPUS)
    assert chrf("", "") == chrf("same", "same") == 1.0
    # One shared unigram of two and of four: precision 1/2, recall 1/4, so F2 = 5 * 1/8 / (4 * 1/2 + 1/4).
    assert chrf("ax", "aqrs") == pytest.approx(5 * (0.5 / 2) * (0.25 / 2) / (4 * 0.5 / 2 + 0.25 / 2))


def test_rouge_l_of_the_paper():
    assert rouge_l("police kill the gunman", "Police killed the gunman.") == pytest.approx(0.75)
    assert rouge_l("the gunman kill police", "police killed the gunman") == pytest.approx(0.5)
    assert rouge_l("", "") == 1.0
    assert rouge_l("word", "") == rouge_l("", "word") == 0.0


@pytest.mark.parametrize(
    ("said", "truth"),
    [
        ("-3", "3"), ("\u22123", "3"), ("-$5", "$5"), ("1.5", "15"), ("1,5", "15"), ("3/4", "34"), ("5%", "5"),
        ("2+3", "2-3"), ("3:45", "345"), ("1e-5", "1e5"), ("C++", "C"), ("A+", "A"), ("\uff0d3", "3"),
    ],
)  # fmt: skip
def test_numbers_that_are_written_agree_with_their_signs(said, truth):
    assert not same_answer(said, truth)
    assert not same_answer(truth, said)
    assert same_answer(said, said)


@pytest.mark.parametrize(
    ("said", "truth"),
    [
        ("The answer.", "answer"), ("3.", "3"), ("(3)", "3"), ("**3**", "3"), ("+3", "3"), ("3,", "3"),
        ("1,234.50", "1234.50"), ("5 %", "5%"), ("5\uff05", "5%"), ("10\u201320", "10-20"), ("Yes!", "yes"),
        ("-3", "\u22123"), ("...", "..."),
    ],
)  # fmt: skip
def test_marks_that_tell_nothing_of_a_number_make_no_difference(said, truth):
    assert same_answer(said, truth)


def test_errors_of_a_transcript_are_those_of_jiwer():
    said, truth = "the cat sit on mat now", "the cat sat on the mat"
    assert word_errors(said, truth).errors / word_errors(said, truth).total == pytest.approx(0.5)
    assert character_errors(said, truth).errors / character_errors(said, truth).total == pytest.approx(7 / 22)


def test_case_and_punctuation_count_only_where_asked():
    said, truth = "HELLO WORLD", "Hello, world."
    assert word_errors(said, truth).errors == character_errors(said, truth).errors == 0
    assert word_errors(said, truth, as_written=True).errors == 2
    assert word_errors(truth, truth, as_written=True).errors == 0
    assert character_errors(truth, truth, as_written=True).errors == 0
    assert character_errors("hello world", "hello, world", as_written=True).errors == 1


def test_errors_pass_the_length_of_the_truth_and_silence_has_none():
    assert word_errors("a b c d", "a").errors == 3
    assert word_errors("noise here", "").total == 0
    assert word_errors("noise here", "").errors == 2
    assert word_errors("", "").errors == 0


def test_chinese_has_one_error_rate_and_mixed_speech_the_mixed_one():
    said, truth = word_errors("今天天气真好", "今天天气很好"), character_errors("今天天气真好", "今天天气很好")
    assert said == truth
    assert (said.errors, said.total) == (1, 6)
    assert word_errors("我用 ipone", "我用iPhone").errors == 1
    assert character_errors("我 用 iphone", "我用iPhone").errors == 0


def test_a_very_long_token_takes_no_square_of_its_length():
    long = "x" * 300_000
    start = time.perf_counter()
    assert character_errors("hello " * 10, long).errors == 300_000
    assert word_errors(long, "a truth").errors == 2
    assert token_f1(long, ["x"]) == 0.0
    chrf("hello", long)
    assert not same_answer("7" + " " * 300_000 + "+" * 300_000, "1," * 150_000)
    assert time.perf_counter() - start < 2.0


def test_lone_surrogates_and_controls_break_nothing():
    odd = "a\ud800b\u202e \x00c"
    for score in (chrf, rouge_l, lambda a, b: word_errors(a, b).errors == 0, lambda a, b: token_f1(a, [b])):
        assert score(odd, odd) == pytest.approx(1.0)
