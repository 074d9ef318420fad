"""Scores: the numbers of seqeval and scikit-learn, words that were cut off, and tables that can't be mixed up."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from seqeval.metrics import classification_report as by_entity
from seqeval.scheme import BILOU, IOB2, IOBES
from sklearn.metrics import classification_report as by_class

from modelaudit.errors import DataInputError
from modelaudit.rows import Row
from modelaudit.training.compact import compact_model
from modelaudit.training.scores import ENTITIES, WORDS, no_better, score_text, scored, scores_of

SCHEMES = {"BI": IOB2, "BIES": IOBES, "BILU": BILOU}


def labels_of(letters):
    return ("O", *(f"{letter}-{kind}" for kind in ("PER", "LOC", "MISC") for letter in letters))


def ner(truth, said, labels, of="dev"):
    rows = [Row(f"r:{i}", "", words=("w",) * len(tags), tags=tuple(tags)) for i, tags in enumerate(truth)]
    flat = [np.array([tag for row in side for tag in row], dtype=np.int64) for side in (truth, said)]
    return scores_of(*flat, labels, task="token-classification", of=of, rows=rows)


def numbers(score):
    return [0.0 if value is None else value for value in (score.precision, score.recall, score.f1)] + [score.support]


def theirs(report):
    # Means over no entity at all are NaN in seqeval.
    return np.nan_to_num([report[part] for part in ("precision", "recall", "f1-score", "support")])


@st.composite
def answers(draw, classes):
    lengths = draw(st.lists(st.integers(1, 7), min_size=1, max_size=6))
    tag = st.integers(0, classes - 1)
    return [[draw(st.lists(tag, min_size=n, max_size=n)) for n in lengths] for _ in range(2)]


@pytest.mark.parametrize("letters", SCHEMES)
@settings(max_examples=25)
@given(data=st.data())
def test_entity_scores_are_those_of_seqeval_under_the_strict_reading(letters, data):
    labels = labels_of(letters)
    truth, said = data.draw(answers(len(labels)))
    found = {score.name: numbers(score) for score in ner(truth, said, labels).entities}
    named = [[[labels[tag] for tag in row] for row in side] for side in (truth, said)]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        report = by_entity(*named, mode="strict", scheme=SCHEMES[letters], output_dict=True, zero_division=0)
    for name in (*(kind for kind in report if " " not in kind), "micro", "macro"):
        assert found[name] == pytest.approx(theirs(report.get(name) or report[f"{name} avg"])), name


@settings(max_examples=25)
@given(answers(7))
def test_word_scores_are_those_of_scikit_learn_with_the_outside_tag_in_every_average(drawn):
    labels = labels_of("BI")
    scores = ner(*drawn, labels)
    truth, said = ([labels[tag] for row in side for tag in row] for side in drawn)
    report = by_class(truth, said, output_dict=True, zero_division=0)
    found = {score.name: numbers(score) for score in scores.classes}
    occurring = set(truth) | set(said)
    for name in labels:
        if name in occurring:
            assert found[name] == pytest.approx(theirs(report[name]))
        else:
            assert [score.f1 for score in scores.classes if score.name == name] == [None]
    for average in ("macro", "weighted"):
        assert found[average] == pytest.approx(theirs(report[f"{average} avg"]))
    assert found["micro"][:3] == pytest.approx([report["accuracy"]] * 3)
    assert scores.accuracy == pytest.approx(report["accuracy"])


def test_an_entity_that_does_not_begin_with_b_is_none_whatever_it_hits():
    labels = labels_of("BI")
    assert numbers(ner([[1, 2, 0]], [[2, 2, 0]], labels).entities[0]) == [0.0, 0.0, 0.0, 1]
    assert numbers(ner([[1, 2, 0]], [[1, 2, 0]], labels).entities[0]) == [1.0, 1.0, 1.0, 1]


TAGS = ("O", "B-PER", "I-PER")
WORDS_OF = ("anna", "smith", "went", "home")


@pytest.fixture(scope="module")
def tagger():
    texts = [WORDS_OF]
    return compact_model(
        texts, labels=TAGS, task="token-classification", layers=1, hidden=16, heads=2, max_length=5, seed=0
    )


def test_words_that_are_cut_off_count_as_outside_in_both_tables(tagger):
    model, tokenizer = tagger
    rows = [Row("a:1", "", words=("anna",) * 9, tags=(0,) * 3 + (1,) * 6)]
    with torch.no_grad():
        model.classifier.weight.zero_()
        model.classifier.bias.copy_(torch.tensor([0.0, 5.0, 0.0]))
    scores = scored(model, tokenizer, rows, TAGS, task="token-classification", of="test")
    outside, person = scores.classes[:2]
    assert scores.units == 9
    # Of nine words the first alone is read, and answered with B-PER; the other eight count as O, two of them rightly.
    assert numbers(outside) == pytest.approx([2 / 8, 2 / 3, 4 / 11, 3])
    assert numbers(person) == [0.0, 0.0, 0.0, 6]
    assert [(score.name, score.support) for score in scores.entities] == [("PER", 6), ("micro", 6), ("macro", 6)]
    assert (scores.cut_off, scores.cut_rows, scores.limit) == (8, 1, 5)
    assert "8 of the words, in 1 of the rows, were cut off and count as O: the model takes 5 tokens" in score_text(
        scores
    )


@pytest.mark.parametrize(
    ("truth", "said", "found"),
    [
        ([0, 0, 1], [0, 0, 0], "accuracy 0.667 on dev rows, where naming the commonest class gets 0.667"),
        ([0, 0, 1], [1, 1, 1], "accuracy 0.333 on dev rows"),
        ([0, 0, 1], [0, 0, 1], None),
        ([0, 0, 0], [0, 0, 0], None),
    ],
)
def test_a_model_that_answers_no_better_than_the_commonest_class_is_told(truth, said, found):
    rows = [Row(f"r:{place}", "w", label=label) for place, label in enumerate(truth)]
    scores = scores_of(np.array(truth), np.array(said), ("a", "b"), task="text-classification", of="dev", rows=rows)
    doubt = no_better(scores)
    assert doubt is None if found is None else found in doubt


def test_a_tagger_that_finds_no_entity_is_told():
    labels = labels_of("BI")
    truth = [[1, 2, 0, 0, 0]]
    assert "found none of the 1 entities" in no_better(ner(truth, [[0, 1, 0, 0, 0]], labels))
    assert no_better(ner(truth, truth, labels)) is None
    # A word is answered rightly less often than by "O" always, and yet an entity was found.
    assert no_better(ner(truth, [[1, 2, 1, 2, 2]], labels)) is None
    assert no_better(ner([[0, 0]], [[0, 0]], labels)) is None


def test_scoring_leaves_model_and_generator_as_they_were(tagger):
    model, tokenizer = tagger
    model.train()
    state = torch.get_rng_state()
    scored(model, tokenizer, [Row("a:1", "", words=WORDS_OF, tags=(1, 2, 0, 0))], TAGS, task="token-classification",
           of="dev")  # fmt: skip
    assert model.training
    assert torch.equal(state, torch.get_rng_state())
    model.eval()


@pytest.mark.parametrize("rows", [[], [Row("a:1", "x", words=("x",))]])
def test_rows_without_a_truth_are_an_error(tagger, rows):
    with pytest.raises(DataInputError, match="nothing can be scored"):
        scored(*tagger, rows, TAGS, task="token-classification", of="dev")


def test_text_names_both_tables_so_that_they_can_not_be_mixed_up():
    text = score_text(ner([[1, 2, 0, 0]], [[1, 2, 0, 3]], labels_of("BI"), of="test"))
    first, _, second = text.partition(WORDS)
    assert "not entity F1" in WORDS
    assert ENTITIES in first
    assert "PER               1.0000  1.0000  1.0000        1" in first
    assert "weighted average" not in first
    assert "O                    1.0000  0.5000  0.6667        2" in second
    assert "weighted average" in second


def test_names_of_strangers_can_not_act_in_the_text():
    labels = ("\x1b[31mred\u202e", "x" * 10_000)
    rows = [Row("a:1", "x", label=0), Row("a:2", "x", label=1)]
    truth = np.array([0, 1])
    text = score_text(scores_of(truth, truth, labels, task="text-classification", of="dev", rows=rows))
    assert "\x1b" not in text
    assert "\u202e" not in text
    assert max(map(len, text.splitlines())) < 140
    assert ENTITIES not in text
