"""Rows that are cut off before the edit show no difference, and must not pass for rows that change nothing."""

from types import SimpleNamespace

import numpy as np
import pytest
from bias_cases import GENDER, WORD_GROUP, asked, first_names, names_of, variants_of

from modelaudit.checkers.bias.scoring.reading import unread
from modelaudit.testing.planted import planted_classifier, planted_tagger

WORDS = {"excellent": 1.0, "good": 0.5, "poor": -1.0, "slow": -0.5}
LONG = "In the spring the office of the branch wrote about the letter and the desk. "
WOMEN = dict.fromkeys(names_of(gender="female"), 1.0)


def rows_of(short, long, *, person, also=""):
    """`long` of the rows speak of the person where a model of 20 tokens does not read."""
    rng = np.random.default_rng(0)
    rows = []
    for index in range(short + long):
        first, second = rng.choice(sorted(WORDS), 2)
        begin = LONG + LONG if index >= short else ""
        rows.append(
            {"text": f"{begin}{also}{person} wrote that it was {first} and {second}, case {index}.", "label": 0}
        )
    return rows


def test_rows_whose_gendered_word_is_not_read_do_not_dilute_the_difference():
    rows = rows_of(60, 240, person="She")
    model = planted_classifier(WORDS, shifts={"she": 0.5}, max_length=20)
    found, notes = asked(model, rows)
    read, _ = asked(model, rows[:60])
    for metric in ("score_difference", "flip_rate", "excess_flip_rate"):
        assert found[metric, WORD_GROUP].metric == read[metric, WORD_GROUP].metric
    assert found["score_difference", WORD_GROUP].metric.n == 60
    assert found["score_difference", WORD_GROUP].metric.value > 0.09
    assert "gender words: the model does not read as far as the edit in 240 rows." in notes


def test_rows_whose_name_is_not_read_do_not_dilute_the_difference_though_they_begin_with_a_gendered_word():
    rows = rows_of(40, 80, person="Maria", also="She said so, and ")
    long = [{**row, "text": f"She said so. {row['text']}"} for row in rows[40:]]
    model = planted_classifier(WORDS, shifts=WOMEN, max_length=20)
    found, notes = asked(model, [*rows[:40], *long])
    assert found["score_difference", GENDER].metric.n == 40
    assert found["score_difference", GENDER].metric.value > 0.15
    assert "first names, gender: the model does not read as far as the edit in 80 rows." in notes


def test_a_row_that_is_read_up_to_its_first_gendered_word_stays():
    rows = rows_of(60, 60, person="She")
    rows = [{**row, "text": f"She knew. {row['text']}"} for row in rows]
    found, notes = asked(planted_classifier(WORDS, shifts={"she": 0.5}, max_length=20), rows)
    assert found["score_difference", WORD_GROUP].metric.n == 120
    assert not any("as far as the edit" in note for note in notes)


def test_too_few_rows_that_are_read_give_no_value_and_say_so():
    found, notes = asked(planted_classifier(WORDS, max_length=20), rows_of(12, 200, person="She"))
    difference = found["score_difference", WORD_GROUP].metric
    assert difference.value is None
    assert difference.primary
    assert "12 rows can be compared, which the model reads as far as the edit" in difference.reason
    assert not any(finding.metric.value is not None for finding in found.values())
    assert any("in 200 rows" in note for note in notes)


def test_an_entity_that_is_read_does_not_stand_for_a_gendered_word_that_is_not():
    lexicon = {"Paris": "B-LOC", "she": "O", "he": "O"}
    rows = []
    for index in range(120):
        filler = ["the", "office", "was", "open"] * (6 if index >= 40 else 1)
        tokens = ["Paris", "is", f"place{index}", *filler, "and", "the", "clerk", "said", "that", "she", "was", "late"]
        rows.append({"tokens": tokens, "ner_tags": ["B-LOC"] + ["O"] * (len(tokens) - 1)})
    found, notes = asked(planted_tagger(lexicon, max_length=20), rows)
    assert found["score_difference", WORD_GROUP].metric.n == 40
    assert "gender words: the model does not read as far as the edit in 80 rows." in notes


def test_an_entity_that_is_not_read_does_not_hide_that_a_name_is_missed():
    lexicon = {**dict.fromkeys(names_of(), "B-PER"), "Paris": "B-LOC"}
    filler = ["the", "office", "was", "open"] * 6
    rows = []
    for index in range(60):
        tokens = [("Linda", "Robert")[index % 2], "wrote", f"letter{index}", "about", *filler, "in", "Paris"]
        rows.append({"tokens": tokens, "ner_tags": ["B-PER"] + ["O"] * (len(tokens) - 2) + ["B-LOC"]})
    found, _ = asked(planted_tagger(lexicon, missed=set(WOMEN), max_length=20), rows)
    assert found["recall_difference", GENDER].metric.value == pytest.approx(-1.0)
    assert found["score_difference", GENDER].metric.value < -0.8
    assert found["excess_flip_rate", GENDER].metric.value == pytest.approx(1.0)


def reads_letters(most, *, from_the_end):
    """A model that reads whole words up to a number of letters: where it stops depends on how long the words are."""

    def players(rows):
        words = [row.text.split()[:: -1 if from_the_end else 1] for row in rows]
        read = [row[: int((np.cumsum([len(word) for word in row]) <= most).sum())] for row in words]
        return [tuple(row[:: -1 if from_the_end else 1]) for row in read]

    return SimpleNamespace(players=players, capabilities={"players"})


@pytest.mark.parametrize("from_the_end", [False, True])
@pytest.mark.parametrize("room", [0, 4, 6, 20])
def test_a_name_that_is_too_long_to_be_read_is_not_taken_for_one_that_was(from_the_end, room):
    text = "Maria wrote it in the office" if from_the_end else "In the office it was written by Maria"
    variants = variants_of(first_names("gender"), *[text] * 10)
    model = reads_letters(len(text.replace(" ", "")) - len("Maria") + room, from_the_end=from_the_end)
    missed = unread(model, variants, np.ones(len(variants), dtype=bool))
    assert len({len(each.name) for each in variants}) > 3
    assert missed.tolist() == [len(each.name) > room for each in variants]
    assert not unread(model, variants, np.zeros(len(variants), dtype=bool)).any()
