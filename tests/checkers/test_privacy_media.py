"""Privacy on pictures and sounds: what makes a record, a copy and a difference between two sources, without a model."""

from __future__ import annotations

import io
from types import SimpleNamespace

import numpy as np
import pytest
from media_models import TWO_CLASSES, blank_seer, hearing, picture_processor, pictures, sounds, subject_with
from PIL import Image
from scipy.signal import lfilter, resample_poly
from transformers import Wav2Vec2FeatureExtractor, Wav2Vec2ForSequenceClassification

from modelaudit.checker import Data
from modelaudit.checkers.privacy.blind_guard import blind_guard
from modelaudit.checkers.privacy.folds import drawn, unit
from modelaudit.checkers.privacy.media_copies import media_copies
from modelaudit.checkers.privacy.media_traits import traits
from modelaudit.checkers.privacy.membership import guards
from modelaudit.checkers.privacy.membership.sides import choose_sides
from modelaudit.checkers.privacy.record import content, extent
from modelaudit.errors import CapabilityError
from modelaudit.media.picture import Picture
from modelaudit.media.sound import Sound
from modelaudit.rows import Row
from modelaudit.subject.references import ReferenceShelf

RATE = 16_000


def pixels(seed, *, size=24, contrast=1.0, light=0.0):
    draw = np.random.default_rng(seed)
    shape = np.kron(draw.random((6, 6, 3)), np.ones((size // 6, size // 6, 1)))
    shaken = (shape - 0.5) * contrast + 0.5 + light + draw.normal(0, 0.03, (size, size, 3))
    return np.clip(shaken * 255, 0, 255).astype(np.uint8)


def seen(name, made, label=0):
    return Row(f"{name}", "", label=label, picture=Picture.of_array(made))


def encoded(made, *, size, quality):
    file = io.BytesIO()
    Image.fromarray(made).resize(size).save(file, "JPEG", quality=quality)
    return Picture.of_bytes(file.getvalue())


def wave(seed, *, seconds=1.0, loud=0.5, rate=RATE):
    """Return noise through a filter that changes twenty times a second, as in speech."""
    draw = np.random.default_rng(seed)
    parts = int(20 * seconds)
    size = rate // 20
    made = []
    for pitch, strength in zip(draw.uniform(200, 3_000, parts), draw.random(parts) ** 2, strict=True):
        poles = [1.0, -1.8 * np.cos(2 * np.pi * pitch / rate), 0.81]
        made.append(strength * lfilter([1.0], poles, draw.normal(size=size)))
    whole = np.concatenate(made)
    return (loud * whole / np.abs(whole).max()).astype(np.float32)


def heard(name, made, *, rate=RATE, answer=None, label=0):
    return Row(name, "", label=label, answer=answer, sound=Sound.of_array(made, rate))


def chosen(members, heldout, task="image-classification", **more):
    notes = []
    table = SimpleNamespace(set_aside={})
    context = SimpleNamespace(
        data=Data(evaluation=(), members=tuple(members), heldout=tuple(heldout), **more),
        subject=SimpleNamespace(task=task, members=table, heldout=table),
        seed=0,
        note=notes.append,
    )
    return choose_sides(context, size=500), notes


def test_a_record_is_known_by_its_pixels_or_samples_and_not_by_its_empty_text():
    one, same, other = seen("a", pixels(1)), seen("b", pixels(1)), seen("c", pixels(2))
    assert content(one) == content(same) != content(other)
    assert unit(one) != unit(other)
    assert [row.id for row in drawn([one, other], 2, seed=3)] == [row.id for row in drawn([other, one], 2, seed=3)]
    assert extent(one) == 24 * 24
    assert extent(heard("s", wave(1))) == 100
    pair = Row("p", "text", companion="second")
    assert content(pair) != content(Row("p", "text"))


@pytest.mark.parametrize("shape", [(1, 1), (3, 200), (8, 8), (7, 9)])
def test_traits_are_finite_for_pictures_of_any_shape(shape):
    rows = [seen("a", np.zeros((*shape, 3), np.uint8)), seen("b", np.full((*shape, 3), 255, np.uint8))]
    assert np.isfinite(traits(rows)).all()
    near, _ = media_copies(rows, training=rows, heldout=rows, seed=0)
    assert not near.in_training.any(), "a flat picture is like no other"


@pytest.mark.parametrize("samples", [1, 5, 600, 40_000])
def test_traits_are_finite_for_sounds_of_any_length(samples):
    rows = [heard("a", np.zeros(samples, np.float32)), heard("b", wave(1, seconds=3)[:samples])]
    assert np.isfinite(traits(rows)).all()


def test_a_picture_that_was_resized_and_encoded_anew_is_a_copy_and_strangers_are_none():
    training = [seen(f"t{place}", pixels(place, size=72)) for place in range(40)]
    copy = Row("h0", "", label=0, picture=encoded(pixels(3, size=72), size=(130, 110), quality=80))
    heldout = [copy, *(seen(f"h{place}", pixels(100 + place, size=72)) for place in range(1, 40))]
    found, whole = media_copies([*training, *heldout], training=training, heldout=heldout, seed=0)
    assert whole
    assert np.flatnonzero(found.in_training).tolist() == [40]
    assert np.flatnonzero(found.in_heldout).tolist() == [3]


def test_a_look_alike_of_another_label_is_no_copy():
    training = [seen("t0", pixels(3, size=72), label=1), seen("t1", pixels(4, size=72), label=0)]
    again = [encoded(pixels(seed, size=72), size=(80, 80), quality=90) for seed in (3, 4)]
    heldout = [Row(f"h{place}", "", label=0, picture=picture) for place, picture in enumerate(again)]
    found, _ = media_copies(heldout, training=training, heldout=heldout, seed=0)
    assert found.in_training.tolist() == [False, True]
    assert not found.in_heldout.any()


def test_tables_of_as_many_rows_as_are_compared_are_compared_whole(monkeypatch):
    monkeypatch.setattr("modelaudit.checkers.privacy.media_copies.MOST_KNOWN", 3)
    rows = [seen(f"t{place}", pixels(place)) for place in range(4)]
    assert media_copies(rows[:3], training=rows[:3], heldout=rows[:1], seed=0)[1]
    assert not media_copies(rows, training=rows, heldout=rows[:1], seed=0)[1]


def test_mostly_copied_pictures_may_be_of_one_scene_and_the_guard_says_so():
    members = [seen(f"t{place}", pixels(place, size=72)) for place in range(20)]
    heldout = [
        Row(f"h{place}", "", label=0, picture=encoded(pixels(place, size=72), size=(80, 80), quality=90))
        for place in range(15)
    ]
    sides, _ = chosen(members, [*heldout, *(seen(f"n{place}", pixels(90 + place, size=72)) for place in range(2))])
    assert "or are pictures of one scene or source" in guards.duplicates(sides).tripped


def test_a_sound_that_was_resampled_and_made_quieter_is_a_copy_and_strangers_are_none():
    training = [heard(f"t{place}", wave(place)) for place in range(20)]
    copy = heard("h0", (0.3 * resample_poly(wave(3), 1, 2)).astype(np.float32), rate=RATE // 2)
    heldout = [copy, *(heard(f"h{place}", wave(100 + place)) for place in range(1, 20))]
    found, _ = media_copies([*training, *heldout], training=training, heldout=heldout, seed=0)
    assert np.flatnonzero(found.in_training).tolist() == [20]
    assert np.flatnonzero(found.in_heldout).tolist() == [3]


def test_equal_pictures_count_as_one_record_and_say_how_often_they_stand_in_the_training_data():
    members = [seen(f"t{place}", pixels(place)) for place in range(30)]
    again = [seen(f"again{place}", pixels(4)) for place in range(3)]
    sides, _ = chosen([*members, *again], [seen(f"h{place}", pixels(200 + place)) for place in range(30)])
    assert len(sides.members) == 30
    assert sorted(sides.times.tolist())[-2:] == [1, 4]
    assert sides.medium == "picture"


def test_a_held_out_picture_that_copies_a_training_picture_is_left_out_and_counted():
    members = [seen(f"t{place}", pixels(place, size=72)) for place in range(110)]
    copy = Row("copy", "", label=0, picture=encoded(pixels(7, size=72), size=(100, 100), quality=90))
    heldout = [copy, *(seen(f"h{place}", pixels(200 + place, size=72)) for place in range(90))]
    sides, notes = chosen(members, heldout)
    assert "copy" not in {row.id for row in sides.nonmembers}
    assert sides.copies == 1
    assert "look alike in outline and detail, and have one label" in guards.duplicates(sides).clear
    assert any("copies" in note for note in notes)


@pytest.mark.parametrize("change", [{"light": 0.08}, {"contrast": 0.7}, {"size": 36}])
def test_the_blind_guard_sees_pictures_of_another_source(change):
    ours = [seen(f"t{place}", pixels(place)) for place in range(90)]
    theirs = [seen(f"h{place}", pixels(500 + place, **change)) for place in range(90)]
    assert blind_guard(ours, theirs, n_labels=1, seed=0).fooled(margin=0.02)
    alike = [seen(f"h{place}", pixels(500 + place)) for place in range(90)]
    assert not blind_guard(ours, alike, n_labels=1, seed=0).fooled(margin=0.02)


def test_the_blind_guard_sees_sounds_of_another_source_and_the_file_format():
    ours = [heard(f"t{place}", wave(place, seconds=0.3)) for place in range(60)]
    for change in ({"loud": 0.3}, {"seconds": 0.4}):
        theirs = [heard(f"h{place}", wave(500 + place, **{"seconds": 0.3, **change})) for place in range(60)]
        assert blind_guard(ours, theirs, n_labels=1, seed=0).fooled(margin=0.02)
    shown = [Row(f"j{n}", "", label=0, picture=encoded(pixels(n), size=(24, 24), quality=98)) for n in range(60)]
    plain = [seen(f"p{place}", pixels(300 + place)) for place in range(60)]
    assert blind_guard(shown, plain, n_labels=1, seed=0).fooled(margin=0.02)


def test_larger_pictures_trip_the_guard_of_size():
    sides, _ = chosen(
        [seen(f"t{place}", pixels(place, size=36)) for place in range(60)],
        [seen(f"h{place}", pixels(300 + place)) for place in range(60)],
    )
    assert "training rows are larger than held-out rows" in guards.length(sides, margin=0.02).tripped


def question(name, context, asked, *, answers=("x",)):
    return Row(name, context, companion=asked, answers=answers, spans=((0, 1),) if answers else ())


def test_held_out_sounds_that_say_what_a_training_sound_says_are_counted_and_stay():
    members = [heard(f"t{place}", wave(place), answer=f"sentence {place % 10}") for place in range(20)]
    heldout = [heard(f"h{place}", wave(100 + place), answer=f"Sentence  {place}") for place in range(15)]
    sides, notes = chosen(members, heldout, task="automatic-speech-recognition")
    assert len(sides.nonmembers) == 15
    assert sides.spoken == 10
    assert any("In 10 of 15 held-out sounds a sentence is said" in note for note in notes)
    assert chosen(members, heldout[10:], task="automatic-speech-recognition")[0].spoken == 0


def test_questions_on_one_context_are_one_document_and_a_known_context_was_not_unseen():
    draw = np.random.default_rng(0)
    contexts = ["x " + " ".join(draw.choice([*"abcdefghijklmnopq"], 30)) for _ in range(60)]
    members = [question(f"t{place}.{n}", contexts[place], f"why {n}?") for place in range(25) for n in range(2)]
    heldout = [question(f"h{place}", contexts[place + 20], "who?") for place in range(40)]
    sides, _ = chosen(members, heldout, task="question-answering")
    inside, outside = sides.units()
    assert len(set(inside)) == 25
    assert len(inside) == 50
    assert sides.copies == 5, "five contexts stand in the training data, whatever is asked"
    assert len(outside) == 35


def test_questions_without_a_known_answer_are_left_out_and_those_without_any_are_kept():
    rows = [question("a", "x a b", "q?"), question("d", "x e f", "q?", answers=())]
    rows += [Row("b", "x c d", companion="q?", answers=("gone",)), Row("c", "x", companion="q")]
    sides, notes = chosen(rows, [question(f"h{n}", f"x {n * 7} y", "q?") for n in range(3)], task="question-answering")
    assert {row.id for row in sides.members} == {"a", "d"}
    assert any("no answer" in note for note in notes)


@pytest.mark.parametrize("kind", ["picture", "sound"])
def test_reference_heads_share_out_pictures_and_sounds_and_keep_equal_ones_together(kind):
    if kind == "picture":
        processor, model, rows = picture_processor(), blank_seer(), pictures(24, 1)
        base = model.vit
    else:
        processor, rows = Wav2Vec2FeatureExtractor(do_normalize=True), sounds(24, 1)
        model = hearing(Wav2Vec2ForSequenceClassification, **TWO_CLASSES)
        base = model.wav2vec2
    tables = {"train_data": [*rows[:12], rows[0]], "data": rows[12:]}
    subject = subject_with(model, processor=processor, base=base, **tables)
    shelf = ReferenceShelf(subject, seed=0)
    members, heldout = subject.data.members, subject.data.heldout
    found = shelf.references(members, heldout, 4, "head")
    assert found.log_odds.shape == (4, 25)
    assert np.isfinite(found.log_odds).all()
    assert (found.trained_on[0::2] != found.trained_on[1::2]).all()
    assert 8 <= found.trained_on[0].sum() <= 17, "rows without text are not one row"
    assert (found.trained_on[:, 0] == found.trained_on[:, 12]).all()
    backwards = shelf.references(members[::-1], heldout[::-1], 4, "head")
    assert (backwards.log_odds[:, :13][:, ::-1] == found.log_odds[:, :13]).all()
    assert np.isfinite(shelf.references(members, heldout, 1, "distilled").log_odds).all()
    with pytest.raises(CapabilityError, match="of the kind 'head', not 'lora'"):
        shelf.references(members, heldout, 2, "lora")
