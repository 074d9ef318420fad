"""Rows of the audit: columns found, cells refused, overlap taken out, samples drawn."""

from __future__ import annotations

import json
import random

import datasets
import numpy as np
import pytest

from modelaudit.errors import DataInputError

MIDDLES = ("the", "a", "bad", "film", "she", "he", "was", "is", "not")
TEXTS = [f"she was {word} good film {number}" for number, word in enumerate(MIDDLES)]
ROWS = [{"text": text, "label": i % 2} for i, text in enumerate(TEXTS)]
TAGGED = [{"tokens": ["anna", "was", "good"], "ner_tags": ["B-PER", "O", "O"]}]


@pytest.mark.parametrize(
    ("row", "columns", "found"),
    [
        ({"id": 1, "sentence": "a b", "label": 1}, {}, ("sentence", "label")),
        ({"Text": "a b", "TARGET": 1}, {}, ("Text", "TARGET")),
        ({"text": "a b", "title": "c d", "y": 0}, {}, ("text", "y")),
        ({"content": "a b"}, {}, ("content", None)),
        ({"complaint": "one two three", "outcome": "negative"}, {}, ("complaint", "outcome")),
        ({"text": 5, "content": "a b"}, {}, ("content", None)),
        ({"a": "b", "c": 1}, {"text_column": "a", "label_column": "c"}, ("a", "c")),
        ({"text": "a b", "content": "c d", "label": 1}, {"text_column": "content"}, ("content", "label")),
        ({"text": "a b", "label": "x", "gold": "positive"}, {"label_column": "gold"}, ("text", "gold")),
    ],
)
def test_columns_are_found_by_name_and_type_or_named(subject_of, classifier, row, columns, found):
    info = subject_of(classifier, [row], **columns).info.evaluation
    assert (info.text_column, info.label_column) == found
    assert info.labelled == (found[1] is not None)


@pytest.mark.parametrize(
    ("row", "columns", "sentence"),
    [
        ({"text": "a", "sentence": "b"}, {}, r"the text column is ambiguous, 'text', 'sentence' could .*--text-column"),
        ({"review": "a", "hypothesis": "b"}, {}, r"ambiguous, 'review', 'hypothesis'"),
        ({"text": "a", "label": 0, "target": 1}, {}, r"label column is ambiguous, 'label', 'target' .*label_column="),
        ({"u": "a b c", "v": "d e f"}, {}, r"text column is ambiguous, 'u', 'v'"),
        ({"id": 3, "label": 1}, {}, r"no text column found among 'id', 'label'; call it one of text, .*--text-column"),
        ({"text": "a"}, {"text_column": "body"}, r"no column 'body' for the text; it has 'text'"),
        ({"text": "a"}, {"label_column": "gold"}, r"no column 'gold' for the label; it has 'text'"),
        ({"text": "a"}, {"group_column": "doc"}, r"no column 'doc' for the group; it has 'text'"),
        ({"text": "a", "label": "good"}, {}, r"column 'label': labels don't match: .*\[good\].*\[negative, positive\]"),
        ({"text": " ", "label": 1}, {}, r"column 'text' has no text"),
        ({"text": "a", "label": None}, {"label_column": "label"}, r"column 'label' has no label"),
    ],
)
def test_columns_and_labels_that_can_not_be_used(subject_of, classifier, row, columns, sentence):
    with pytest.raises(DataInputError, match=sentence):
        subject_of(classifier, [row], **columns)


@pytest.mark.parametrize("cell", [7, 1.5, True, ["a", "b"], {"a": 1}])
def test_a_cell_that_is_not_text_is_named_by_its_row(subject_of, classifier, cell):
    rows = [{"text": "good"}, {"text": None}, {"text": "bad"}, {"text": cell}]
    with pytest.raises(DataInputError, match=r"evaluation: row 4 of column 'text' is not text but a (list|value)"):
        subject_of(classifier, rows)


def test_missing_cells_are_left_out_and_counted_and_ids_keep_their_place(subject_of, classifier):
    rows = [
        {"text": None, "label": 1},
        {"text": float("nan"), "label": 1},
        {"text": "  ", "label": 1},
        {"text": "good", "label": None},
        {"text": "bad film", "label": 0, "age": 3, "doc": 8},
    ]
    subject = subject_of(classifier, rows, group_column="doc")
    (row,) = subject.data.evaluation
    assert (row.id, row.text, row.label, row.group) == ("evaluation:5", "bad film", 0, "8")
    assert dict(row.columns) == {"age": 3, "doc": 8}
    assert subject.info.evaluation.set_aside == {
        "rows without text (left out)": 3,
        "rows without a label (left out)": 1,
    }


def test_a_label_column_without_labels_is_none(subject_of, classifier, tagger):
    features = datasets.Features({"text": datasets.Value("string"), "label": datasets.ClassLabel(names=["a", "b"])})
    unlabelled = datasets.Dataset.from_dict({"text": ["good", "bad"], "label": [-1, -1]}, features=features)
    for opened, data in (
        (classifier, unlabelled),
        (classifier, [{"text": "good", "label": None}]),
        (tagger, [{"tokens": ["good"], "tags": None}]),
    ):
        subject = subject_of(opened, data)
        assert subject.data.evaluation[0].label is None
        assert (subject.info.evaluation.labelled, subject.info.evaluation.label_column) == (False, None)
        assert subject.info.evaluation.label_counts == {}


def test_files_name_their_rows(subject_of, classifier, tmp_path):
    (tmp_path / "holdout.csv").write_text("text,label\ngood film,positive\n")
    (tmp_path / "train").mkdir()
    (tmp_path / "train" / "holdout.csv").write_text("text,label\nbad film,negative\n")
    subject = subject_of(classifier, tmp_path / "holdout.csv")
    assert subject.data.evaluation[0].id == "holdout.csv:1"
    subject = subject_of(classifier, tmp_path / "holdout.csv", train_data=str(tmp_path / "train" / "holdout.csv"))
    assert subject.data.evaluation[0].id == "evaluation/holdout.csv:1"
    assert subject.data.members[0].id == "training/holdout.csv:1"


def test_held_out_rows_that_were_trained_on_are_left_out_and_counted(subject_of, classifier):
    train = [{"text": "  SHE was\u00a0the good FILM \uff10", "label": 0}, {"text": "not there", "label": 1}]
    rows = [{"text": ROWS[0]["text"].title() + " ", "label": 0}, *ROWS[1:]]
    subject = subject_of(classifier, rows, train_data=train)
    assert [row.id for row in subject.data.heldout] == [f"evaluation:{i}" for i in range(2, 10)]
    assert len(subject.data.evaluation) == 9
    assert subject.info.heldout_is_evaluation
    assert subject.info.heldout.set_aside == {"rows that are also in the training data (left out)": 1}
    assert list(subject.info.evaluation.set_aside.values()) == [1]
    subject = subject_of(classifier, ROWS[:2], train_data=train, heldout_data=ROWS)
    assert not subject.info.heldout_is_evaluation
    assert len(subject.data.heldout) == subject.info.heldout.rows == 8
    assert subject.data.heldout[0].id == "held-out:2"


def test_without_training_rows_the_evaluation_rows_are_held_out(subject_of, classifier):
    subject = subject_of(classifier, ROWS)
    assert subject.data.members is None
    assert subject.info.members is None
    assert subject.data.heldout == subject.data.evaluation
    assert subject.info.heldout == subject.info.evaluation


def test_held_out_rows_that_are_all_trained_on_leave_none(subject_of, classifier):
    subject = subject_of(classifier, ROWS, train_data=ROWS)
    assert subject.data.heldout == ()
    assert subject.info.heldout.rows == 0


def test_a_sample_depends_on_what_rows_say_and_not_on_their_order(subject_of, classifier):
    rows = ROWS + ROWS[:3]
    shuffled = list(rows)
    random.Random(5).shuffle(shuffled)
    first, second = (subject_of(classifier, data, sample=5, seed=1) for data in (rows, shuffled))
    texts = sorted(row.text for row in first.data.evaluation)
    assert texts == sorted(row.text for row in second.data.evaluation)
    assert first.info.evaluation.sampled_from == 12
    assert len(first.data.evaluation) == first.info.evaluation.rows == 5
    positions = [int(row.id.rpartition(":")[2]) for row in first.data.evaluation]
    assert positions == sorted(positions)
    others = {tuple(r.text for r in subject_of(classifier, rows, sample=5, seed=s).data.evaluation) for s in range(6)}
    assert len(others) > 1
    assert subject_of(classifier, rows, sample=12).info.evaluation.sampled_from is None
    with pytest.raises(DataInputError, match="a sample of 0 rows"):
        subject_of(classifier, rows, sample=0)


def test_the_table_is_described(subject_of, classifier):
    rows = [{"text": "good film", "label": 1}, {"text": "a " * 20, "label": 1}]
    info = subject_of(classifier, rows * 2).info.evaluation
    assert info.rows == 4
    assert info.label_counts == {"negative": 0, "positive": 4}
    assert info.mean_words == 11.0
    assert info.mean_tokens == (4 + 16) / 2
    assert (info.truncated, info.tokens_lost) == (2, 2 * 6)
    assert info.set_aside == {"rows that occur more than once (kept)": 4}


def test_the_hash_of_a_table_follows_its_content(subject_of, classifier):
    def sha(rows):
        return subject_of(classifier, rows).info.evaluation.sha256

    assert sha(ROWS) == sha([dict(row) for row in ROWS])
    assert len({sha(ROWS), sha(ROWS[1:]), sha([{**ROWS[0], "label": 1}, *ROWS[1:]])}) == 3


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        ({"tokens": ["a", "b"], "ner_tags": ["O"]}, r"row 1 has 2 words but 1 tags in column 'ner_tags'"),
        ({"tokens": ["a", 5], "ner_tags": ["O", "O"]}, r"row 1 of column 'tokens' is not text but a list of 2"),
        ({"tokens": ["a"], "ner_tags": [7]}, r"labels don't match"),
        ({"tokens": ["a"], "ner_tags": ["B-MISC"]}, r"\[B-MISC\], the model has \[O, B-PER, I-PER, B-LOC, I-LOC\]"),
        ({"tokens": ["a"], "ner": ["O"], "ner_tags": ["O"]}, r"tags column is ambiguous, 'ner', 'ner_tags'"),
        ({"n": 1}, r"no words column found among 'n'"),
        ({"tokens": []}, r"column 'tokens' has no words"),
    ],
)
def test_tagged_rows_that_can_not_be_used(subject_of, tagger, row, sentence):
    with pytest.raises(DataInputError, match=sentence):
        subject_of(tagger, [row])


def test_tagged_rows_in_every_shape(subject_of, tagger, tmp_path):
    (tmp_path / "rows.conll").write_text("anna I-PER\nwas O\ngood O\n")
    (tmp_path / "rows.csv").write_text("text,tags\nanna was good,B-PER O O\n")
    (tmp_path / "rows.jsonl").write_text(json.dumps({"words": ["anna", "was", "good"], "labels": [1, 0, 0]}))
    sources = [TAGGED, tmp_path / "rows.conll", tmp_path / "rows.csv", tmp_path / "rows.jsonl"]
    for source in sources:
        subject = subject_of(tagger, source)
        (row,) = subject.data.evaluation
        assert (row.words, row.tags, row.text) == (("anna", "was", "good"), (1, 0, 0), "anna was good")
        assert subject.info.evaluation.label_counts["B-PER"] == 1
    (row,) = subject_of(tagger, [{"text": "anna was good"}]).data.evaluation
    assert (row.words, row.tags) == (("anna", "was", "good"), None)


def test_tags_as_numpy_integers_are_indices(subject_of, tagger):
    row = {"tokens": ["anna", "was"], "ner_tags": [np.int64(1), np.int64(0)]}
    assert subject_of(tagger, [row]).data.evaluation[0].tags == (1, 0)


def test_no_rows_at_all_are_missed_by_name(subject_of, classifier):
    with pytest.raises(DataInputError, match=r"there are no rows to judge the model on; hand in data"):
        subject_of(classifier, None)


def test_mean_of_words_is_finite_for_any_table(subject_of, tagger):
    info = subject_of(tagger, TAGGED).info.evaluation
    assert np.isfinite([info.mean_words, info.mean_tokens]).all()
    assert info.mean_tokens == 5.0


@pytest.mark.parametrize("side", ["train_data", "heldout_data"])
def test_training_and_held_out_rows_in_another_label_scheme_are_refused_by_name(subject_of, classifier, tagger, side):
    role = {"train_data": "training", "heldout_data": "held-out"}[side]
    other = [{"text": "good film", "label": "good"}, {"text": "bad film", "label": "bad"}]
    with pytest.raises(DataInputError, match=rf"{role}: .*labels don't match: .*\[bad, good\].*\[negative, positive\]"):
        subject_of(classifier, ROWS, **{side: other})
    words = [{"tokens": ["anna"], "ner_tags": ["B-HUM"]}]
    with pytest.raises(DataInputError, match=rf"{role}: .*labels don't match"):
        subject_of(tagger, [{"tokens": ["anna"], "ner_tags": ["B-PER"]}], **{side: words})
