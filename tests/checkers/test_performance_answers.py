"""Task performance where answers are text: the field's scores with intervals, and what simple answers would get."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
import torch
from media_models import blank_reader, question_rows, word_tokenizer
from media_models import said as written
from spoken_for import Answering, context, findings_of, subject
from transformers import GPT2Config, GPT2LMHeadModel

from modelaudit.checkers.performance.checker import TaskPerformance
from modelaudit.errors import NotAssessable
from modelaudit.media.picture import Picture
from modelaudit.rows import Row
from modelaudit.subject.opened import OpenedModel
from modelaudit.subject.subject import build_subject


def measured(task, rows, **given):
    ctx = context(task, rows, **given)
    return {key[0]: finding for key, finding in findings_of(TaskPerformance(), ctx).items()}, ctx


def question(place, *, said, answers=("the Seine",), group=None):
    return Row(
        f"r:{place}", f"context {place} of the Seine", companion="where?", answers=answers, group=group,
        columns={"said": said},
    )  # fmt: skip


def table_of(finding, title):
    return next(item for item in finding.evidence if item.kind == "table" and item.title.startswith(title))


def test_questions_are_scored_as_squads_scorer_does():
    kinds = [("Seine.", ("the Seine",)), ("the river Seine", ("Seine",)), ("", ()), ("Rhine", ())]
    rows = [question(place, said=kinds[place % 4][0], answers=kinds[place % 4][1]) for place in range(80)]
    found, ctx = measured("question-answering", rows)
    assert found["exact_match"].metric.value == pytest.approx(0.5)
    assert found["answer_f1"].metric.value == pytest.approx((1 + 2 / 3 + 1 + 0) / 4)
    assert found["has_answer_f1"].metric.value == pytest.approx((1 + 2 / 3) / 2)
    assert found["no_answer_accuracy"].metric.value == pytest.approx(0.5)
    assert found["no_answer_accuracy"].metric.n == 40
    low, high = found["answer_f1"].metric.grid[3][1:]
    assert 0.0 <= low < found["answer_f1"].metric.value < high <= 1.0
    gain = found["gain_over_commonest"]
    assert gain.metric.primary
    assert gain.metric.value == pytest.approx((1 + 2 / 3) / 4 + 0 - 1 / 4)
    assert "no answer, whatever the question" in gain.statement
    cells = table_of(found["answer_f1"], "Questions with").rows
    assert cells[0][:3] == ("with an answer", 40, "50.0%")
    assert cells[1][4] == "50.0%", "half of the open questions were left open"
    assert not ctx.notes


def test_where_every_question_has_an_answer_no_constant_is_held_against_the_model():
    rows = [question(place, said="Seine") for place in range(40)]
    found, ctx = measured("question-answering", rows)
    assert set(found) == {"answer_f1", "exact_match"}
    assert any("no constant is right" in note for note in ctx.notes)
    assert found["answer_f1"].metric.value == 1.0
    assert found["answer_f1"].metric.grid[3][1] < 0.95, "forty right answers are no certainty"


def test_written_texts_are_scored_against_copies_of_their_source():
    source = "the long report speaks of many things and then of the harvest which was good"
    rows = [
        Row(f"r:{k}", f"{source} {k}", answer=f"a good harvest {k}", columns={"said": f"a good harvest {k}"})
        for k in range(60)
    ]
    found, ctx = measured("text2text-generation", rows, model=Answering(nats=0.5))
    assert found["chrf"].metric.value == found["exact_match"].metric.value == found["rouge_l"].metric.value == 1.0
    assert found["gain_over_source"].metric.grid[3][1] > 0.5
    letters = sum(len("agoodharvest") + len(str(place)) for place in range(60))
    assert found["loss_per_token"].metric.value == pytest.approx(0.5 * letters / 240)
    assert found["perplexity"].metric.value == pytest.approx(math.exp(0.5 * letters / 240))
    assert ctx.model.asked == [(60, 128)]
    copied = [replace(row, columns={"said": row.text[:16]}) for row in rows]
    weak, ctx = measured("text2text-generation", copied, model=Answering(ended=False))
    assert weak["gain_over_source"].metric.grid[3][2] < 0.05
    assert any("60 answers were cut at 128 new tokens" in note for note in ctx.notes)


def test_short_answers_to_prompts_count_by_their_first_line():
    rows = [
        Row(f"r:{place}", f"2 + {place} is", answer=" B" if place % 3 else " A", columns={"said": "A\nNext question"})
        for place in range(60)
    ]
    found, _ = measured("text-generation", rows)
    assert found["exact_match"].metric.value == pytest.approx(1 / 3), "A is right and B is not, though both are short"
    assert found["gain_over_commonest"].metric.value == pytest.approx(1 / 3 - 2 / 3)
    assert found["gain_over_commonest"].metric.grid[3][2] < 0
    assert found["loss_per_token"].metric.value == pytest.approx(0.5)


def test_a_number_with_another_sign_is_no_exact_match():
    told = ("3", "-3.", "-3", "-30")
    rows = [Row(f"r:{k}", f"{k} - 3 is", answer=" -3", columns={"said": told[k % 4]}) for k in range(60)]
    found, _ = measured("text-generation", rows)
    assert found["exact_match"].metric.value == pytest.approx(0.5)


def test_long_answers_have_a_loss_and_no_exact_match():
    rows = [Row(f"r:{place}", f"tell {place}", answer=" word" * 30, columns={"said": "x"}) for place in range(40)]
    found, ctx = measured("text-generation", rows)
    assert set(found) == {"loss_per_token", "perplexity"}
    assert found["perplexity"].metric.value == pytest.approx(math.exp(2.0))
    assert ctx.model.asked == []
    assert ctx.notes == ["40 of 40 answers are longer than 10 words, so no exact match is counted."]
    mixed = [replace(row, answer=" word" if place % 4 else row.answer) for place, row in enumerate(rows)]
    assert measured("text-generation", mixed)[1].notes[-1].startswith("10 of 40 answers are longer than 10 words")
    mute = Answering(capabilities=("loss",))
    found, ctx = measured("text-generation", [replace(row, answer=" word") for row in rows], model=mute)
    assert "exact_match" not in found
    assert "The model can't be asked for answers of its own" in ctx.notes[-1]


@pytest.mark.parametrize("task", ["text-generation", "fill-mask"])
def test_rows_that_are_not_judged_or_not_whole_are_noted(task):
    rows = [Row(f"r:{place}", f"four words of {place}", columns={"too long": place < 7}) for place in range(60)]
    rows += [Row(f"e:{place}", " " * (1 + place), columns={}) for place in range(3)]
    found, ctx = measured(task, rows)
    assert found["loss_per_token"].metric.n == 60
    assert "7 rows are longer than the model takes; their loss is that of what it reads of them." in ctx.notes
    assert any("no token that can be judged, and are left out of the loss" in note for note in ctx.notes)


@pytest.mark.parametrize(("task", "metric"), [("text-generation", "perplexity"), ("fill-mask", "pseudo_perplexity")])
def test_texts_of_a_language_model_are_their_own_truth(task, metric):
    rows = [Row(f"r:{place}", f"four words of text{place % 10}", columns={}) for place in range(200)]
    rows += [Row(f"s:{place}", f"{'ab ' * place}", columns={}) for place in range(1, 60)]
    found, _ = measured(task, rows, model=Answering(nats=0.25))
    distinct = {row.text.strip(): row for row in rows}
    tokens = [token for text in distinct for token in text.split()]
    assert found[metric].metric.value == pytest.approx(math.exp(0.25 * np.mean([len(token) for token in tokens])))
    assert metric in found["loss_per_token"].statement or "nats" in found["loss_per_token"].statement
    assert not any(finding.metric.primary for finding in found.values())


def spoken(place, said, answer, group=None):
    return Row(f"r:{place}", f"sound {place}", answer=answer, group=group, columns={"said": said})


def test_speech_is_scored_by_errors_over_all_words():
    rows = [spoken(place, "HELLO WORLD", "Hello, world!") for place in range(30)]
    rows += [spoken(30 + place, "one two three four", "one two") for place in range(10)]
    found, _ = measured("automatic-speech-recognition", rows)
    assert found["word_error_rate"].metric.value == pytest.approx(20 / 80)
    assert found["word_error_rate"].metric.better == "lower"
    assert found["character_error_rate"].metric.value == pytest.approx(10 * 11 / (30 * 11 + 10 * 7))
    table = {row[0]: row for row in table_of(found["word_error_rate"], "Errors").rows}
    assert table["words, case and punctuation as written"][1] == 60 + 20
    assert table["words"][4] == 30
    assert any("'7' for 'seven'" in said for said in found["word_error_rate"].caveats)
    assert len(found["word_error_rate"].caveats) == 1
    rows[3] = spoken(3, "w " * 30, "w w")
    looped, _ = measured("automatic-speech-recognition", rows)
    assert looped["word_error_rate"].caveats[1].startswith("1 transcripts have more than twice as many errors")
    cut, _ = measured("automatic-speech-recognition", rows, model=Answering(ended=False))
    assert cut["character_error_rate"].caveats[1].startswith("40 transcripts have")
    silent = [spoken(place, "", "") for place in range(40)]
    found, _ = measured("automatic-speech-recognition", silent)
    assert found["word_error_rate"].metric.value is None
    assert "was not measured" in found["word_error_rate"].statement


def test_rows_of_one_speaker_make_a_wider_interval():
    rng = np.random.default_rng(1)
    rows = []
    for place in range(240):
        speaker = place // 24
        wrong = rng.binomial(10, 0.05 + 0.06 * (speaker % 5))
        rows.append(spoken(place, " ".join(["x"] * wrong + ["w"] * (10 - wrong)), " ".join(["w"] * 10), f"s{speaker}"))
    together, _ = measured("automatic-speech-recognition", rows)
    alone, _ = measured("automatic-speech-recognition", [replace(row, group=None) for row in rows])
    width = [np.diff(found["word_error_rate"].metric.grid[3][1:])[0] for found in (alone, together)]
    assert width[1] > 1.5 * width[0]


def test_texts_of_one_document_make_a_wider_interval_of_the_loss():
    rows = [Row(f"r:{k}", f"{'abcdefgh'[: 1 + k // 20]} {k:04}", group=f"d{k // 20}", columns={}) for k in range(160)]
    together, _ = measured("fill-mask", rows)
    alone, _ = measured("fill-mask", [replace(row, group=None) for row in rows])
    width = [np.diff(found["loss_per_token"].metric.grid[3][1:])[0] for found in (alone, together)]
    assert width[1] > 3.0 * width[0]
    assert len(together["loss_per_token"].metric.influence.values) == 8


def test_few_rows_rows_without_a_truth_and_other_tasks():
    rows = [question(place, said="x", answers=None) for place in range(40)]
    rows += [question(40 + place, said="x") for place in range(20)]
    with pytest.raises(NotAssessable, match="20 labelled rows"):
        measured("question-answering", rows)
    assert "not for multi-label-classification" in TaskPerformance().applies(subject("multi-label-classification"))


def seen(place, label, chances, **columns):
    picture = Picture.of_array(np.full((4, 4, 3), place, dtype=np.uint8))
    return Row(f"r:{place}", "", label=label, picture=picture, columns={"chances": chances, **columns})


def test_pictures_are_scored_as_texts_are_and_held_against_their_commonest_class():
    rows = [seen(k, int(k % 4 == 0), (0.2, 0.8) if k % 4 == 0 or k % 10 == 1 else (0.9, 0.1)) for k in range(100)]
    found, ctx = measured("image-classification", rows, model=Answering(labels=("cat", "dog")))
    assert found["accuracy"].metric.value == pytest.approx(0.9)
    assert found["accuracy"].metric.n == 100, "pictures have no text, and are no repeats of one another"
    assert found["gain_over_commonest"].metric.value == pytest.approx(0.9 - 0.75)
    assert "gain_over_linear" not in found
    twice, ctx = measured("image-classification", [*rows, replace(rows[0], id="again")], model=ctx.model)
    assert twice["accuracy"].metric.n == 100
    assert ctx.notes == ["1 rows repeat the picture of another row; of each picture one row was drawn."]


def test_the_cost_counts_a_step_a_token_where_a_model_writes():
    rows = [spoken(place, "", "") for place in range(100)]
    cost = {
        task: TaskPerformance().cost(subject(task, rows)).evaluations
        for task in (
            "question-answering",
            "text2text-generation",
            "text-generation",
            "fill-mask",
            "image-classification",
        )
    }
    assert cost == {
        "question-answering": 100,
        "text2text-generation": 100 * (1 + 128),
        "text-generation": 100 * (1 + 32),
        "fill-mask": 1200,
        "image-classification": 100,
    }
    speech = "automatic-speech-recognition"
    assert TaskPerformance().cost(subject(speech, rows)).evaluations == 100 * 224
    assert TaskPerformance().cost(subject(speech, rows, capabilities=("answers",))).evaluations == 100, "CTC: at once"


def test_real_models_are_asked_through_the_whole_subject():
    """One that marks spans, and one that reads on: what is scored is what they answer."""
    tokenizer = word_tokenizer("bert")
    reader = OpenedModel(model=blank_reader(tokenizer), tokenizer=tokenizer, name="reader")
    asked = build_subject(reader, data=question_rows(60, 1, answer=2), device="cpu")
    found, _ = measured(asked.info.task, asked.data.evaluation, model=asked.model)
    said = asked.model.answers(asked.data.evaluation).texts
    right = [text == row.answers[0] for text, row in zip(said, asked.data.evaluation, strict=True)]
    assert found["exact_match"].metric.value == pytest.approx(np.mean(right))
    assert found["answer_f1"].metric.value > np.mean(right), "some answers share a word"

    tokenizer = word_tokenizer()
    torch.manual_seed(0)
    config = GPT2Config(vocab_size=len(tokenizer), n_positions=64, n_embd=16, n_layer=1, n_head=2, eos_token_id=1)
    model = OpenedModel(model=GPT2LMHeadModel(config).eval(), tokenizer=tokenizer, name="model")
    draw = np.random.default_rng(0)
    asked = build_subject(model, data=[{"text": written(draw, 6)} for _ in range(50)], device="cpu")
    found, _ = measured(asked.info.task, asked.data.evaluation, model=asked.model)
    tokens = asked.model.token_statistics(asked.data.evaluation).log_probs
    assert found["loss_per_token"].metric.value == pytest.approx(-tokens.mean())


def test_the_order_of_rows_changes_nothing():
    rows = [question(place, said="Seine" if place % 3 else "the Rhine") for place in range(90)]
    for place, row in enumerate(rows):
        rows[place] = replace(row, answers=() if place % 5 == 0 else row.answers)
    one, other = (measured("question-answering", order)[0] for order in (rows, rows[::-1]))
    assert one == other
