"""Equal and nearly equal texts: what folds into one, which pairs are twins, and how long it may take."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from modelaudit.text.near_duplicates import JACCARD, jaccard, near_twins
from modelaudit.text.pieces import batches, pieces
from modelaudit.text.same_text import same_text

WORDS = np.array([f"{a}{b}{c}{a}" for a in "bcdfghk" for b in "aeiou" for c in "lmnprstvz"])


def text(rng, words=20):
    return " ".join(rng.choice(WORDS, size=words))


def changed(rng, whole, changes):
    parts = whole.split(" ")
    for place in rng.choice(len(parts), size=changes, replace=False):
        parts[place] = "x" + parts[place][::-1]
    return " ".join(parts)


def families(texts):
    """Return the sets of texts that hang together."""
    ordered = sorted(set(texts))
    found = near_twins(ordered, np.ones((1, len(ordered)), dtype=np.bool_)).family.tolist()
    return {frozenset(a for a, other in zip(ordered, found, strict=True) if other == family) for family in found}


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("Good  Film\n", "good film"),
        ("go\u200bod fi\u00adlm", "good film"),
        ("\u202egood\u202c film\ufeff", "good film"),
        ("\uff27\uff4f\uff4f\uff44 film", "good film"),
        ("caf\u00e9", "CAFE\u0301"),
        ("Stra\u00dfe", "STRASSE"),
        ("\u597d\ufe0f\u7535\u5f71", "\u597d\u7535\u5f71"),
        ("a\x08b", "ab"),
    ],
)
def test_texts_that_differ_in_what_is_not_seen_are_one(one, other):
    assert same_text(one) == same_text(other)


@pytest.mark.parametrize(
    ("one", "other"), [("good film", "good film."), ("caf\u00e9", "cafe"), ("a b", "ab"), ("\u0430", "a")]
)
def test_accents_punctuation_and_look_alikes_keep_texts_apart(one, other):
    assert same_text(one) != same_text(other)


@given(st.text(st.characters(codec=None), max_size=20))
@settings(max_examples=200, deadline=None)
def test_folding_twice_changes_nothing(whole):
    assert same_text(same_text(whole)) == same_text(whole)


def test_a_text_of_combining_marks_takes_no_time():
    started = time.perf_counter()
    same_text("a" + "\u0301\u0316" * 50_000)
    assert time.perf_counter() - started < 2


@given(st.lists(st.text(max_size=12), min_size=1, max_size=8))
@settings(max_examples=60, deadline=None)
def test_texts_have_the_same_pieces_alone_and_among_others(texts):
    for start, cut in batches(texts):
        for place in range(len(cut.offsets) - 1):
            own = np.unique(cut.numbers[cut.offsets[place] : cut.offsets[place + 1]])
            assert own.tolist() == pieces(texts[start + place]).tolist()
            assert len(own)


def test_a_piece_is_five_letters_or_two_characters():
    assert len(pieces("abcdefg")) == 3
    assert len(pieces("\u6211\u7231\u7535\u5f71")) == 3
    assert len(pieces("ab")) == len(pieces("")) == len(pieces("\ud800")) == 1
    assert jaccard(pieces("ab"), pieces("cd")) == 0.0


def test_twins_are_the_pairs_of_the_threshold_and_no_others():
    rng = np.random.default_rng(0)
    bases = [text(rng) for _ in range(40)]
    texts = sorted({*bases, *(changed(rng, base, 1 + place % 4) for place, base in enumerate(bases))})
    tables = np.array([[place % 2 == 0 for place in range(len(texts))], [True] * len(texts)])
    found = near_twins(texts, tables).found
    cut = [set(pieces(each).tolist()) for each in texts]
    alike = np.array([[a is not b and len(a & b) >= JACCARD * len(a | b) for b in cut] for a in cut])
    assert alike.any()
    assert not alike.all(axis=None)
    for table in range(2):
        assert found[table].tolist() == (alike & tables[table]).any(axis=1).tolist()


def test_words_of_a_form_make_no_twins():
    rng = np.random.default_rng(1)
    form = "dear sir or madam thank you for your letter about the account which we have received on monday "
    letters = sorted({form * (place % 2 + 1) + text(rng, 2) for place in range(60)})
    assert jaccard(pieces(letters[0]), pieces(letters[1])) >= JACCARD
    assert all(len(family) == 1 for family in families(letters))


def test_chinese_texts_are_compared_by_their_characters():
    rng = np.random.default_rng(2)
    signs = [chr(code) for code in rng.integers(0x4E00, 0x9FA5, size=400)]
    whole = "".join(rng.choice(signs, size=24))
    near, far = whole[:12] + "\u6211" + whole[13:], "".join(rng.choice(signs, size=24))
    assert families([whole, near, far]) == {frozenset({whole, near}), frozenset({far})}


def test_the_order_of_tables_and_texts_decides_nothing():
    rng = np.random.default_rng(3)
    texts = sorted({version for base in (text(rng) for _ in range(30)) for version in (base, changed(rng, base, 1))})
    tables = rng.random((2, len(texts))) < 0.5
    one = near_twins(texts, tables).found
    other = near_twins(texts[::-1], tables[::-1, ::-1]).found
    assert one.tolist() == other[::-1, ::-1].tolist()


def test_many_versions_of_one_text_find_their_twins_in_time():
    rng = np.random.default_rng(4)
    base = text(rng, 40)
    versions = {changed(rng, base, 1) for _ in range(140)}
    # Pieces that more than one text in twenty has are a form's, so the versions stand among many others.
    texts = sorted({*versions, *(text(rng, 4) for _ in range(3_000))})
    started = time.perf_counter()
    found = near_twins(texts, np.ones((1, len(texts)), dtype=np.bool_)).found[0]
    assert time.perf_counter() - started < 10
    assert all(found[place] for place, each in enumerate(texts) if each in versions)


def test_long_empty_and_broken_texts_are_compared():
    long = text(np.random.default_rng(5), 20_000)
    found = near_twins(sorted({"", "\ud800", "a", long, long + " more"}), np.ones((1, 5), dtype=np.bool_)).found
    assert found.sum() == 2
    assert near_twins([], np.zeros((2, 0), dtype=np.bool_)).found.shape == (2, 0)
