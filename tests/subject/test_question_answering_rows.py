"""Question answering: the forms in which tables hold questions, contexts and right answers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from modelaudit.errors import DataInputError
from modelaudit.rows import Row
from modelaudit.subject.tables import read_table
from modelaudit.subject.task import NO_LABEL, NO_TEXT, ColumnChoice, RowBatch
from modelaudit.subject.tasks.question_answering import QuestionAnswering
from modelaudit.subject.tasks.question_rows import NO_QUESTION
from modelaudit.subject.tasks.span_truths import ELSEWHERE, NOT_THERE, PARTLY, SEVERAL, UNANSWERABLE

CONTEXT = "Anna paid 😀 the claim. 彼得在伦敦。 The film was bad, and Anna left."
ASKED = {"question": "Who paid?", "context": CONTEXT}


def batch_of(data: Any, **choice: Any) -> RowBatch:
    return QuestionAnswering().rows(read_table(data, name="t"), (), ColumnChoice(**choice))


def row_of(**cells: Any) -> Row:
    return batch_of([{**ASKED, **cells}]).rows[0]


@pytest.mark.parametrize(
    "cells",
    [
        {"answers": {"text": ["Anna left"], "answer_start": [CONTEXT.index("Anna left")]}},
        {"answers": {"text": np.array(["Anna left"], dtype=object), "answer_start": np.array([52], dtype=np.int32)}},
        {"answers": {"text": "Anna left", "answer_start": "52"}},
        {"answers": [{"text": "Anna left", "answer_start": 52}]},
        {"answers": json.dumps({"text": ["Anna left"], "answer_start": [52]})},
        {"answers": "{'text': ['Anna left'], 'answer_start': [52]}"},
        {"answers": ["Anna left"]},
        {"answer": "Anna left", "answer_start": 52},
        {"answer_text": " Anna left ", "answer_start": "51"},
        {"label": "Anna left"},
    ],
)
def test_right_answers_are_read_in_the_forms_that_tables_have(cells: dict[str, Any]) -> None:
    batch = batch_of([{**ASKED, **cells}])
    row = batch.rows[0]
    assert not batch.set_aside
    assert row.answers == ("Anna left",)
    assert [row.text[start:end] for start, end in row.spans or ()] == ["Anna left"]
    assert (row.text, row.companion, row.columns) == (CONTEXT, "Who paid?", {})


def test_a_data_frame_and_a_file_hold_the_same_rows(tmp_path: Path) -> None:
    records = [{**ASKED, "answers": {"text": ["彼得"], "answer_start": [CONTEXT.index("彼得")]}, "id": "q1"}]
    path = tmp_path / "t.jsonl"
    path.write_text("\n".join(map(json.dumps, records)))
    rows = [batch_of(source).rows[0] for source in (records, pd.DataFrame(records))]
    rows.append(QuestionAnswering().rows(read_table(path, name="t"), (), ColumnChoice()).rows[0])
    assert rows[0] == rows[1] == rows[2]
    assert rows[0].columns == {"id": "q1"}


@pytest.mark.parametrize(
    ("answers", "spans", "remark"),
    [
        ({"text": ["Anna"], "answer_start": [51]}, ((52, 56),), ELSEWHERE),
        ({"text": ["Anna"], "answer_start": [-1]}, ((0, 4),), ELSEWHERE),
        ({"text": ["Anna"], "answer_start": [10**9]}, ((52, 56),), ELSEWHERE),
        (["Anna"], ((0, 4),), SEVERAL),
        (["Berlin"], None, NOT_THERE),
        (["Berlin", "彼得"], ((23, 25),), PARTLY),
        ([], (), UNANSWERABLE),
        ({"text": [], "answer_start": []}, (), UNANSWERABLE),
        # No word of its own, where one would be: as a part of "Anna".
        (["nn"], ((1, 3),), SEVERAL),
    ],
)
def test_an_answer_is_found_or_its_row_is_counted(answers: Any, spans: Any, remark: str) -> None:
    batch = batch_of([{**ASKED, "answers": answers}])
    assert batch.rows[0].spans == spans
    assert batch.set_aside == {remark: 1}


def test_without_a_start_a_whole_word_goes_before_a_part_of_one() -> None:
    batch = batch_of([{"question": "What?", "context": "A party of art lovers.", "answer": "art"}])
    assert batch.rows[0].spans == ((11, 14),)
    assert not batch.set_aside


def test_equal_answers_of_several_people_are_one_and_their_order_is_kept() -> None:
    at = CONTEXT.index("Anna left")
    row = row_of(answers={"text": ["Anna left", "Anna", "Anna left"], "answer_start": [at, 0, at]})
    assert row.answers == ("Anna left", "Anna")
    assert row.spans == ((at, at + 9), (0, 4))


def test_a_column_says_that_there_is_no_answer() -> None:
    batch = batch_of(
        [
            {**ASKED, "answer": "Anna", "answer_start": 0, "is_impossible": False},
            {**ASKED, "answer": "", "answer_start": None, "is_impossible": True},
            {**ASKED, "answer": "", "answer_start": None, "is_impossible": False},
        ]
    )
    assert [row.answers for row in batch.rows] == [("Anna",), ()]
    assert batch.set_aside == {UNANSWERABLE: 1, NO_LABEL: 1}


def test_rows_without_question_or_context_are_left_out_and_counted() -> None:
    batch = batch_of(
        [
            {**ASKED, "answers": ["彼得"]},
            {"question": " ", "context": CONTEXT, "answers": ["彼得"]},
            {"question": "Who?", "context": None, "answers": ["彼得"]},
            {**ASKED, "answers": None},
        ]
    )
    assert [row.id for row in batch.rows] == ["t:1"]
    assert batch.set_aside == {NO_TEXT: 1, NO_QUESTION: 1, NO_LABEL: 1}


def test_a_table_without_answers_has_no_truth() -> None:
    batch = batch_of([ASKED, ASKED])
    assert batch.label_column is None
    assert [(row.answers, row.spans) for row in batch.rows] == [(None, None)] * 2


def test_columns_can_be_named() -> None:
    data = [{"q": "Who?", "page": CONTEXT, "truth": "彼得", "who": "p1"}]
    batch = batch_of(data, text="page", label="truth", group="who", pair="q")
    assert (batch.text_column, batch.pair_column, batch.label_column) == ("page", "q", "truth")
    assert (batch.rows[0].companion, batch.rows[0].group, batch.rows[0].answers) == ("Who?", "p1", ("彼得",))


@pytest.mark.parametrize(
    ("data", "message"),
    [
        ([{"context": CONTEXT}], "no question column found .* --pair-column"),
        ([{"question": "Who?"}], "no context column found .* --text-column"),
        ([{**ASKED, "answers": [3]}], "column 'answers': an answer is text, a list of texts"),
        ([{**ASKED, "answers": [{"text": [3]}]}], "not a int"),
        ([{"question": "Who?", "context": ["a", "b"]}], "row 1 of column 'context' is not text"),
        ([{"question": "", "context": CONTEXT}], "no row has something in each of 'context', 'question'"),
    ],
)
def test_what_cannot_be_used_is_named(data: Any, message: str) -> None:
    with pytest.raises(DataInputError, match=message):
        batch_of(data)


def test_a_text_that_only_looks_like_a_list_is_an_answer() -> None:
    context = "He wrote [1 and {2: left"
    batch = batch_of([{"question": "What?", "context": context, "answer": "[1 and {2"}])
    assert batch.rows[0].spans == ((9, 18),)


def test_lone_surrogates_are_replaced() -> None:
    row = row_of(answers=["Anna", "\ud800"])
    assert row.answers == ("Anna",)


def test_the_file_that_squad_is_published_as_has_a_row_a_question(tmp_path: Path) -> None:
    said = {"text": "彼得", "answer_start": CONTEXT.index("彼得")}
    questions = [
        {"id": "q1", "question": "Who?", "answers": [said, said], "is_impossible": False},
        {"id": "q2", "question": "Why?", "answers": [], "plausible_answers": [said], "is_impossible": True},
    ]
    articles = [{"title": "Claims", "paragraphs": [{"context": CONTEXT, "qas": questions}] * 2}]
    path = tmp_path / "dev.json"
    path.write_text(json.dumps({"version": "v2.0", "data": articles}))
    batch = QuestionAnswering().rows(read_table(path, name="dev.json"), (), ColumnChoice(group="title"))
    assert [(row.id, row.companion, row.answers, row.group) for row in batch.rows] == [
        ("dev.json:1", "Who?", ("彼得",), "Claims"),
        ("dev.json:2", "Why?", (), "Claims"),
        ("dev.json:3", "Who?", ("彼得",), "Claims"),
        ("dev.json:4", "Why?", (), "Claims"),
    ]
    assert batch.set_aside == {UNANSWERABLE: 2}
