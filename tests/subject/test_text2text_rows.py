"""Text to text: the forms in which tables hold sources and targets."""

from __future__ import annotations

from typing import Any

import pytest

from modelaudit.errors import DataInputError
from modelaudit.subject.tables import read_table
from modelaudit.subject.task import NO_LABEL, NO_TEXT, ColumnChoice, RowBatch
from modelaudit.subject.tasks.text2text_generation import Text2TextGeneration

GREETING = {"en": "Good day", "de": "Guten Tag"}


def batch_of(data: Any, **choice: Any) -> RowBatch:
    return Text2TextGeneration().rows(read_table(data, name="t"), (), ColumnChoice(**choice))


@pytest.mark.parametrize(
    ("source", "target", "more"),
    [
        ("document", "summary", {"id": "1"}),
        ("article", "highlights", {"id": "1"}),
        ("dialogue", "summary", {"id": "1"}),
        ("text", "summary", {"title": "One two three four"}),
        ("source", "target", {}),
        ("input_text", "target_text", {"prefix": "summarize"}),
        ("question", "answer", {}),
    ],
)
def test_columns_are_found_by_the_names_that_tables_have(source: str, target: str, more: dict[str, str]) -> None:
    batch = batch_of([{source: "A long text.", target: "Short."} | more] * 2)
    assert (batch.text_column, batch.label_column) == (source, target)
    assert [(row.text, row.answer, row.columns) for row in batch.rows] == [("A long text.", "Short.", more)] * 2


@pytest.mark.parametrize("choice", [{"text": "en", "label": "de"}, {"text": "en"}, {"label": "de"}])
def test_a_translation_is_read_from_the_language_that_the_user_names(choice: dict[str, str]) -> None:
    batch = batch_of(
        [{"translation": GREETING, "id": 3}, {"translation": {"en": "Well\ud800", "de": "Gut"}, "id": 4}], **choice
    )
    assert [(row.text, row.answer) for row in batch.rows] == [("Good day", "Guten Tag"), ("Well�", "Gut")]
    assert (batch.text_column, batch.label_column) == ("en", "de")
    assert batch.rows[0].columns == {"id": 3}


def test_of_three_languages_two_are_named() -> None:
    data = [{"translation": {**GREETING, "fr": "Bonjour"}}]
    assert batch_of(data, text="fr", label="de").rows[0].answer == "Guten Tag"
    assert batch_of(data, text="fr").rows[0].answer is None


def test_a_column_of_texts_may_be_called_translation() -> None:
    batch = batch_of([{"source": "Good day", "translation": "Guten Tag"}])
    assert batch.rows[0].answer == "Guten Tag"


def test_rows_without_source_or_target_are_left_out_and_counted() -> None:
    data = [
        {"document": "A", "summary": "a"},
        {"document": " ", "summary": "b"},
        {"document": "C", "summary": ""},
        {"document": None, "summary": None},
    ]
    batch = batch_of(data)
    assert [row.id for row in batch.rows] == ["t:1"]
    assert batch.set_aside == {NO_TEXT: 2, NO_LABEL: 1}


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([{"translation": GREETING}], "holds texts in 'en', 'de', and nothing says which"),
        ([{"document": {"a": 1}, "summary": "b"}], "row 1 of column 'document' is not text"),
        ([{"document": "a", "summary": ["b"]}], "an answer is text, not a list"),
        ([{"x": 1, "y": 2}], "no text column found"),
    ],
)
def test_what_cannot_be_used_is_named(data: Any, message: str) -> None:
    with pytest.raises(DataInputError, match=message):
        batch_of(data)
