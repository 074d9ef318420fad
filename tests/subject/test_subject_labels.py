"""Labels and tags matched to the model's, by one rule a column."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelaudit.errors import DataInputError
from modelaudit.subject.labels import match_labels, match_tags
from modelaudit.subject.schemes import respelled, scheme_of, spelled
from modelaudit.text.tags import entity_spans

NAMES = ("negative", "Positive", "neutral")
GENERIC = ("LABEL_0", "LABEL_1")
BIO = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC")


@pytest.mark.parametrize(
    ("values", "labels", "class_names", "expected"),
    [
        ([0, 2, 1], NAMES, (), [0, 2, 1]),
        ([0, 2.0], NAMES, (), [0, 2]),
        (["0", "2", " 1 ", "1.0"], NAMES, (), [0, 2, 1, 1]),
        (["negative", "Positive"], NAMES, (), [0, 1]),
        (["NEGATIVE ", "positive"], NAMES, (), [0, 1]),
        ([0, 1], NAMES, ("positive", "negative"), [1, 0]),
        (["1", "5"], ("1", "2", "3", "4", "5"), (), [0, 4]),
        ([4, 5], ("1", "2", "3", "4", "5"), (), [3, 4]),
        ([0, 4], ("1", "2", "3", "4", "5"), (), [0, 4]),
        ([0, 1], GENERIC, ("neg", "pos"), [0, 1]),
        ([1, 0], GENERIC, (), [1, 0]),
        ([True, False], GENERIC, (), [1, 0]),
        ([True, False], ("True", "False"), (), [0, 1]),
        (["a", "A"], ("a", "A"), (), [0, 1]),
    ],
)
def test_labels_that_match(values, labels, class_names, expected):
    assert match_labels(values, labels, place="t", class_names=class_names) == expected


@pytest.mark.parametrize(
    ("values", "labels", "class_names"),
    [
        (["good", "bad"], NAMES, ()),
        ([0, 3], NAMES, ()),
        ([-1], NAMES, ()),
        ([0.5], NAMES, ()),
        (["negative", 1], NAMES, ()),
        ([["negative"]], NAMES, ()),
        ([0, 1], NAMES, ("good", "bad")),
        (["POSITIVE"], ("positive", "Positive"), ()),
    ],
)
def test_a_mismatch_shows_both_lists(values, labels, class_names):
    with pytest.raises(DataInputError, match=r"labels don't match: the data has \[.*\], the model has \[") as caught:
        match_labels(values, labels, place="rows.csv: column 'label'", class_names=class_names)
    assert str(caught.value).startswith("rows.csv: column 'label'")
    assert all(label in str(caught.value) for label in labels)


STARS = ("1 star", "2 stars", "3 stars")


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        ([1, 2], STARS),
        (["2", "1"], STARS),
        ([2.0], STARS),
        ([0, 1], ("grade 1", "grade 0")),
        ([1], ("type 1", "type 2", "healthy")),
        ([0], ("LABEL_1", "LABEL_0")),
    ],
)
def test_integers_that_the_numbers_in_label_names_contradict(values, labels):
    with pytest.raises(DataInputError, match=r"t: it is not clear what \d means: as the model's index .*by name"):
        match_labels(values, labels, place="t")


@pytest.mark.parametrize(
    ("values", "labels"),
    [
        ([0, 1, 2], STARS),
        ([0, 2], STARS),
        ([1, 2], ("none", "grade 1", "grade 2")),
        ([0, 1], ("healthy", "type 2 diabetes")),
        ([2], ("B2B", "B2C", "other")),
        ([1], ("1-2 years", "3-5 years")),
        ([1], ("flu", "covid19")),
        ([1], ("LABEL_0", "LABEL_1")),
        ([1, 1], ("negative", "positive")),
    ],
)
def test_integers_that_can_only_be_indices(values, labels):
    assert match_labels(values, labels, place="t") == values


def test_integers_that_count_from_one_are_not_taken_for_indices():
    with pytest.raises(DataInputError, match=r"\[1, 2, 3\].*seems to count its classes from 1, .*by name"):
        match_labels([1, 2, 3], NAMES, place="t")
    with pytest.raises(DataInputError, match=r"count its classes from 1"):
        match_labels([1, 2, 3, 2], ("low", "2nd", "high"), place="t")


def test_names_can_not_be_told_from_generic_labels():
    with pytest.raises(DataInputError, match=r"\[bad, good\].*\[LABEL_0, LABEL_1\]; set model\.config\.id2label"):
        match_labels(["good", "bad"], GENERIC, place="t")


def test_a_long_list_of_labels_is_cut():
    with pytest.raises(DataInputError, match="and 80 more") as caught:
        match_labels([f"x{i}" * 40 for i in range(100)], NAMES, place="t")
    assert len(str(caught.value)) < 2_000


@pytest.mark.parametrize(
    ("tags", "labels", "class_names", "expected"),
    [
        ([[0, 1, 2]], BIO, (), [(0, 1, 2)]),
        ([["0", "1", "2"]], BIO, (), [(0, 1, 2)]),
        ([["O", "B-PER", "I-PER"]], BIO, (), [(0, 1, 2)]),
        ([["O", "I-PER", "I-PER"]], BIO, (), [(0, 1, 2)]),
        ([["S-LOC", "B-PER", "E-PER"]], BIO, (), [(3, 1, 2)]),
        ([["PER", "PER", "O", "LOC"]], BIO, (), [(1, 2, 0, 3)]),
        ([["O", "B-PER", "I-PER"]], ("O", "PER"), (), [(0, 1, 1)]),
        ([["O", "B-PER", "I-PER", "B-PER"]], ("O", "I-PER"), (), [(0, 1, 1, 1)]),
        ([["B-PER", "I-PER", "B-PER"]], ("O", "B-PER", "E-PER", "I-PER", "S-PER"), (), [(1, 2, 4)]),
        ([["B-PER", "I-PER", "B-PER"]], ("O", "B-PER", "L-PER", "I-PER", "U-PER"), (), [(1, 2, 4)]),
        ([["B_PER", "I_PER"]], ("O", "B_PER", "I_PER"), (), [(1, 2)]),
        ([["b-per", "o"]], ("O", "B-PER"), (), [(1, 0)]),
        ([[2, 1]], BIO, ("O", "B-LOC", "B-PER"), [(1, 3)]),
        ([[1, 0]], ("LABEL_0", "LABEL_1"), ("O", "B-PER"), [(1, 0)]),
        ([["NOUN", "VERB", "VERB"]], ("NOUN", "VERB"), (), [(0, 1, 1)]),
    ],
)
def test_tags_that_match(tags, labels, class_names, expected):
    assert match_tags(tags, labels, place="t", class_names=class_names) == expected


@pytest.mark.parametrize("tags", [[["B-MISC"]], [[9]], [[None]], [["O", 1]]])
def test_tags_that_do_not_match(tags):
    with pytest.raises(DataInputError, match=r"the data has \[.*\], the model has \[O, B-PER"):
        match_tags(tags, BIO, place="t")


SPANS = st.lists(st.tuples(st.integers(1, 3), st.integers(0, 2), st.sampled_from(["PER", "LOC"])), max_size=6)


@given(SPANS, st.sampled_from(["BIO", "BIOES", "BILOU"]))
def test_spans_survive_every_scheme(drawn, scheme):
    spans, position = [], 0
    for length, gap, kind in drawn:
        spans.append((position + gap, position + gap + length, kind))
        position += gap + length
    tags = spelled(spans, position + 1, scheme)
    assert entity_spans(tags) == spans
    (bio,) = respelled([tags], "BIO")
    assert entity_spans(bio) == spans


def test_a_closed_span_stays_closed():
    spans = entity_spans(["B-PER", "E-PER", "I-PER", "S-PER", "I-PER"])
    assert [(start, end) for start, end, _ in spans] == [(0, 2), (2, 3), (3, 4), (4, 5)]


def test_schemes_are_told_apart():
    assert scheme_of(["O", "I-PER"]) == "I-only"
    assert scheme_of(["O", "PER"]) == "plain"
    assert scheme_of(BIO) == "BIO"
