"""Text added to a text that says nothing, and text cut off: where it goes, how much, and in whose style."""

from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st
from word_perturbations import ADDED, DOCUMENTS, PLAIN, UNHURRIED, perturb, seeded, ways

from modelaudit.text import Document, apply, word_spans
from modelaudit.text.lexicon import read_lexicon, word_classes
from modelaudit.text.perturbations import WORD_RATES
from modelaudit.text.perturbations.distractors import Distractor
from modelaudit.text.perturbations.fillers import Fillers, Greeting
from modelaudit.text.perturbations.length import SENTENCES, LengthPad, Truncation
from modelaudit.text.perturbations.social import KINDS, SocialNoise

INSERTING = ADDED[:-1]
SENTENCE_LIST = [sentence for (sentence,) in read_lexicon("neutral_sentences")]
TAGS = {"Anna": "B-PER", "Lee": "I-PER", "Oslo": "B-LOC"}


@UNHURRIED
@given(DOCUMENTS, st.integers(0, 9))
def test_what_is_added_can_be_taken_away_again(document, seed):
    for perturbation in INSERTING:
        edits = seeded(perturbation, document, perturbation.levels[-1], seed)
        assert all(edit.start == edit.end for edit in edits)
        edited = apply(document, edits).document.text
        for edit in sorted(edits, key=lambda edit: edit.start):
            edited = edited[: edit.start] + edited[edit.start + len(edit.text) :]
        assert edited == document.text


@UNHURRIED
@given(PLAIN, st.integers(0, 9), st.sampled_from(list(WORD_RATES)))
def test_a_shortened_text_is_a_beginning_of_it(text, seed, level):
    shortened = perturb(Truncation(), text, level, seed)
    assert text.startswith(shortened)
    n = len(word_spans(text))
    assert len(word_spans(shortened)) >= min(n, 1)
    if n > 1:
        dropped = n - len(word_spans(shortened))
        assert 1 <= dropped <= max(1, WORD_RATES[level] * n + 1)


def test_truncation_drops_its_share_of_the_words_and_is_never_judged():
    text = "some words in a row " * 40
    assert {level: 200 - len(perturb(Truncation(), text, level).split()) for level in WORD_RATES} == {
        level: round(200 * rate) for level, rate in WORD_RATES.items()
    }
    assert Truncation().tier == "L3"
    assert Truncation().tasks == ("text-classification",)
    assert perturb(Truncation(), "It is good. Really!") == "It is good"


def test_texts_without_words_stay():
    for perturbation in ADDED:
        for text in ("", "  ", "?!", "👩\u200d🚀 …"):
            assert perturb(perturbation, text) == text


@pytest.mark.parametrize("level", [1, 2, 3])
def test_fillers_stand_at_sentence_starts_and_commas(level):
    text = "The plot, which Mr. Smith wrote, is thin. We left. See https://a.org/b, then go"
    for seed in range(30):
        places = [edit.start for edit in seeded(Fillers(), Document(text), level, seed)]
        assert len(places) == level
        assert {text[place:].split()[0] for place in places} <= {"The", "which", "is", "We", "See", "then"}
    assert {way.split()[0] for way in ways(Fillers(), "Fine", 1)} <= {"Um...", "Uh...", "Well...", "You", "So..."}
    assert len(ways(Fillers(), "Fine", 1)) > 3
    assert perturb(Fillers(), "we saw the U.S. Army and Corp. Inc", 3).count("...") == 1


def test_additions_are_written_as_the_text_is():
    apart = "it 's good , i think"
    assert {re.sub(r"^(um|uh|well|you know|so) \.\.\. ", "", way) for way in ways(Fillers(), apart, 1)} <= {
        apart,
        *(f"it 's good , {filler} , i think" for filler in ("um", "uh", "you know", "i mean", "well")),
    }
    assert perturb(Fillers(), "NOT BAD").isupper()
    assert all(way.islower() for way in ways(Distractor(), "not bad"))
    added = perturb(Distractor(), "not bad .", 1).removesuffix("not bad .").removeprefix("not bad .").strip()
    assert added in {re.sub(r"([,.])", r" \1", sentence).lower() for sentence in SENTENCE_LIST}


def test_a_greeting_and_a_closing():
    for seed in range(9):
        assert len(seeded(Greeting(), Document("It works"), 1, seed)) == 1
    assert {way.split()[0] for way in ways(Greeting(), "It works", 2)} == {"Hi,", "Hello,", "Hi", "Hello"}
    assert {way.split("works")[1] for way in ways(Greeting(), "It works", 2)} == {". Thanks.", ". Regards."}
    assert {way.split("works")[1] for way in ways(Greeting(), "It works!\n", 2)} == {"! Thanks.\n", "! Regards.\n"}


def test_social_noise_stays_at_the_ends_and_is_of_the_kinds_asked_for():
    text = "It works."
    for level in (1, 2, 3):
        for way in ways(SocialNoise(), text, level):
            front, back = way.split(text)
            assert len(front.split()) + len(back.split()) == level
            assert not front or front.endswith(" ")
            assert not back or back.startswith(" ")
    marks = {"hashtag": "#", "handle": "@", "link": "example.", "emoji": ""}
    for kind in KINDS:
        assert all(marks[kind] in way for way in ways(SocialNoise((kind,)), text))
        assert kind in SocialNoise((kind,)).name
    words = Document.from_words(["It", "works"])
    assert not any("@" in way for way in ways(SocialNoise(), words, 3, seeds=100))
    assert perturb(SocialNoise(("handle",)), words) == "It works"


def test_distractors_come_from_the_list_and_never_run_into_the_text():
    for level, count in {1: 1, 3: 2, 5: 3}.items():
        fronts, backs = set(), set()
        for way in ways(Distractor(), "It works", level):
            front, back = way.split("It works")
            (fronts if front else backs).add(front or back.removeprefix("."))
        assert fronts
        assert backs
        for added in fronts | backs:
            sentences = [f"{sentence}." for sentence in added.strip().removesuffix(".").split(". ")]
            assert len(set(sentences)) == len(sentences) == count
            assert set(sentences) <= set(SENTENCE_LIST)


def test_length_grows_by_the_level():
    for level, n in SENTENCES.items():
        way = perturb(LengthPad(), "It works.", level)
        assert way.endswith(" It works.")
        assert way.count(".") == n + 1
    assert len(SENTENCE_LIST) == len(set(SENTENCE_LIST)) >= max(SENTENCES.values())


def test_the_sentences_name_nobody_and_judge_nothing():
    barred = {
        "he",
        "she",
        "his",
        "her",
        "man",
        "woman",
        "i",
        "you",
        "not",
        "no",
        "never",
        "good",
        "bad",
        "today",
        "day",
    }
    barred |= word_classes("protected_words")["negation"]
    for sentence in SENTENCE_LIST:
        words = re.findall(r"\w+", sentence)
        assert all(word.islower() for word in words[1:])
        assert not any(character.isdigit() for character in sentence)
        assert barred.isdisjoint(word.lower() for word in words)
        assert sentence.endswith(".")


@pytest.mark.parametrize("perturbation", INSERTING, ids=lambda one: one.name)
def test_only_outside_words_are_added_to_tagged_text(perturbation):
    words = ["Anna", "Lee", "sailed", "to", "Oslo"]
    document = Document.from_words(words)
    tags = [TAGS.get(word, "O") for word in words]
    for level in perturbation.levels:
        for seed in range(9):
            edited = apply(document, seeded(perturbation, document, level, seed))
            carried = list(zip(edited.document.word_texts(), edited.carry(tags), strict=True))
            assert [pair for pair in carried if pair[1] != "O"] == list(TAGS.items())
            kept = [edited.document.word_texts()[place] for (place,) in edited.word_map]
            assert kept == words
            assert len(carried) > len(words)


def test_fillers_keep_out_of_known_entities():
    words = ["Yahoo", "!", "Inc", "grew", ".", "We", "left"]
    document = Document.from_words(words, [(0, 3, "ORG")])
    for seed in range(20):
        edited = apply(document, seeded(Fillers(), document, 3, seed))
        assert "Yahoo ! Inc" in edited.document.text
        assert edited.carry(["B-ORG", "I-ORG", "I-ORG", "O", "O", "O", "O"]).count("I-ORG") == 2
