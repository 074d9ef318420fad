"""Weak slices of pictures, sounds and questions: a planted one is found and named, a clean twin has none."""

from __future__ import annotations

import numpy as np
import pytest
import spoken_for
from linear_media import LinearConfig, LinearForImageClassification
from measured import findings_of
from media_models import TWO_CLASSES, subject_with
from transformers import ViTImageProcessor

from modelaudit.checker import Answers
from modelaudit.checkers.performance.slices.checker import WeakSlices, _half
from modelaudit.checkers.performance.slices.conditions import conditions
from modelaudit.drawing import documents
from modelaudit.media.sound import Sound
from modelaudit.rows import Row


def brighter(n, *, dark=0.1, seed=0):
    """Return a model that tells which half is brighter, and pictures of which a tenth has the other label.

    Of dark ones, a third of all, the share `dark` has it.
    """
    model = LinearForImageClassification(LinearConfig(48, **TWO_CLASSES)).eval()
    weights = np.where(np.arange(16) < 8, 1.0, -1.0)
    model.head.weight.data[:] = model.head.weight.data.new_tensor(np.stack([-weights] * 3 + [weights] * 3)).view(2, 48)
    model.head.bias.data.zero_()
    draw = np.random.default_rng(seed)
    rows = []
    for _ in range(n):
        is_dark = draw.random() < 1 / 3
        pixels = draw.integers(0, 128, (4, 4, 3), dtype=np.uint8) + np.uint8(0 if is_dark else 100)
        upper = (pixels * weights.reshape(4, 4, 1)).sum() > 0
        wrong = draw.random() < (dark if is_dark else 0.1)
        site = "ab"[int(draw.integers(2))]
        rows.append({"image": pixels, "label": ("lower", "upper")[int(upper) ^ int(wrong)], "site": site})
    return model, rows


def found_in(model, rows):
    processor = ViTImageProcessor(do_resize=False, do_normalize=False)
    [finding] = findings_of(WeakSlices(), subject_with(model, processor=processor, data=rows)).values()
    return finding


def table_of(finding):
    return next(item for item in finding.evidence if item.kind == "table")


def test_pictures_that_are_dark_and_wrong_are_found_and_named():
    finding = found_in(*brighter(700, dark=0.5))
    assert finding.metric.grid[3][1] > 0.1
    assert "brightness (0 to 255): at most" in finding.statement
    shown = next(item for item in finding.evidence if item.kind == "examples")
    assert all(item.before is None for item in shown.items)


def test_pictures_whose_errors_are_spread_have_no_weak_slice():
    finding = found_in(*brighter(700))
    assert finding.metric.grid[3][1] < 0.05
    assert all(row[-1] == "not confirmed" for row in table_of(finding).rows)


def test_nothing_is_asked_of_the_empty_text_of_a_sound_and_kinds_are_numbered():
    draw = np.random.default_rng(0)
    rows = [
        Row(f"r:{k}", "", label=0, sound=Sound.of_array(draw.normal(0, 0.1, 800 + k).astype(np.float32), 8_000))
        for k in range(240)
    ]
    states = np.repeat(np.eye(4), 60, axis=0) + draw.normal(0, 0.01, (240, 4))
    search = np.arange(240) % 2 == 0
    found = conditions(rows, search, predicted=["x", "y"] * 120, pieces=None, states=states)
    names = [each.name for each in found]
    assert any(name.startswith("seconds: at most") for name in names)
    assert any(name.startswith("loudness") for name in names)
    assert "kind 1 of 2 by the model's states" in names
    assert all(each.public is None for each in found), "no name holds text of a row"
    assert not [name for name in names if "word" in name or "capital" in name or "English" in name]


QUESTIONS = ("who built it", "where does it stand", "when was it built", "why was it built")


def told(n, *, weak=0.15, seed=0):
    """Return the finding on questions of which so many about persons are answered wrongly, and of the others 15%."""
    draw = np.random.default_rng(seed)
    rows, said = [], {}
    for place in range(n):
        wrong = draw.random() < (weak if place % 4 == 0 else 0.15)
        context = f"tower {place} " + "long " * int(draw.integers(5, 40))
        rows.append(Row(f"r:{place}", context, companion=QUESTIONS[place % 4], answers=("right one",), spans=()))
        said[rows[-1].id] = "another" if wrong else "The right one."

    class Reader(spoken_for.Answering):
        def answers(self, asked, *, max_new_tokens=64):
            none = np.zeros(len(asked))
            return Answers(tuple(said[row.id] for row in asked), none, none == 0, none > 0)

    [finding] = WeakSlices().run(spoken_for.context("question-answering", rows, model=Reader()))
    return finding


def test_questions_about_persons_that_are_answered_wrongly_are_found():
    finding = told(800, weak=0.6)
    assert finding.metric.grid[3][1] > 0.1
    assert "question word is 'who'" in finding.statement or "has a certain word" in finding.statement
    clean = told(800)
    assert all(row[-1] == "not confirmed" for row in table_of(clean).rows)


@pytest.mark.parametrize(
    ("question", "word"),
    [("On which day?", "which"), ("名字是什么？", "什么"), ("Name it.", ""), ("Whose is it?", "whose")],
)
def test_the_word_a_question_asks_by_is_told(question, word):
    rows = [Row(f"r:{k}", f"c {k}", companion=question if k % 2 else "Name it.", answers=("x",)) for k in range(40)]
    found = conditions(rows, np.ones(40, bool), predicted=None, pieces=None, states=None)
    assert [each.name for each in found if each.kind == "question word"] == (
        [f"question word is {word!r}"] if word else []
    )


def test_questions_on_one_context_stay_in_one_half_and_count_as_one():
    rows = [Row(f"r:{k}", f"context {k // 4}", companion=f"question {k}", answers=("x",)) for k in range(80)]
    halves = [_half(row, 0) for row in rows]
    assert all(len(set(halves[k : k + 4])) == 1 for k in range(0, 80, 4))
    assert len(set(halves)) == 2
    assert len(set(documents(rows).tolist())) == 20


def test_both_texts_of_a_pair_are_looked_at():
    rows = [Row(f"r:{k}", "a man", companion="sleeps" if k % 3 else "runs", label=0) for k in range(60)]
    found = conditions(rows, np.ones(60, bool), predicted=None, pieces=None, states=None)
    assert "has the word 'runs'" in {each.name for each in found}


def test_a_task_without_right_and_wrong_is_told_so():
    subject = spoken_for.subject("text2text-generation")
    assert "right or wrong" in WeakSlices().applies(subject)
    assert WeakSlices().applies(spoken_for.subject("audio-classification")) is None


def test_edges_of_measures_are_values_that_some_have_in_whole_numbers():
    wave = np.sin(np.arange(800, dtype=np.float32))
    sounds = [Sound.of_array(wave, (8_000, 16_000, 44_100)[k % 3]) for k in range(60)]
    rows = [Row(f"r:{k}", "", label=0, sound=sound) for k, sound in enumerate(sounds)]
    found = conditions(rows, np.ones(60, bool), predicted=None, pieces=None, states=None)
    rates = [each for each in found if each.kind == "samples a second"]
    assert [each.name for each in rates] == ["samples a second: at most 8000", "samples a second: more than 16000"]
    assert [int(each.flags.sum()) for each in rates] == [20, 20]
    many = [Row(f"r:{k}", "a", label=0, columns={"income": 12_345 + k}) for k in range(60)]
    named = conditions(many, np.ones(60, bool), predicted=None, pieces=None, states=None)
    assert "at most 12365 in column 'income'" in {each.name for each in named}
