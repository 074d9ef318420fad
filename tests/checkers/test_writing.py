"""What is said of answers in a model's own words: empty ones, cut ones, and a model that says nothing at all."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from spoken_for import context

from modelaudit.checker import Answers
from modelaudit.checkers.unit_keys import key_of, unit_keys
from modelaudit.checkers.writing import note_limits, refuse_silence
from modelaudit.drawing import documents
from modelaudit.errors import NotAssessable
from modelaudit.rows import Row

TEXTS = "text2text-generation"


def told(*texts, ended=True, room=True):
    n = len(texts)
    return Answers(texts, np.where(room, np.zeros(n), np.nan), np.full(n, ended), np.zeros(n, bool))


def notes_of(task, rows, answers, most=16):
    ctx = context(task, rows)
    note_limits(ctx, rows, answers, most=most)
    return ctx.notes


def test_empty_answers_are_counted_but_for_those_that_are_rightly_empty():
    truths = {"answers": [("here",), (), (), None], "answer": ["a text", " ", None, "text"]}
    for field, task, empty in (("answers", "question-answering", 2), ("answer", TEXTS, 3)):
        rows = [Row(f"r:{place}", "text", **{field: truth}) for place, truth in enumerate(truths[field])]
        [note] = notes_of(task, rows, told("", " ", "\n", ""))
        assert note.startswith(f"{empty} of 4 answers are empty")
        assert notes_of(task, rows, told("a", "", "b", "c")) == []


def test_an_answer_that_was_cut_is_told_where_the_model_ends_answers_by_itself():
    rows = [Row("r:0", "prompt", answer="x"), Row("r:1", "prompt", answer="x")]
    assert notes_of("text-generation", rows, told("a", "b", ended=False)) == []
    chats = [replace(row, turns=()) for row in rows]
    [note] = notes_of("text-generation", chats, told("a", "b", ended=False))
    assert note.startswith("2 answers were cut at 16 new tokens, or sooner where the model has no room")
    assert len(notes_of(TEXTS, rows, told("a", "b", ended=False))) == 1


@pytest.mark.parametrize(("empty", "refused"), [(18, True), (17, False)])
def test_a_model_that_says_nothing_in_nine_of_ten_answers_is_no_subject(empty, refused):
    rows = [Row(f"r:{place}", "text", answer="a text" if place % 2 else None) for place in range(20)]
    answers = told(*[""] * empty, *["word"] * (20 - empty))
    if not refused:
        refuse_silence(rows, answers)
        return
    with pytest.raises(NotAssessable, match="18 of 20 answers are empty"):
        refuse_silence(rows, answers)


def test_questions_that_are_rightly_left_open_are_no_silence():
    open_ones = [Row(f"r:{place}", "text", answers=()) for place in range(30)]
    refuse_silence(open_ones, told(*[""] * 30))
    one = [Row("r:30", "text", answers=("here",))]
    refuse_silence(open_ones + one, told(*[""] * 30, "here"))
    with pytest.raises(NotAssessable, match="1 of 1 answers"):
        refuse_silence(open_ones + one, told(*[""] * 31))


def test_prompts_without_room_for_an_answer_are_no_silence():
    rows = [Row(f"r:{place}", "prompt", answer="x") for place in range(20)]
    refuse_silence(rows, told(*[""] * 20, room=False))
    assert notes_of("text-generation", rows, told(*[""] * 20, room=False)) == []


def test_a_context_has_one_key_whichever_of_its_questions_is_drawn_first():
    rows = [Row(f"r:{place}", f"context {place // 2}", companion=f"{place}?", answers=("c",)) for place in range(6)]
    turned = rows[::-1]
    keys, others = unit_keys(rows, documents(rows)), unit_keys(turned, documents(turned))
    assert len(set(keys)) == 3
    assert set(keys) == set(others)
    assert all("context 0" not in str(key) for key in keys), "a text is no key"
    assert key_of(replace(rows[0], group="g")) == ("group", "g")
    assert key_of(Row("r:9", "text")) == ("row", "r:9")
