"""Entities that tags spell out: every scheme reads as it is meant."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelaudit.subject.schemes import spelled
from modelaudit.text.tags import entity_spans, type_of

SPANS = [(0, 2, "PER"), (2, 3, "PER"), (4, 5, "LOC")]


@pytest.mark.parametrize(
    "tags",
    [
        "B-PER I-PER B-PER O B-LOC",
        "I-PER I-PER B-PER O I-LOC",
        "B-PER E-PER S-PER O S-LOC",
        "B-PER L-PER U-PER O U-LOC",
        "B_PER I_PER B_PER O B_LOC",
    ],
)
def test_every_scheme_gives_the_same_entities(tags):
    assert entity_spans(tags.split()) == SPANS


def test_bare_types_and_an_inside_without_its_beginning_are_read_as_they_are_meant():
    assert entity_spans(["PER", "PER", "O", "LOC"]) == [(0, 2, "PER"), (3, 4, "LOC")]
    assert entity_spans(["O", "I-PER", "I-LOC"]) == [(1, 2, "PER"), (2, 3, "LOC")]
    assert entity_spans([]) == []
    assert [type_of(tag) for tag in ("O", "B-PER", "E_LOC", "PER", "B-A-B")] == [None, "PER", "LOC", "PER", "A-B"]


@given(st.lists(st.sampled_from(["O", "B-A", "I-A", "E-A", "S-A", "B-B", "I-B", "L-B", "U-B", "A"]), max_size=12))
def test_entities_that_are_spelled_in_any_scheme_that_tells_them_apart_are_read_back(tags):
    spans = entity_spans(tags)
    for scheme in ("BIO", "BIOES", "BILOU"):
        assert entity_spans(spelled(spans, len(tags), scheme)) == spans
