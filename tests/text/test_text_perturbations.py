"""Perturbations keep to their budget, leave alone what they must, and depend on the row alone."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modelaudit.text import Document, apply, bundled_perturbations, is_probably_english, row_rng, word_spans
from modelaudit.text.perturbations import (
    WORD_RATES,
    LowerCase,
    PunctuationAdd,
    PunctuationDrop,
    SpacingDouble,
    SpacingNonBreaking,
    SpacingTrailing,
    TitleCase,
    Typos,
    UpperCase,
)
from modelaudit.text.perturbations.typos import OPERATIONS

# A loaded machine must not fail a property for being slow.
UNHURRIED = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])

HOSTILE = st.text(alphabet=st.characters(codec=None) | st.sampled_from("word space. ?!"), max_size=80)
ALL = bundled_perturbations()
LONG = "The committee discussed another proposal about winter holidays without reaching agreement on details. " * 20


def perturb(perturbation, text, level=1, seed=0):
    document = text if isinstance(text, Document) else Document(text)
    return apply(document, perturbation.edits(document, level=level, rng=np.random.default_rng(seed))).document.text


@UNHURRIED
@given(HOSTILE, st.integers(0, 9), st.booleans())
def test_any_text_survives_every_perturbation(text, seed, pre_tokenised):
    document = Document.from_words(text.split()) if pre_tokenised else Document(text)
    for perturbation in ALL:
        for level in perturbation.levels:
            edits = perturbation.edits(document, level=level, rng=np.random.default_rng(seed))
            edited = apply(document, edits)
            assert bool(edits) == (edited.document.text != document.text)
            if pre_tokenised:
                tags = edited.carry(["O"] * len(document.words))
                assert len(tags) == len(edited.document.words)


def test_names_are_unique_and_rules_are_stated():
    assert len({perturbation.name for perturbation in ALL}) == len(ALL)
    for perturbation in ALL:
        assert perturbation.tier in {"L0", "L1"}
        assert perturbation.label_rule.endswith(".")
        assert perturbation.languages
        with pytest.raises(ValueError, match="has no level 9"):
            perturbation.edits(Document("Some words."), level=9, rng=np.random.default_rng(0))


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


def test_case_is_mapped_letter_by_letter():
    assert perturb(LowerCase(), "İSTANBUL Straße ABC") == "i̇stanbul straße abc"
    assert perturb(UpperCase(), "straße ŉ ﬁ don't") == "STRASSE ʼN FI DON'T"
    assert perturb(TitleCase(), "an old McCoy's ßa") == "An Old McCoy's Ssa"
    assert perturb(UpperCase(), "see www.example.com now") == "SEE www.example.com NOW"
    changed = sum(word.isupper() for word in perturb(UpperCase(0.25), "word " * 400).split())
    assert changed == 100
    document = Document.from_words(["Straße", "x"])
    assert perturb(UpperCase(), document) == "STRASSE X"


def test_final_punctuation():
    assert perturb(PunctuationDrop(), "Well done?!  ") == "Well done  "
    assert perturb(PunctuationDrop(), "Well done") == "Well done"
    assert perturb(PunctuationDrop(), "...") == "..."
    assert perturb(PunctuationDrop(), Document.from_words(["Well", "done", "."])).split() == ["Well", "done"]
    assert {perturb(PunctuationAdd(), "Done.", seed=s) for s in range(9)} == {"Done...", "Done!!"}
    assert {perturb(PunctuationAdd(), "Done? ", seed=s) for s in range(9)} == {"Done?... ", "Done?!! "}
    words = Document.from_words(["Done"])
    assert {perturb(PunctuationAdd(), words, seed=s) for s in range(9)} == {"Done ...", "Done !!"}


def test_spacing_is_invisible_and_never_touches_words():
    text = "one two  three four"
    for perturbation in (SpacingDouble(), SpacingNonBreaking(), SpacingTrailing()):
        out = perturb(perturbation, text)
        assert out != text
        assert out.split() == text.split()
        assert perturbation.edits(Document.from_words(["one", "two"]), level=1, rng=np.random.default_rng(0)) == []


def test_a_row_has_its_own_random_numbers():
    def draw(*key):
        return row_rng(*key).random(4).tolist()

    base = draw(1, "typos", 1, 2, "row-7")
    assert base == draw(1, "typos", 1, 2, "row-7")
    others = [
        draw(2, "typos", 1, 2, "row-7"),
        draw(1, "typo", 1, 2, "row-7"),
        draw(1, "typos", 2, 2, "row-7"),
        draw(1, "typos", 1, 3, "row-7"),
        draw(1, "typos", 1, 2, "row-8"),
        draw(1, "typos", 1, 2, 7),
        draw(1, "typos", 1, 2, "7"),
        draw(1, "typos", 1, 2, "\ud800"),
    ]
    assert len({tuple(other) for other in [base, *others]}) == 9


@pytest.mark.parametrize("piece", ["word ", "a", "😀\u200b", ". ", "\n"])
def test_long_texts_take_linear_time(piece):
    document = Document(piece * (100_000 // len(piece)))
    start = time.perf_counter()
    for perturbation in ALL:
        apply(document, perturbation.edits(document, level=perturbation.levels[-1], rng=np.random.default_rng(0)))
    assert time.perf_counter() - start < 15


@pytest.mark.parametrize(
    ("text", "english"),
    [
        ("Great movie!", True),
        ("The service was slow and the staff did not care about us at all.", True),
        ("EU rejects German call to boycott British lamb", True),
        ("the naïve café owner's résumé is on the desk", True),
        ("Der Service war langsam und das Personal hat sich nicht gekümmert.", False),
        ("Le service était lent et le personnel ne faisait pas attention.", False),
        ("El servicio fue muy lento y la comida no es buena.", False),
        ("La película es muy buena", False),
        ("Questo film non mi piace per niente", False),
        ("Pelayanan sangat lambat dan makanan tidak enak sama sekali", False),
        ("这部电影很好看", False),
        ("Фильм был очень хороший", False),
        ("12 345 !!!", False),
        ("", False),
    ],
)
def test_which_texts_are_probably_english(text, english):
    assert is_probably_english(text) is english


@UNHURRIED
@given(HOSTILE)
def test_the_language_of_any_text_can_be_asked(text):
    assert is_probably_english(text) in {True, False}
