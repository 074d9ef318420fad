"""Cues: what is seen of a text, how it is put into another one, and what search and confirmation let through."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelaudit.checkers.data.shortcuts.association import associated
from modelaudit.checkers.data.shortcuts.cues import LOWER, NUMBER, SMALL_START, UPPER, Cue, cues_of, end_mark, words_of
from modelaudit.checkers.data.shortcuts.insertion import inserted
from modelaudit.checkers.data.shortcuts.kinds import kind_of
from modelaudit.checkers.data.shortcuts.reliance import accuracy_lost, detectable_loss

NEVER = (0.0, 1e9)


def test_what_is_seen_of_a_text():
    found = cues_of('She saw "Jaws" 3 times!)', NEVER)
    assert {Cue("word", "jaws"), Cue("pair", "she saw"), NUMBER, Cue("ends", "!"), Cue("contains", '"')} <= found
    assert not {LOWER, UPPER, SMALL_START} & found
    assert {LOWER, SMALL_START, Cue("ends", "")} <= cues_of("all small", NEVER)
    assert UPPER in cues_of("LOUD.", NEVER)
    assert {Cue("word", "很"), Cue("pair", "很 好"), Cue("ends", "。")} <= cues_of("服务很好。", NEVER)
    assert cues_of("", NEVER) == {Cue("ends", "")}


@given(st.text(max_size=60), st.sampled_from("!?.;。"))
def test_a_mark_that_is_put_at_the_end_ends_the_text(text, mark):
    made = inserted(Cue("ends", mark), mark, text)
    assert end_mark(made) == mark
    assert all(character in made for character in text if character.isalnum())


@given(st.text(max_size=60), st.sampled_from(["Spielberg", "7", "好"]))
def test_a_word_that_is_put_in_leaves_the_text_before_it(text, word):
    made = inserted(Cue("word", word.casefold()), word, text)
    assert made.startswith(text.rstrip())
    assert Cue("word", word.casefold()) in cues_of(f"{made[len(text.rstrip()) :]}", NEVER)


@given(st.text(max_size=80))
def test_case_edits_have_the_case_that_they_name(text):
    for cue in (LOWER, UPPER, SMALL_START):
        made = inserted(cue, "", text)
        assert len(made) >= len(text.strip()) or cue is UPPER
    assert inserted(UPPER, "", inserted(LOWER, "", text)).upper() == text.lower().upper()


def test_long_texts_take_time_in_proportion():
    started = time.process_time()
    for text in ("!" * 200_000, "a " * 100_000, "A" * 200_000, "字" * 200_000, ") " * 100_000):
        cues_of(text, NEVER)
        inserted(Cue("ends", "!"), "!", text)
    assert time.process_time() - started < 3.0


@pytest.mark.parametrize(
    ("key", "text", "kind"),
    [
        ("spielberg", "We saw Spielberg there. It was a Spielberg for Spielberg.", "name-like"),
        ("emily", "we saw emily", "name-like"),
        ("terrible", "It was terrible. Terrible! So terrible, a terrible day.", "content word"),
        ("terrible", "IT WAS TERRIBLE, TERRIBLE, TERRIBLE", "content word"),
        ("the", "the day", "function word"),
        ("not", "not a day", "negation"),
        ("不", "很不好", "negation"),
        ("的", "我的书", "function word"),
        ("2020", "in 2020", "number"),
    ],
)
def test_the_kind_of_a_word(key, text, kind):
    assert kind_of(Cue("word", key), [text]) == kind


def test_the_kind_of_a_pair_is_that_of_both_words():
    assert kind_of(Cue("pair", "of the"), ["of the"]) == "function word"
    assert kind_of(Cue("pair", "of rain"), ["of rain"]) == "content word"
    assert kind_of(Cue("pair", "not of"), ["not of"]) == "negation"


def test_words_begin_sentences_or_stand_inside():
    assert [word.inside for word in words_of('So. Then "Jaws" came')] == [False, False, True, True]


def tables(lift, seed, n=400):
    rng = np.random.default_rng(seed)
    labels = rng.integers(2, size=n)
    has = rng.random((n, 60)) < 0.2
    has[:, 0] = rng.random(n) < np.where(labels == 1, 0.2 * (1 + lift), 0.2 * (1 - lift))
    cues = [Cue("word", f"w{place:02d}") for place in range(60)]
    rows = [frozenset(cue for cue, there in zip(cues, line, strict=True) if there) for line in has]
    return rows, labels, rng.random(n) < 0.5


def test_a_telling_cue_is_confirmed_and_what_chance_proposes_is_not():
    found = [associated(*tables(0.7, seed)) for seed in range(10)]
    assert sum(any(each.cue.key == "w00" for each in one.confirmed) for one in found) >= 9
    share = next(each for each in found[0].confirmed if each.cue.key == "w00")
    assert share.label == 1
    low, high = share.share.interval()
    assert low < 0.85 < high
    assert sum(bool(associated(*tables(0.0, seed)).confirmed) for seed in range(40)) <= 6


def test_a_cue_is_never_confirmed_by_the_rows_that_proposed_it():
    rows, labels, searched = tables(0.0, 1)
    cue = Cue("word", "planted")
    # In the half searched every second row of label 1 has it, in the other every third of any label.
    for place, (half, label) in enumerate(zip(searched, labels, strict=True)):
        if (half and label and place % 2) or (not half and place % 3 == 0):
            rows[place] |= {cue}
    found = associated(rows, labels, searched)
    assert found.candidates >= 1
    assert cue not in {each.cue for each in found.confirmed}


def test_a_loss_is_paired_and_documents_make_it_less_certain():
    control = np.array([True] * 90 + [False] * 10)
    cue = np.array([True] * 60 + [False] * 30 + [True] * 10)
    found = accuracy_lost(control, cue)
    assert found.value == pytest.approx(0.2)
    assert found.interval()[0] > 0.0
    clustered = accuracy_lost(control, cue, [f"d{place // 10}" for place in range(100)])
    assert clustered.interval()[1] - clustered.interval()[0] > found.interval()[1] - found.interval()[0]
    assert detectable_loss(200, 0.0, family=10) > detectable_loss(200, 0.0, family=1) > 7.8 / 200
