"""Slips of typing, spelling, scanning and disguise: how many, where, and what becomes of a word."""

from __future__ import annotations

import numpy as np
import pytest
from character_perturbations import perturb, seeded
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modelaudit.text import Document, apply, word_spans
from modelaudit.text.lexicon import read_lexicon, word_classes
from modelaudit.text.perturbations import WORD_RATES
from modelaudit.text.perturbations.lookalikes import DisguisedLetters, ScanningErrors
from modelaudit.text.perturbations.misspellings import Misspellings
from modelaudit.text.perturbations.repeated_letters import RepeatedLetters
from modelaudit.text.perturbations.typos import OPERATIONS, Typos, word_slips

# A loaded machine must not fail a property for being slow.
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

LONG = "The committee discussed another proposal about winter holidays without reaching agreement on details. " * 20


@pytest.mark.parametrize("level", list(WORD_RATES))
def test_typos_meet_their_word_rate_on_average(level):
    edits = Typos().edits(Document(LONG), level=level, rng=np.random.default_rng(1))
    spans = word_spans(LONG)
    words = [next(i for i, (a, b) in enumerate(spans) if a <= edit.start and edit.end <= b) for edit in edits]
    assert abs(len(set(words)) - WORD_RATES[level] * len(spans)) < 1
    assert max(words.count(word) for word in words) == (2 if level == 5 else 1)
    counts = [
        len(Typos().edits(Document("Some good words here"), level=1, rng=np.random.default_rng(s))) for s in range(400)
    ]
    assert 0.1 < np.mean(counts) < 0.3


@UNHURRIED
@given(st.integers(0, 2**32), st.sampled_from(OPERATIONS), st.integers(1, 5))
def test_typos_keep_first_and_last_letters_and_what_is_protected(seed, operation, level):
    sentence = (
        "Never email jane@example.org, https://example.org/winter about 2024th cats; don't cannot without colour. "
    )
    text = sentence * 8  # at the lowest level, one such sentence stays as it is in most draws
    document = Document(text)
    edits = Typos((operation,)).edits(document, level=level, rng=np.random.default_rng(seed))
    editable = {"email", "about", "cats", "colour"}
    for edit in edits:
        start, end = next(span for span in word_spans(text) if span[0] <= edit.start and edit.end <= span[1])
        assert text[start:end] in editable
        assert start < edit.start
        assert edit.end < end
        assert apply(document, [edit]).document.text != text


def test_typo_operations_do_what_they_say():
    for seed in range(20):
        rng = np.random.default_rng(seed)
        words = {op: Typos((op,)).edits(Document("wonder"), level=5, rng=rng) for op in OPERATIONS}
        for op, edits in words.items():
            for edit in edits:
                out = apply(Document("wonder"), [edit]).document.text
                if op == "swap":
                    assert sorted(out) == sorted("wonder")
                assert len(out) == 6 + {"insert": 1, "delete": -1}.get(op, 0)
    assert Typos(("swap",)).name != Typos().name
    assert not Typos(("swap",)).edits(Document("noon"), level=5, rng=np.random.default_rng(0))


def outcomes(perturbation, text, level, seeds=60):
    return {perturb(perturbation, text, level, seed) for seed in range(seeds)} - {text}


def test_word_slips_are_all_single_slips_once_each():
    slips = word_slips("a hello b", (2, 7))
    words = [apply(Document("a hello b"), [edit]).document.text[2:-2] for edit in slips]
    assert words[:2] == ["hlelo", "hwllo"]
    assert {"helo", "hllo", "helllo", "heello", "hwllo", "helklo"} <= set(words)
    assert len(set(words)) == len(words)
    assert "hello" not in words
    assert [edit.kind for edit in slips] == sorted((edit.kind for edit in slips), key=[s.kind for s in slips].index)
    assert all(word[0] == "h" and word[-1] == "o" and abs(len(word) - 5) <= 1 for word in words)


@UNHURRIED
@given(st.text(alphabet="abAlLé", min_size=4, max_size=12))
def test_word_slips_of_any_word_differ_from_it_and_from_one_another(word):
    words = [apply(Document(word), [edit]).document.text for edit in word_slips(word, (0, len(word)))]
    assert len({word, *words}) == len(words) + 1


@pytest.mark.parametrize(
    "word", ["cat", "never", "won't", "year2024", "man-made", "дома", "中文字中文", "ma\u0301na", "l" * 41, ""]
)
def test_some_words_have_no_slips(word):
    assert word_slips(word, (0, len(word))) == []


def test_a_slip_in_the_only_word_of_a_text_is_held_to_a_quarter_of_it():
    assert outcomes(RepeatedLetters(), "word", 4) == set()
    assert outcomes(RepeatedLetters(), "word", 5)


def test_misspellings_are_the_listed_ones_in_the_case_of_the_word():
    assert outcomes(Misspellings(), "Until", 5) == {"Untill"}
    assert outcomes(Misspellings(), "BELIEVE", 5) == {"BELEIVE", "BELIVE"}
    assert outcomes(Misspellings(), "ACCOMMODATE", 5) == {"ACCOMODATE", "ACOMMODATE"}
    assert outcomes(Misspellings(), "We believe that you will receive it, friends.", 5) == {
        "We beleive that you will recieve it, freinds.",
        "We belive that you will recieve it, freinds.",
    }
    assert outcomes(Misspellings(), "the cat sat", 5) == set()


def test_the_table_of_misspellings_is_in_order():
    rows = read_lexicon("misspellings_en")
    words = [word for word, _ in rows]
    spellings = {spelling for _, cell in rows for spelling in cell.split()}
    assert words == sorted(set(words))
    assert len(words) >= 200
    assert not spellings & set(words)
    assert all(spelling[0] == word[0] for word, cell in rows for spelling in cell.split())
    assert not set(words) & word_classes("protected_words")["negation"]


def test_repeated_letters_only_add_copies():
    made = outcomes(RepeatedLetters(), "a good hotel", 5)
    assert {"a goooood hotel", "a good hotellll"} <= made
    assert all(word[0] in "agh" for text in made for word in text.split())
    assert not any("hh" in text or "gg" in text for text in made)


def test_scanning_errors_and_disguises_are_the_tabled_ones():
    made = outcomes(ScanningErrors(), "The journalists were included", 5, seeds=200)
    assert {"joumalists", "journa1ists", "jourualists"} - {word for text in made for word in text.split()} == {
        "jourualists"
    }
    assert "The journalists were induded" in made
    disguised = outcomes(DisguisedLetters(), "hated", 5)
    assert {"h@ted", "h4ted", "ha7ed", "hat3d", "h@t3d"} <= disguised
    assert all(text[0] == "h" and text[-1] == "d" for text in disguised)
    assert "bum" not in outcomes(ScanningErrors(), "burn", 5)
    assert "comer" not in outcomes(ScanningErrors(), "corner", 5)


def test_readable_slips_in_a_token_stay_in_it():
    document = Document.from_words(["burning", "cl", "."])
    assert {
        tuple(apply(document, seeded(ScanningErrors(), document, 5, seed)).document.word_texts()) for seed in range(40)
    } >= {
        ("buming", "cl", "."),
        ("burning", "cl", "."),
    }
