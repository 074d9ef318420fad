"""Question answering: what is judged, and which part of a context a model answers with."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from question_models import finder, handle, random_model, tokenizer_of
from tiny_models import save

from modelaudit.errors import DataInputError, ModelInputError
from modelaudit.rows import Row
from modelaudit.subject.model import Model
from modelaudit.subject.subject import Subject
from modelaudit.subject.tasks.question_answering import QuestionAnswering
from modelaudit.subject.tasks.span_truths import UNANSWERABLE
from modelaudit.subject.windows import QuestionReader

FILLER = "peter paid the claim in london . " * 30


def row_of(question: str, context: str, *answers: str, id: str = "t:1") -> Row:
    spans = tuple((context.index(answer), context.index(answer) + len(answer)) for answer in answers)
    return Row(id, context, companion=question, answers=answers, spans=spans)


def rows() -> list[Row]:
    return [
        row_of("who is good ?", "anna is good . peter is bad .", "anna", "anna is"),
        row_of("who is bad ?", "anna is good . peter is bad .", "peter"),
        Row("t:3", "peter is in london .", companion="was she bad ?", answers=(), spans=()),
        row_of("a film ?", FILLER + "anna was in the film . " + FILLER, "anna"),
    ]


@pytest.fixture(scope="module")
def random() -> Model:
    return handle(random_model())


def told(model: Any, window: dict[str, Any]) -> Any:
    with torch.inference_mode():
        return model(**{name: torch.tensor([part]) for name, part in window.items()})


def test_the_loss_is_the_one_that_such_models_are_trained_with(random: Model) -> None:
    asked = rows()[:3]
    losses = random.loss(asked)
    for place, row in enumerate(asked):
        window = random.opened.tokenizer(row.companion, row.text)
        ends = [row.spans[0][0], row.spans[0][1] - 1] if row.spans else []
        at = [window.char_to_token(end, sequence_index=1) for end in ends] or [0, 0]
        with torch.inference_mode():
            output = random.opened.model(
                **{name: torch.tensor([part]) for name, part in window.items()},
                start_positions=torch.tensor(at[:1]),
                end_positions=torch.tensor(at[1:]),
            )
        assert losses.per_row[place] == pytest.approx(float(output.loss), abs=1e-5)


def test_an_answer_is_judged_in_the_window_that_shows_most_around_it(random: Model) -> None:
    row = rows()[3]
    encoding = random.encodings([row])[0]
    tokenizer = random.opened.tokenizer
    called = tokenizer(
        row.companion, row.text, truncation="only_second", max_length=48, stride=16, return_overflowing_tokens=True
    )
    anna = tokenizer.convert_tokens_to_ids("anna")
    margins = {}
    for window in called["input_ids"]:
        if anna in window:
            at = window.index(anna)
            margins[tuple(window)] = min(at - 7, len(window) - 2 - at)
    assert len(margins) > 1
    assert margins[tuple(encoding.input.ids)] == max(margins.values())
    assert [int(encoding.input.ids[at]) for at in encoding.input.gather] == [anna, anna]  # type: ignore[union-attr]


def test_the_answer_is_cut_out_of_whichever_window_holds_it() -> None:
    model = handle(finder("anna"))
    answers = model.answers(rows())
    assert answers.texts[0] == "anna"
    assert answers.texts[3] == "anna"
    assert answers.ended.all()
    assert not answers.truncated.any()


def test_characters_of_an_answer_are_those_of_the_context(random: Model) -> None:
    contexts = ["彼得 Anna😀 PAID \u200b the Claim — in 伦敦。", "ANNA  was\tnot \n very good !", "ﬁlm ﬁlm ﬁlm"]
    answers = random.answers([Row(str(i), text, companion="who ?") for i, text in enumerate(contexts)])
    for text, context in zip(answers.texts, contexts, strict=True):
        assert text
        assert text in context
        assert text == text.strip()


def test_the_best_span_is_the_best_of_all_pairs_of_places(random: Model) -> None:
    lengths = set()
    separator = random.opened.tokenizer.sep_token_id
    sentence = "the film is bad and anna paid a very good claim in london , not peter "
    for first in range(0, len(sentence), 5):
        text = (sentence[first:] + sentence[:first]).strip()
        row = Row("t:1", text, companion="who ?")
        window = dict(random.opened.tokenizer(row.companion, row.text, return_offsets_mapping=True))
        offsets = window.pop("offset_mapping")
        output = told(random.opened.model, window)
        starts, ends = output.start_logits[0].tolist(), output.end_logits[0].tolist()
        context = range(window["input_ids"].index(separator) + 1, len(starts) - 1)
        score, start, end = max((starts[i] + ends[j], i, j) for i in context for j in context if i <= j < i + 30)
        answer = random.answers([row])
        assert answer.texts == (row.text[offsets[start][0] : offsets[end][1]],)
        log_prob = score - np.logaddexp.reduce(starts) - np.logaddexp.reduce(ends)
        assert answer.log_probs[0] == pytest.approx(log_prob, abs=1e-4)
        lengths.add(end - start)
    assert max(lengths) > 0


@pytest.mark.parametrize(
    ("leaves_open", "otherwise", "open_"), [(True, 3.0, True), (True, -3.0, False), (False, 3.0, False)]
)
def test_no_answer_is_an_answer_only_where_the_table_has_such_questions(
    leaves_open: bool, otherwise: float, open_: bool
) -> None:
    model = handle(finder("anna", otherwise=otherwise))
    model.encoder = replace(model.encoder, leaves_open=leaves_open)
    answers = model.answers([Row("t:1", "peter is in london", companion="who ?"), row_of("who ?", "not anna", "anna")])
    assert [not text for text in answers.texts] == [open_, False]
    assert answers.texts[1] == "anna"


def test_the_table_decides_whether_questions_may_be_left_open(random: Model) -> None:
    task = QuestionAnswering()
    for asked, leaves_open in ((rows()[:2], False), (rows(), True)):
        reader, remarks = task.settled(random.encoder, asked, opened=random.opened)
        assert (reader.leaves_open, remarks) == (leaves_open, ())


def test_rows_are_answered_alike_alone_and_together(random: Model) -> None:
    together = random.answers(rows())
    alone = [random.answers([row]) for row in rows()]
    assert together.texts == tuple(answer.texts[0] for answer in alone)
    assert together.log_probs.tolist() == [answer.log_probs[0] for answer in alone]


def test_the_words_of_the_answer_always_stay(random: Model) -> None:
    row = row_of("who is good ?", "anna is good . peter is bad .", "peter is")
    (players,) = random.players([row])
    assert players == ("who", "is", "good", "?", "anna", "is", "good", ".", "bad", ".")
    keep = np.zeros((1, len(players)), dtype=np.bool_)
    for hide in random.hidings:
        (masked,) = random.predict_masked([row], [keep], hide=hide)
        assert masked.logits.shape == (2, 1)
        assert np.isfinite(masked.logits).all()
    tokens = random.opened.tokenizer(row.companion, row.text)
    (segments,) = random.task.segment([random.task.content(row)], random.encoder)
    stay = [at for at, player in enumerate(segments.player_of_position) if player < 0]
    assert [tokens.tokens()[at] for at in stay] == ["[CLS]", "[SEP]", "peter", "is", "[SEP]"]


def test_all_words_may_go_where_the_context_holds_no_answer(random: Model) -> None:
    (players,) = random.players([rows()[2]])
    assert players == ("was", "she", "bad", "?", "peter", "is", "in", "london", ".")


def test_a_question_that_is_too_long_loses_its_end_and_is_counted(random: Model) -> None:
    row = row_of("who paid the claim ? " * 50, "anna paid .", "anna")
    encoding = random.encodings([row])[0]
    assert len(encoding.input.ids) <= 48
    # "who" has three tokens, and a question a third of the 45 that are no special ones.
    assert encoding.tokens_lost == 50 * 7 - 15
    assert random.predict([row]).truncated.tolist() == [True]
    assert random.answers([row]).truncated.tolist() == [True]
    assert np.isfinite(random.loss([row]).per_row).all()


def test_an_answer_that_is_not_there_has_no_loss_and_other_rows_do(random: Model) -> None:
    gone = Row("t:9", "peter is in london .", companion="who ?", answers=("Berlin",), spans=None)
    losses = random.loss([rows()[0], gone])
    assert np.isfinite(losses.per_row[0])
    assert np.isnan(losses.per_row[1])
    with pytest.raises(DataInputError, match="t:7 has no right answer"):
        random.loss([Row("t:7", "peter is in london .", companion="who ?")])


def test_a_context_without_a_token_is_left_open(random: Model) -> None:
    answers = random.answers([Row("t:1", " \u200b ", companion="who ?"), Row("t:2", "", companion="")])
    assert answers.texts == ("", "")
    assert np.isfinite(answers.log_probs).all()


def test_a_tokenizer_without_characters_and_one_without_room_are_named() -> None:
    class Slow:
        is_fast = False

    with pytest.raises(ModelInputError, match="tiny: its Slow can't tell where its tokens stand"):
        QuestionReader.of(Slow(), length=384, name="tiny")
    with pytest.raises(ModelInputError, match="too few for a question and a context"):
        QuestionReader.of(tokenizer_of(4), length=4, name="tiny")


def test_a_head_that_searches_spans_itself_is_named() -> None:
    model = random_model(start_n_top=5)
    with pytest.raises(ModelInputError, match="searches spans itself"):
        QuestionAnswering().labels(model)


def test_a_folder_is_opened_and_its_rows_say_that_questions_may_be_left_open(
    tmp_path: Path, subject_of: Callable[..., Subject]
) -> None:
    folder = save(finder("anna", otherwise=3.0), tmp_path / "qa", tokenizer_of())
    data = [
        {"question": "who ?", "context": "anna paid .", "answers": {"text": ["anna"], "answer_start": [0]}},
        {"question": "who ?", "context": "peter paid .", "answers": {"text": [], "answer_start": []}},
    ]
    subject = subject_of(folder, data)
    table = subject.info.evaluation
    assert subject.info.task == "question-answering"
    assert (table.text_column, table.label_column, table.rows) == ("context", "answers", 2)
    assert table.set_aside == {UNANSWERABLE: 1}
    assert subject.model.answers(subject.data.evaluation).texts == ("anna", "")
    only_answered = subject_of(folder, data[:1])
    assert only_answered.model.answers(subject.data.evaluation[1:]).texts != ("",)


def test_only_a_window_that_shows_a_whole_answer_holds_it(random: Model) -> None:
    inner = "anna was in the film and she paid a very good claim"
    row = row_of("who ?", f"{FILLER}{inner} . {FILLER}", inner)
    (reading,) = random.encoder.readings([(row.companion, row.text)])
    assert row.spans is not None
    found = [(window, window.places_of(row.spans[0])) for window in reading.windows]
    spelled = random.opened.tokenizer(inner, add_special_tokens=False)["input_ids"]
    whole = [window.tokens.ids[places[0] : places[1] + 1].tolist() for window, places in found if places is not None]
    assert whole
    assert all(ids == spelled for ids in whole)
    assert any(spelled[0] in window.tokens.ids for window, places in found if places is None)
    endless = row_of("who ?", f"bad {FILLER}.", FILLER.strip())
    assert np.isnan(random.loss([endless]).per_row).all()


def test_two_contexts_are_told_apart_wherever_they_differ(random: Model) -> None:
    row = rows()[3]
    far = replace(row, text=f"{row.text} bad")
    near, other = random.encodings([row, far])
    assert near.input.key == other.input.key
    assert random.fingerprints([row])[0] != random.fingerprints([far])[0]
    assert random.fingerprints([row]) == random.fingerprints([replace(row, text=row.text.upper())])
