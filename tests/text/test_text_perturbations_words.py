"""The same words in another form: contractions, spelling, synonyms, numbers; what all word perturbations keep to."""

from __future__ import annotations

import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from linear_time import takes_linear_time
from word_perturbations import DOCUMENTS, UNHURRIED, WORD_PERTURBATIONS, WORDING, fully, perturb, seeded, tagged

from modelaudit.text import Document, apply, protected_spans, word_spans
from modelaudit.text.lexicon import read_lexicon
from modelaudit.text.perturbations import WORD_RATES
from modelaudit.text.perturbations.base import TEXT_AND_TOKENS
from modelaudit.text.perturbations.contractions import Contractions
from modelaudit.text.perturbations.number_words import NumberWords
from modelaudit.text.perturbations.spelling import Spelling
from modelaudit.text.perturbations.synonyms import SafeSynonyms

FAMILIES = {"wording", "informal writing", "irrelevant text", "shortened text", "entities and numbers"}


@UNHURRIED
@given(DOCUMENTS, st.integers(0, 9))
def test_any_text_survives_every_perturbation(document, seed):
    for perturbation in WORD_PERTURBATIONS:
        for level in perturbation.levels:
            edits = seeded(perturbation, document, level, seed)
            edited = apply(document, edits)
            assert edits == seeded(perturbation, document, level, seed)
            assert all(edit.text != document.text[edit.start : edit.end] for edit in edits)
            assert bool(edits) == (edited.document.text != document.text)
            if document.words is not None:
                assert len(edited.word_map) == len(document.words)
                assert len(edited.carry(["O"] * len(document.words))) == len(edited.document.words)


@UNHURRIED
@given(tagged(), st.integers(0, 9))
def test_known_entities_keep_their_number_and_types(document, seed):
    tags = ["O"] * len(document.words)
    for start, end, _ in document.entities:
        for number, (first, last) in enumerate(document.words):
            if start <= first and last <= end and first < last:
                tags[number] = "I-X" if first > start else "B-X"
    for perturbation in WORD_PERTURBATIONS:
        edited = apply(document, seeded(perturbation, document, perturbation.levels[-1], seed))
        assert edited.carry(tags).count("B-X") == tags.count("B-X"), perturbation.name


@UNHURRIED
@given(DOCUMENTS, st.integers(0, 9))
def test_wording_keeps_addresses_and_known_entities(document, seed):
    closed = [*protected_spans(document.text), *((start, end) for start, end, _ in document.entities)]
    for perturbation in WORDING:
        for edit in seeded(perturbation, document, perturbation.levels[-1], seed):
            assert all(edit.end <= start or end <= edit.start for start, end in closed if start < end)


def test_names_are_unique_and_rules_are_stated():
    assert len({perturbation.name for perturbation in WORD_PERTURBATIONS}) == len(WORD_PERTURBATIONS)
    for perturbation in WORD_PERTURBATIONS:
        assert perturbation.tier in {"L2", "L3"}
        assert perturbation.family in FAMILIES
        assert perturbation.label_rule.endswith(".")
        assert perturbation.tasks
        assert set(perturbation.tasks) <= set(TEXT_AND_TOKENS)
        assert len({hash(perturbation), hash(perturbation)}) == 1
        with pytest.raises(ValueError, match="has no level 9"):
            perturbation.edits(Document("Some words."), level=9, rng=np.random.default_rng(0))


@pytest.mark.parametrize("level", list(WORD_RATES))
def test_a_level_is_a_share_of_the_words_and_at_least_one(level):
    text = "we like colour and the humour of it " * 100
    n = [len(seeded(Spelling(), Document(text), level, seed)) for seed in range(20)]
    sites, words = 200, len(word_spans(text))
    assert max(n) <= sites
    assert abs(np.mean(n) - min(sites, WORD_RATES[level] * words)) < 1
    assert len(seeded(Spelling(), Document("a colour"), level)) == 1


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("I don't know.", "I do not know."),
        ("I do not know.", "I don't know."),
        ("It's a shame; he's been there.", "It is a shame; he has been there."),
        ("I'd like that, but I'd better go.", "I would like that, but I had better go."),
        ("I'd never seen it", "I had never seen it"),
        ("We'll see what they've got.", "We will see what they have got."),
        ("It is not the best.", "It's not the best."),
        ("DON'T GO", "DO NOT GO"),
        ("it’s the end", "it is the end"),
        ("’Twas. I do not know", "’Twas. I don’t know"),
        ("He won't, she cannot go", "He will not, she can't go"),
        ("it 's a film that does n't hurt , so we do not mind", "it is a film that does not hurt , so we do n't mind"),
    ],
)
def test_contractions_go_both_ways(text, expected):
    assert fully(Contractions(), text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "it's broken, he'd put it there",  # is or has, had or would: the next word does not say
        "John's car and the band's colour",
        # The full form stands elsewhere in a question.
        "Isn't it great? Why don't you go? Good, isn't it? Didn't Anna go? Don't the others?",
        "stronger than I am now, and that is all of it",
        "making it is a joy",
        "we can not only sing",
        "the Do Not Disturb sign",
        "see don't.com/do-not, @don't",
        "don't've",
    ],
)
def test_contractions_leave_alone_what_is_not_decided(text):
    assert fully(Contractions(), text) == text


def test_contractions_of_one_direction_only():
    text = "I do not know and I can't say"
    assert fully(Contractions("contract"), text) == "I don't know and I can't say"
    assert fully(Contractions("expand"), text) == "I do not know and I cannot say"


def test_contractions_in_pre_tokenised_text_cover_whole_words():
    text = "We do n't mind that it 's the end of don't , I do not"
    document = Document.from_words(text.split())
    edited = apply(document, seeded(Contractions(), document, 5))
    assert edited.document.text == "We do not mind that it is the end of do not , I do n't"
    assert edited.word_map[:3] == ((0,), (1,), (2,))
    assert edited.word_map[10] == (10, 11)
    named = Document.from_words(["It", "'s", "a", "Gift"], [(0, 4, "WORK")])
    assert seeded(Contractions(), named, 5) == []
    spaced = Document("I don't", words=((0, 7),))
    assert seeded(Contractions(), spaced, 5) == []


def test_every_pair_of_the_contractions_can_be_written():
    rows = read_lexicon("contractions")
    assert len(rows) > 100
    decided = {"any": "", "is": "a", "has": "been", "had": "better", "verb": "like", "participle": "seen"}
    decided |= {"there": "a", "been": "been", "article": "the", "!only": "", "!subject": "", "!opener": ""}
    for full, short, joins_before, joins_after, opens_before, opens_after in rows:
        for old, before, after, direction in (
            (full, joins_before, joins_after, "contract"),
            (short, opens_before, opens_after, "expand"),
        ):
            if before != "-":
                front = {"!asking": "they", "^clause": "so"}.get(before, "")
                text = f"{front} {old} {decided[after]}".strip()
                assert perturb(Contractions(direction), text) != text, text


def test_spelling_goes_both_ways_in_the_case_of_the_word():
    assert fully(Spelling(), "Colors, colours and HONOR") == "Colours, colors and HONOUR"
    assert fully(Spelling(), "the Center for Defense, color_map, #color, mid-color") == (
        "the Center for Defense, color_map, #color, mid-color"
    )
    assert perturb(Spelling(), Document.from_words(["Humour", "for", "us"])) == "Humor for us"
    pairs = read_lexicon("us_uk_spelling")
    assert len(pairs) > 150
    assert all(perturb(Spelling(), us) == uk and perturb(Spelling(), uk) == us for us, uk in pairs)


def test_synonyms_fit_where_they_stand():
    assert fully(SafeSynonyms(), "Perhaps the movie began well.") == "Maybe the film started well."
    assert fully(SafeSynonyms(), "a film about the start") == "a film about the start"  # one direction only
    assert fully(SafeSynonyms(), "an enormous fan of the movie's end") == "an enormous fan of the movie's end"
    assert fully(SafeSynonyms(), "a weird couch") == "a strange sofa"
    assert fully(SafeSynonyms(), "Scary Movie") == "Scary Movie"
    rows = read_lexicon("safe_synonyms")
    assert len(rows) > 60
    for word, synonym, direction in rows:
        assert perturb(SafeSynonyms(), word) == synonym
        assert (perturb(SafeSynonyms(), synonym) == word) == (direction == "both")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("We ate 3 apples.", "We ate three apples."),
        ("Twenty-five people came.", "25 people came."),
        ("12 men saw. Zero stars", "Twelve men saw. 0 stars"),
        ("5 men", "five men"),
        ("All 100 women", "All one hundred women"),
        ("FIVE men", "5 men"),
    ],
)
def test_numbers_that_count_are_said_another_way(text, expected):
    assert perturb(NumberWords(), text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "May 5 games, 5 may, 1999 men, 101 men",
        "at 5 pm, 10:30 times, 1/2 cups, 5-10 minutes, 2.5 hours, 3,000 men, No.5 drops",
        "5 dollars, $5 tickets, 5 lbs",
        "chapter 3 notes, room 12 lamps, Windows 7 users, 10 20 30 apples, 5 to 10 minutes",
        "one of the two, one thing, 1 things, twenty hundred men",
        "The Two Towers, two-thirds",
        "5 was his, 5 is this",
    ],
)
def test_numbers_that_do_not_count_stay(text):
    assert perturb(NumberWords(), text) == text


def test_a_number_word_may_become_two_words_with_their_tags():
    document = Document.from_words(["All", "100", "men"])
    edited = apply(document, seeded(NumberWords(), document, 1))
    assert edited.document.word_texts() == ("All", "one", "hundred", "men")
    assert edited.carry(["O", "B-N", "O"]) == ("O", "B-N", "I-N", "O")


@pytest.mark.parametrize("piece", ["it's a movie, 3 men. ", "😀\u200b", "1,2 "])
def test_long_texts_take_linear_time(piece):
    perturbations = {type(perturbation): perturbation for perturbation in WORD_PERTURBATIONS}.values()

    def work(text):
        for perturbation in perturbations:
            seeded(perturbation, Document(text), perturbation.levels[-1])

    assert takes_linear_time(work, piece)


def test_short_texts_are_changed_by_the_thousand():
    texts = [
        Document(f"It's a very good day {n} and the people said that they do not like the movie .") for n in range(300)
    ]
    for perturbation in WORD_PERTURBATIONS:
        start = time.process_time()
        for document in texts:
            seeded(perturbation, document, perturbation.levels[-1])
        assert time.process_time() - start < 0.6, perturbation.name
