"""Perturbations keep to their budget, leave alone what they must, and depend on the row alone."""

from __future__ import annotations

import time

import numpy as np
import pytest
from character_perturbations import CHARACTER_PERTURBATIONS, seeded
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from modelaudit.text import (
    Document,
    apply,
    bundled_perturbations,
    entity_spans,
    is_probably_english,
    protected_spans,
    row_rng,
    word_spans,
)
from modelaudit.text.perturbations import WORD_RATES

# A loaded machine must not fail a property for being slow.
UNHURRIED = settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.too_slow])

HOSTILE = st.text(alphabet=st.characters(codec=None) | st.sampled_from("word space. ?!"), max_size=80)
WORDS = ["Never", "email", "jane@example.org", "see", "www.example.com", "2024th", "don't", "café", "naïve", "colour"]
WORDS += ["beautiful", "until", "Ａｂｃ", "state-of-the-art", "мама", "中文字", "e\u0301te\u0301", ",", '"', "."]


@UNHURRIED
@given(HOSTILE, st.integers(0, 9), st.booleans())
def test_any_text_survives_every_perturbation(text, seed, pre_tokenised):
    document = Document.from_words(text.split()) if pre_tokenised else Document(text)
    for perturbation in CHARACTER_PERTURBATIONS:
        for level in {perturbation.levels[0], perturbation.levels[-1]}:
            edits = seeded(perturbation, document, level, seed)
            assert edits == seeded(perturbation, document, level, seed)
            edited = apply(document, edits)
            assert bool(edits) == (edited.document.text != document.text)
            assert all(apply(document, [edit]).document.text != document.text for edit in edits)
            if pre_tokenised:
                tags = edited.carry(["O"] * len(document.words))
                assert len(tags) == len(edited.document.words)


@UNHURRIED
@given(st.lists(st.tuples(st.sampled_from(WORDS), st.sampled_from(["O", "B-PER", "B-LOC"])), max_size=12))
def test_tags_stay_with_their_words(tagged):
    words, tags = [word for word, _ in tagged], [tag for _, tag in tagged]
    document = Document.from_words(words)
    for perturbation in CHARACTER_PERTURBATIONS:
        if perturbation.name.startswith("final punctuation"):
            continue  # these delete and add words
        edited = apply(document, seeded(perturbation, document, perturbation.levels[-1]))
        assert edited.word_map == tuple((number,) for number in range(len(words)))
        assert entity_spans(edited.carry(tags)) == entity_spans(tags)


@UNHURRIED
@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=12), st.integers(0, 99))
def test_addresses_and_numerals_stay_whatever_the_level(words, seed):
    document = Document(" ".join(words))
    barred = protected_spans(document.text)
    barred += [span for span in word_spans(document.text) if any(map(str.isdigit, document.text[slice(*span)]))]
    recasing = {"lower case", "upper case", "title case"}  # numerals keep their digits, "2024TH"
    for perturbation in CHARACTER_PERTURBATIONS:
        if perturbation.name in recasing:
            continue
        for edit in seeded(perturbation, document, perturbation.levels[-1], seed):
            assert all(edit.end <= start or end <= edit.start for start, end in barred)


@UNHURRIED
@given(st.lists(st.sampled_from(WORDS), min_size=1, max_size=30), st.integers(0, 99))
def test_levels_keep_their_budget(words, seed):
    document = Document(" ".join(words))
    n_words = len(word_spans(document.text))
    letters = sum(map(len, words))
    for perturbation in CHARACTER_PERTURBATIONS:
        for level in perturbation.levels if len(perturbation.levels) > 1 else ():
            edits = seeded(perturbation, document, level, seed)
            if perturbation.family == "invisible characters":
                most = {1: 1, 2: 2, 3: 3, 4: 5}.get(level, max(5, letters // 10 + 1))
            elif perturbation.family == "spacing" and perturbation.tier == "L0":
                most = max(1, WORD_RATES[level] * len(words) + 1)
            else:
                most = (2 if level == 5 else 1) * max(1, int(WORD_RATES[level] * n_words + 1))
            assert len(edits) <= most
            if perturbation.tier == "L1" and perturbation.family != "letter case" and level < 5:
                changed = sum(max(edit.end - edit.start, len(edit.text)) for edit in edits)
                swaps = sum(edit.end - edit.start == 2 == len(edit.text) for edit in edits)
                assert changed - swaps <= len(document.text) / 4


def test_names_are_unique_and_rules_are_stated():
    every = {perturbation.name: perturbation for perturbation in (*bundled_perturbations(), *CHARACTER_PERTURBATIONS)}
    for some in (bundled_perturbations(), CHARACTER_PERTURBATIONS):
        assert len({perturbation.name for perturbation in some}) == len(some)
    for perturbation in every.values():
        assert perturbation.tier in {"L0", "L1", "L2", "L3", "D"}
        assert perturbation.label_rule.endswith(".")
        assert perturbation.languages
        with pytest.raises(ValueError, match="has no level 9"):
            perturbation.edits(Document("Some words."), level=9, rng=np.random.default_rng(0))


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


@pytest.mark.parametrize("piece", ["word ", "a", "😀\u200b", ". ", "\n", "naïve, ", '"until" '])
def test_long_texts_take_linear_time(piece):
    document = Document(piece * (20_000 // len(piece)))
    start = time.process_time()
    for perturbation in CHARACTER_PERTURBATIONS:
        apply(document, seeded(perturbation, document, perturbation.levels[-1]))
    assert time.process_time() - start < 5


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
