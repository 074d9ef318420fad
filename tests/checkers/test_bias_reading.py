"""Rows that are cut off before the edit show no difference, and must not pass for rows that change nothing."""

from types import SimpleNamespace

import numpy as np
import pytest
from measured import context_of, findings_of, subject_of

from modelaudit.checkers.bias.arms import gender_name_arms
from modelaudit.checkers.bias.counterfactual import CounterfactualSubstitution
from modelaudit.checkers.bias.name_design import gender_pools
from modelaudit.checkers.bias.reading import unread
from modelaudit.checkers.bias.sources import Source, survey
from modelaudit.rows import Row
from modelaudit.testing.planted import planted_classifier, planted_tagger
from modelaudit.text import Document, load_names

WORDS = {"excellent": 1.0, "good": 0.5, "poor": -1.0, "slow": -0.5}
WORD_GROUP = "gender words: female - male"
NAMES = "first names, gender: female - male"
LONG = "In the spring the office of the branch wrote about the letter and the desk. "
WOMEN = {each.name: 1.0 for each in load_names() if each.gender == "female"}


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


def notes_of(model, rows):
    checker = CounterfactualSubstitution()
    context = context_of(subject_of(model, data=rows), checker)
    found = {(each.metric.id, each.metric.group): each for each in checker.run(context)}
    return found, context.notes


def test_rows_whose_gendered_word_is_not_read_do_not_dilute_the_difference():
    rows = rows_of(60, 240, person="She")
    model = planted_classifier(WORDS, shifts={"she": 0.5}, max_length=20)
    found, notes = notes_of(model, rows)
    read = findings_of(CounterfactualSubstitution(), subject_of(model, data=rows[:60]))
    for metric in ("score_difference", "flip_rate", "excess_flip_rate"):
        assert found[metric, WORD_GROUP].metric == read[metric, WORD_GROUP].metric
    assert found["score_difference", WORD_GROUP].metric.n == 60
    assert found["score_difference", WORD_GROUP].metric.value > 0.09
    assert f"{WORD_GROUP}: the model does not read as far as the edit in 240 rows." in notes


def test_rows_whose_name_is_not_read_do_not_dilute_the_difference_though_they_begin_with_a_gendered_word():
    rows = rows_of(40, 80, person="Maria", also="She said so, and ")
    long = [{**row, "text": f"She said so. {row['text']}"} for row in rows[40:]]
    model = planted_classifier(WORDS, shifts=WOMEN, max_length=20)
    found, notes = notes_of(model, [*rows[:40], *long])
    assert found["score_difference", NAMES].metric.n == 40
    assert found["score_difference", NAMES].metric.value > 0.15
    assert f"{NAMES}: the model does not read as far as the edit in 80 rows." in notes


def test_a_row_that_is_read_up_to_its_first_gendered_word_stays():
    rows = rows_of(60, 60, person="She")
    rows = [{**row, "text": f"She knew. {row['text']}"} for row in rows]
    found, notes = notes_of(planted_classifier(WORDS, shifts={"she": 0.5}, max_length=20), rows)
    assert found["score_difference", WORD_GROUP].metric.n == 120
    assert not any("as far as the edit" in note for note in notes)


def test_too_few_rows_that_are_read_give_no_value_and_say_so():
    found, notes = notes_of(planted_classifier(WORDS, max_length=20), rows_of(12, 200, person="She"))
    for metric in ("score_difference", "excess_flip_rate"):
        assert found[metric, WORD_GROUP].metric.value is None
        assert "reads 12 rows as far as the edit" in found[metric, WORD_GROUP].metric.reason
    assert any("in 200 rows" in note for note in notes)


def test_an_entity_that_is_read_does_not_stand_for_a_gendered_word_that_is_not():
    lexicon = {"Paris": "B-LOC", "she": "O", "he": "O"}
    rows = []
    for index in range(120):
        filler = ["the", "office", "was", "open"] * (6 if index >= 40 else 1)
        tokens = ["Paris", "is", f"place{index}", *filler, "and", "the", "clerk", "said", "that", "she", "was", "late"]
        rows.append({"tokens": tokens, "ner_tags": ["B-LOC"] + ["O"] * (len(tokens) - 1)})
    found, notes = notes_of(planted_tagger(lexicon, max_length=20), rows)
    assert found["score_difference", WORD_GROUP].metric.n == 40
    assert f"{WORD_GROUP}: the model does not read as far as the edit in 80 rows." in notes


def test_an_entity_that_is_not_read_does_not_hide_that_a_name_is_missed():
    lexicon = {**dict.fromkeys((each.name for each in load_names()), "B-PER"), "Paris": "B-LOC"}
    filler = ["the", "office", "was", "open"] * 6
    rows = []
    for index in range(60):
        tokens = [("Linda", "Robert")[index % 2], "wrote", f"letter{index}", "about", *filler, "in", "Paris"]
        rows.append({"tokens": tokens, "ner_tags": ["B-PER"] + ["O"] * (len(tokens) - 2) + ["B-LOC"]})
    found, _ = notes_of(planted_tagger(lexicon, missed=set(WOMEN), max_length=20), rows)
    assert found["score_difference", NAMES].metric.value < -0.8
    assert found["excess_flip_rate", NAMES].metric.value == pytest.approx(1.0)


def reads_letters(most, *, from_the_end):
    """A model that reads whole words up to a number of letters: where it stops depends on how long the words are."""

    def players(rows):
        words = [row.text.split()[:: -1 if from_the_end else 1] for row in rows]
        read = [row[: int((np.cumsum([len(word) for word in row]) <= most).sum())] for row in words]
        return [tuple(row[:: -1 if from_the_end else 1]) for row in read]

    return SimpleNamespace(players=players)


@pytest.mark.parametrize("from_the_end", [False, True])
@pytest.mark.parametrize("room", [0, 4, 6, 20])
def test_a_name_that_is_too_long_to_be_read_is_not_taken_for_one_that_was(from_the_end, room):
    text = "Maria wrote it in the office" if from_the_end else "In the office it was written by Maria"
    source = Source(Row("r", text), Document(text))
    pools = gender_pools(seed=1, n_tokens=lambda names: [1] * len(names))
    variants = [
        *gender_name_arms(survey(iter([source]), ("no", "yes"), wanted=1).named * 10, ("no", "yes"), pools, seed=1)
    ]
    model = reads_letters(len(text.replace(" ", "")) - len("Maria") + room, from_the_end=from_the_end)
    missed = unread(model, variants, np.ones(len(variants), dtype=bool))
    assert len({len(each.name) for each in variants}) > 3
    assert missed.tolist() == [len(each.name) > room for each in variants]
    assert not unread(model, variants, np.zeros(len(variants), dtype=bool)).any()
