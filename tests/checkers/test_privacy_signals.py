"""Membership signals: each formula against a computation in the plain, on any logits; words of entities apart."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelaudit.checkers.privacy.duplicates import near_copies, near_duplicates
from modelaudit.checkers.privacy.membership.signals import Words, classification_signals, tag_signals
from modelaudit.rows import Row

LABELS = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC")


@settings(max_examples=80, deadline=None)
@given(st.lists(st.lists(st.integers(-9, 9), min_size=4, max_size=4), min_size=1, max_size=5), st.integers(0, 3))
def test_every_signal_is_the_textbook_formula(logits, label):
    table = np.array(logits, dtype=np.float64)
    found = dict(classification_signals(table, np.full(len(table), label)))
    for place, row in enumerate(table):
        p = np.exp(row) / np.exp(row).sum()
        own = p[label]
        entropy = -(1 - own) * math.log(own) - sum(q * math.log1p(-q) for other, q in enumerate(p) if other != label)
        assert found["loss attack"][place] == pytest.approx(math.log(own), abs=1e-6)
        assert found["modified-entropy attack"][place] == pytest.approx(-entropy, abs=1e-6)
        assert found["hinge attack"][place] == row[label] - np.delete(row, label).max()
        largest = max(math.log(q / (1 - q)) for q in p)
        assert found["confidence attack, without labels"][place] == pytest.approx(largest, abs=1e-5)


def test_signals_stay_finite_where_probabilities_round_to_one_and_know_nothing_of_unlabelled_rows():
    table = np.array([[80.0, 0.0, 0.0], [0.0, 80.0, 0.0], [np.nan] * 3, [1.0, 0.0, 0.0]])
    for _, scores in classification_signals(table, np.array([0, 0, 0, -1])):
        assert np.isfinite(scores[:2]).all()
        assert scores[0] > scores[1] or scores[0] == scores[1]
        assert np.isnan(scores[2:]).all()


def tagged(*rows: str) -> list[Row]:
    made = []
    for place, row in enumerate(rows):
        tags = row.split()
        made.append(Row(f"r:{place}", " ".join(["w"] * len(tags)), words=("w",) * len(tags),
                        tags=tuple(LABELS.index(tag) for tag in tags)))  # fmt: skip
    return made


def test_spans_follow_the_scheme():
    words = Words.of(tagged("O B-PER I-PER B-PER O", "I-PER I-LOC I-LOC O B-LOC", "O O"), LABELS)
    assert words.span.tolist() == [-1, 0, 0, 1, -1, 2, 3, 3, -1, 4, -1, -1]
    assert words.owner.tolist() == [0] * 5 + [1] * 5 + [2] * 2


def test_words_of_entities_alone_are_read_and_the_control_reads_the_rest():
    rows = tagged("O O O O O O O O B-PER I-PER", "O O O O")
    words = Words.of(rows, LABELS)
    logits = np.zeros((14, 5))
    logits[8:10, 1:3] = 4.0
    found = dict(tag_signals(logits, words))
    entity = found["log-odds attack, entity words"]
    assert entity[0] == pytest.approx(4.0 - math.log(math.exp(4.0) + 3))
    assert np.isnan(entity[1])
    assert found["log-odds attack, words outside entities"] == pytest.approx([-math.log(4)] * 2)
    assert found["log-odds attack, surest entity word"][0] == pytest.approx(entity[0])
    spans = found["log-likelihood attack, spans"]
    assert spans[0] == pytest.approx(2 * (4.0 - math.log(2 * math.exp(4.0) + 3)))
    assert np.isnan(spans[1])


def test_a_word_that_was_cut_off_takes_its_span_with_it_and_no_other():
    words = Words.of(tagged("B-PER O B-LOC I-LOC", "B-PER"), LABELS)
    logits = np.zeros((5, 5))
    logits[3] = np.nan
    spans = dict(tag_signals(logits, words))["log-likelihood attack, spans"]
    assert spans == pytest.approx([-math.log(5)] * 2)


def test_a_dilution_by_words_outside_entities_does_not_reach_the_headline():
    rng = np.random.default_rng(3)
    rows = tagged(*(["O " * 38 + "B-PER I-PER"] * 400))
    words = Words.of(rows, LABELS)
    logits = rng.normal(size=(len(words.tags), 5))
    member = np.arange(400) < 200
    logits[np.flatnonzero(words.entity), words.tags[words.entity]] += 1.0 * member[words.owner[words.entity]]
    found = dict(tag_signals(logits, words))

    def auc(scores):
        return (scores[member][:, None] > scores[~member]).mean()

    assert auc(found["log-odds attack, entity words"]) > 0.8
    assert auc(found["log-odds attack, all words"]) < 0.65
    assert abs(auc(found["log-odds attack, words outside entities"]) - 0.5) < 0.08


def pieces(text: str) -> set[str]:
    plain = " ".join(text.casefold().split()).ljust(5, "\x02")
    return {plain[place : place + 5] for place in range(len(plain) - 4)}


@settings(max_examples=60, deadline=None)
@given(st.lists(st.text("abc ", max_size=24), max_size=12), st.lists(st.text("abc ", max_size=24), max_size=12))
def test_near_copies_are_exactly_those_of_all_pairs(asked, known):
    found = near_duplicates(asked, known)
    for text, copy in zip(asked, found, strict=True):
        alike = [len(pieces(text) & pieces(other)) >= 0.8 * len(pieces(text) | pieces(other)) for other in known]
        assert copy == any(alike)


def test_copies_in_either_table_are_told_apart_and_a_text_is_no_copy_of_itself():
    one, other = "the claim of the insured was paid in Oslo on Monday", "nothing like it stands anywhere else at all"
    found = near_copies([one, other], training=[one + " .", other], heldout=[one, other + "!"])
    assert found.in_training.tolist() == [True, False]
    assert found.in_heldout.tolist() == [False, True]


def test_what_all_texts_share_makes_no_copies():
    rng = np.random.default_rng(0)
    prompt = "You are a helpful clerk. Answer in one sentence and be polite to the person who wrote. " * 30
    texts = [prompt + " ".join(rng.choice(list("abcdefghijklmnop"), 12)) + f" {n}" for n in range(120)]
    assert not near_duplicates(texts[:60], texts[60:]).any()
    assert near_duplicates([texts[70] + " !"], texts[60:]).all()


def test_near_copies_of_hostile_texts():
    long = "the claim of 12 March was paid in full to the account of the insured person in Oslo"
    known = [long, "\ud800 lone surrogate", "", "😀" * 40]
    asked = [long.upper() + " .", "\ud800 lone  surrogate", "", "😀" * 41, long.replace("claim", "cat"), "else"]
    assert near_duplicates(asked, known).tolist() == [True, True, True, True, True, False]
    assert not near_duplicates([], known).any()
    assert not near_duplicates(asked, []).any()
