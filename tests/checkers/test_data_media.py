"""Checks of data that is no plain text: planted copies, drifts and wrong labels among pictures, sounds and pairs."""

from __future__ import annotations

import io
from dataclasses import replace

import numpy as np
import pytest
from linear_media import LinearConfig, LinearForImageClassification
from measured import backwards, context_of, exceeds, findings_of
from media_models import TWO_CLASSES, blank_seer, hearing, picture_processor, sounds, subject_with
from PIL import Image
from scipy.ndimage import gaussian_filter
from transformers import ViTImageProcessor, Wav2Vec2FeatureExtractor, Wav2Vec2ForSequenceClassification

from modelaudit.checkers.data.drift.checker import DataDrift
from modelaudit.checkers.data.drift.profile import profile_of
from modelaudit.checkers.data.duplicates.checker import Duplicates
from modelaudit.checkers.data.duplicates.findings import contexts, leakage
from modelaudit.checkers.data.duplicates.kinship import near_media
from modelaudit.checkers.data.duplicates.twins import EVALUATION, TRAINING, twins_of
from modelaudit.checkers.data.labels.checker import LabelErrors
from modelaudit.checkers.data.shortcuts.checker import Shortcuts
from modelaudit.errors import DataInputError
from modelaudit.media.likeness import lookalikes
from modelaudit.media.picture import Picture
from modelaudit.rows import Row

LEAKED, CONFLICTS = ("leaked_rows", None), ("conflicting_rows", "evaluation rows")
DRIFT, FORM, LANGUAGE = (("drift_auc", None), ("main_form_share", None), ("main_language_share", None))
SHARED = ("shared_contexts", None)


def scene(seed, *, size=24, light=0.0):
    """Return a random picture of soft shapes with fine detail, so much lighter."""
    draw = np.random.default_rng(seed)
    shape = Image.fromarray(draw.integers(0, 256, (6, 6, 3), dtype=np.uint8)).resize((size, size), Image.BICUBIC)
    return np.clip(np.array(shape) * 0.7 + 30 + light + draw.normal(0, 12, (size, size, 3)), 0, 255).astype(np.uint8)


def shown(seeds, **more):
    return [{"image": scene(seed, **more), "label": seed % 2} for seed in seeds]


def again(pixels, *, quality=90):
    """Return the pixels of a picture after JPEG."""
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG", quality=quality)
    return np.array(Image.open(io.BytesIO(file.getvalue())))


def seen(data, train=None, **more):
    tables = {"data": data} if train is None else {"data": data, "train_data": train}
    return subject_with(blank_seer(), processor=picture_processor(), **tables, **more)


def heard(data, train=None):
    model = hearing(Wav2Vec2ForSequenceClassification, **TWO_CLASSES)
    return subject_with(model, processor=Wav2Vec2FeatureExtractor(do_normalize=True), data=data, train_data=train)


def interval(finding):
    return next((bound.low, bound.high) for bound in finding.metric.bounds if bound.level == 0.95)


def test_equal_and_nearly_equal_pictures_are_leaks_and_a_clean_table_has_none():
    train = shown(range(60))
    rows = shown(range(100, 160))
    rows[:12] = [dict(row) for row in train[:12]]
    rows[12:16] = [{**row, "image": again(row["image"])} for row in train[12:16]]
    rows[20] = {**rows[21], "label": 1 - rows[21]["label"]}
    found = findings_of(Duplicates(), seen(rows, train))
    assert found[LEAKED].metric.value == pytest.approx(16 / 60)
    assert "12 an equal one, 4 only one that is nearly equal" in found[LEAKED].statement
    assert exceeds(found[LEAKED], 0.1)
    assert found[CONFLICTS].metric.value == pytest.approx(2 / 60)
    assert "picture" in found[CONFLICTS].metric.title
    assert found["leaked_accuracy_difference", None].metric.value is not None
    assert all(item.before is None for item in found[LEAKED].evidence[1].items), "a picture has no text to show"
    clean = findings_of(Duplicates(), seen(shown(range(100, 160)), train))
    assert clean[LEAKED].metric.value == 0.0
    assert clean[CONFLICTS].metric.value == 0.0


def test_equal_sounds_are_leaks():
    train, rows = sounds(20, 1), sounds(20, 2)
    found = findings_of(Duplicates(), heard([*rows, *train[:5]], train))
    assert found[LEAKED].metric.value == pytest.approx(5 / 25)


def test_copies_are_found_whatever_their_order_and_linked_to_all_of_their_family():
    media = [Picture.of_array(scene(seed)) for seed in range(40)]
    media += [Picture.of_array(again(scene(3), quality=quality)) for quality in (95, 90)]
    tables = np.array([[place < 40 for place in range(42)], [place == 41 for place in range(42)]])
    unlabelled: list[set[object]] = [set() for _ in media]
    found = near_media(lookalikes(media, unlabelled), tables)
    assert np.flatnonzero(found.family == 3).tolist() == [3, 40, 41]
    assert np.flatnonzero(found.found[1]).tolist() == [3, 40], "no one is a twin of its own"
    assert np.flatnonzero(found.found[0]).tolist() == [40, 41]
    other = near_media(lookalikes(media[::-1], unlabelled), tables[:, ::-1])
    assert (other.found[:, ::-1] == found.found).all()


def takes(count, *, seed, defects):
    """Return pictures of one scene by one camera, some with a small bright spot, which is their label."""
    draw = np.random.default_rng(seed)
    base = gaussian_filter(np.random.default_rng(0).normal(size=(96, 96)), 3)
    rows = []
    for place in range(count):
        made = 128 + 40 * base / base.std() * draw.uniform(0.95, 1.05) + 3 * draw.normal(size=base.shape)
        label = int(draw.random() < defects)
        if label:
            top, left = draw.integers(0, 90, 2)
            made[top : top + 6, left : left + 6] = 220
        pixels = np.repeat(np.clip(made, 0, 255).astype(np.uint8)[:, :, None], 3, axis=2)
        rows.append(Row(f"{seed}:{place}", "", label=label, picture=Picture.of_array(pixels)))
    return rows


@pytest.mark.parametrize("defects", [0.5, 0.1])
def test_takes_of_one_scene_whose_labels_differ_are_not_judged_as_leaked(defects):
    rows, training = takes(50, seed=1, defects=defects), takes(80, seed=2, defects=defects)
    found = leakage(twins_of([(EVALUATION, rows), (TRAINING, training)]), 1, seen=1.0)
    assert found.metric.value > 0.5
    assert "of another label" in (found.confounded or "")
    without = [replace(row, label=None) for row in rows]
    assert leakage(twins_of([(EVALUATION, without), (TRAINING, training)]), 1, seen=1.0).confounded is None


def test_near_copies_keep_their_label_and_stay_judged_where_some_labels_are_wrong():
    training = [Row(f"t{n}", "", label=n % 2, picture=Picture.of_array(scene(n, size=48))) for n in range(40)]
    rows = [Row(f"e{n}", "", label=n % 2, picture=Picture.of_array(again(scene(n, size=48)))) for n in range(20)]
    rows += [Row(f"n{n}", "", label=n % 2, picture=Picture.of_array(scene(n, size=48))) for n in range(100, 120)]
    rows[0] = replace(rows[0], label=1)
    found = leakage(twins_of([(EVALUATION, rows), (TRAINING, training)]), 1, seen=1.0)
    assert found.metric.value == pytest.approx(19 / 40), "a copy of another label counts for none"
    assert found.confounded is None


def asked(name, place, question):
    """Return a question on a context of sixty words of its own, which is nearly all of what the row says."""
    draw = np.random.default_rng([*str(place).encode()])
    context = " ".join("".join(draw.choice([*"abdeghiklmnorstu"], 5)) for _ in range(60))
    return Row(name, context, companion=question, answers=(context[:5],), spans=((0, 5),))


def test_the_same_context_with_another_question_is_no_copy_but_shares_its_context():
    training = [asked(f"t{place}", place, "how many towns are there on the way") for place in range(30)]
    rows = [asked(f"e{place}", place, "where does it rise") for place in range(20)]
    rows += [asked(f"s{place}", place, "How many  towns are there on the way") for place in range(20, 30)]
    rows += [asked(f"o{place}", f"{place}xyz", "how many towns are there on the way") for place in range(50, 60)]
    twins = twins_of([(EVALUATION, rows), (TRAINING, training)])
    assert leakage(twins, 1, seen=1.0).metric.value == pytest.approx(10 / 40)
    shared = contexts(twins, 1, seen=1.0)
    assert shared.metric.value == pytest.approx(20 / 40)
    assert not shared.metric.primary
    assert "context" in shared.metric.title
    plain = twins_of([(EVALUATION, [Row("a", "b")]), (TRAINING, [Row("c", "d")])])
    assert contexts(plain, 1, seen=1.0) is None


def test_a_pair_is_a_copy_where_both_texts_are_and_questions_on_one_context_count_as_one():
    pairs = [Row(f"e{place}", f"one{place} text", companion=f"other{place} text", label=1) for place in range(4)]
    training = [
        Row("t0", "ONE0  text", companion="other0 text", label=0),
        Row("t1", "one1 text", companion="something else", label=0),
        Row("t2", "one2 text other2", companion="text", label=1),
    ]
    twins = twins_of([(EVALUATION, pairs), (TRAINING, training)])
    assert twins.exact(0, 1).tolist() == [True, False, False, False]
    assert twins.contradicted(0, 1).tolist() == [True, False, False, False]
    assert contexts(twins, 1, seen=1.0).metric.value == pytest.approx(1 / 4)
    training = [asked("t", 0, f"question {place} of it") for place in range(30)]
    rows = [*training, *(asked(f"o{place}", f"{place}b", "what is it") for place in range(30))]
    one_context = leakage(twins_of([(EVALUATION, rows), (TRAINING, training)]), 1, seen=1.0)
    spread = [replace(row, text=f"{row.text} {place * 7919}") for place, row in enumerate(rows)]
    many = leakage(twins_of([(EVALUATION, spread), (TRAINING, spread[:30])]), 1, seen=1.0)
    assert one_context.metric.value == many.metric.value == 0.5
    (low, high), (least, most) = interval(one_context), interval(many)
    assert high - low > 1.5 * (most - least)


@pytest.mark.parametrize("task", ["question-answering", "text2text-generation", "automatic-speech-recognition"])
def test_answers_in_words_are_no_labels_that_could_conflict(task):
    from modelaudit.checkers.data.duplicates.findings import conflicts

    twins = twins_of([(EVALUATION, [asked("a", 0, "who")])])
    assert conflicts(twins, 0, task=task, seen=1.0) is None


def test_darker_pictures_are_a_drift_that_is_named_and_halves_of_one_source_are_none():
    audited = seen(shown(range(55), light=-15), shown(range(200, 255)))
    found = findings_of(DataDrift(), audited)
    assert exceeds(found[DRIFT], 0.65)
    assert "brightness" in found[DRIFT].statement
    assert "words" not in str(found[DRIFT].caveats)
    assert LANGUAGE not in found, "pictures have no language"
    assert found[FORM].metric.value == 1.0
    assert "24 x 24" in found[FORM].statement
    measures = profile_of(audited.model, audited.data.evaluation).names
    assert not [name for name in measures if "word" in name or "character" in name], "no text, no measure of texts"
    alike = findings_of(DataDrift(), seen(shown(range(300, 355)), shown(range(200, 255))))
    low, high = interval(alike[DRIFT])
    assert low < 0.5 < high
    upside = findings_of(DataDrift(), audited, data=backwards(audited.data))
    assert upside[DRIFT].metric.value == found[DRIFT].metric.value


def test_quieter_sounds_are_a_drift():
    rows = sounds(60, 2)
    for row in rows:
        row["audio"]["array"] = row["audio"]["array"] * np.float32(0.5)
    found = findings_of(DataDrift(), heard(rows, sounds(60, 1)))
    assert exceeds(found[DRIFT], 0.65)
    assert "loudness" in found[DRIFT].statement
    assert "16,000" in found[FORM].statement


def test_transcripts_of_sounds_have_words_to_compare_and_pictures_no_language_to_declare():
    rows = [Row(f"r{place}", "", sound=None, picture=Picture.of_array(scene(place))) for place in range(40)]
    audited = seen(shown(range(60)))
    with pytest.raises(DataInputError, match="no picture shows"):
        list(DataDrift(targets={"language": {"en": 0.5}}).run(context_of(audited, DataDrift())))
    model = audited.model
    assert "words" not in profile_of(model, rows).names
    told = [replace(row, answer=f"said {row.id}") for row in rows]
    assert {"words", "brightness (0 to 255)"} <= set(profile_of(model, told).names)


def honest(rows):
    """Return a model of 4 x 4 pictures that knows how sure it may be, and rows labelled as it says."""
    model = LinearForImageClassification(LinearConfig(48, **TWO_CLASSES)).eval()
    weights = np.where(np.arange(48).reshape(3, 4, 4)[0] < 8, 2.0, -2.0)
    model.head.weight.data[:] = model.head.weight.data.new_tensor(np.stack([-weights] * 3 + [weights] * 3)).view(2, 48)
    model.head.bias.data.zero_()
    draw = np.random.default_rng(0)
    found = []
    for _ in range(rows):
        pixels = draw.integers(0, 256, (4, 4, 3), dtype=np.uint8)
        odds = 2.0 * float((pixels / 255.0 * weights[:, :, None]).sum())
        found.append({"image": pixels, "label": int(draw.random() < 1.0 / (1.0 + np.exp(-odds)))})
    return model, found


def planted_labels(share):
    model, rows = honest(500)
    wrong = np.random.default_rng(1).random(len(rows)) < share
    data = [{**row, "label": ("lower", "upper")[row["label"] ^ int(off)]} for row, off in zip(rows, wrong, strict=True)]
    processor = ViTImageProcessor(do_resize=False, do_normalize=False)
    return findings_of(LabelErrors(), subject_with(model, processor=processor, data=data)), wrong


def test_wrong_labels_of_pictures_are_estimated_and_named_and_right_ones_left_in_peace():
    found, wrong = planted_labels(0.12)
    rate = found["label_error_rate", "evaluation rows"]
    low, high = interval(rate)
    assert 0.01 < low < 0.12 < high
    suspects = rate.evidence[1].items
    assert wrong[[int(item.row.rpartition(":")[2]) - 1 for item in suspects]].mean() > 0.8
    assert all(item.before is None for item in suspects)
    clean, _ = planted_labels(0.0)
    assert interval(clean["label_error_rate", "evaluation rows"])[1] < 0.03


@pytest.mark.heavy
def test_labels_of_training_pictures_need_the_states_of_a_base_model():
    def lit(seed, wrong=False):
        return {"image": scene(seed, light=50.0 * (1 if seed % 2 else -1)), "label": seed % 2 ^ int(wrong)}

    train = [lit(seed, wrong=seed % 7 == 0) for seed in range(300)]
    bare = findings_of(LabelErrors(), seen([lit(500)], train))["label_error_rate", "training rows"]
    assert bare.metric.value is None
    assert "base_model=" in bare.metric.reason
    held = findings_of(LabelErrors(), seen([lit(500)], train, base=blank_seer(2).vit))
    rate = held["label_error_rate", "training rows"]
    assert rate.metric.value == pytest.approx(1 / 7, abs=0.06)
    places = [int(item.row.rpartition(":")[2]) - 1 for item in rate.evidence[1].items]
    assert np.mean([place % 7 == 0 for place in places]) > 0.8


@pytest.mark.parametrize(
    ("task", "reason"),
    [
        ("image-classification", "which pictures and sounds do not have"),
        ("multi-label-classification", "several labels"),
        ("question-answering", "no label"),
    ],
)
def test_shortcuts_say_why_not(task, reason):
    audited = seen(shown(range(2)))
    assert reason in Shortcuts().applies(audited.info.model_copy(update={"task": task}))
