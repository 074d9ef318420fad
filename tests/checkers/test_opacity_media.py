"""Explanations of pictures and sounds: patches and segments in the place of words."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from linear_media import LENGTH, RATE, linear_pictures, linear_sounds
from measured import backwards, context_of, findings_of

from modelaudit.checker import Data
from modelaudit.checkers.opacity.choosing import choose
from modelaudit.checkers.opacity.explanation import Effort, explain
from modelaudit.checkers.opacity.gentle import changed, kinds_of
from modelaudit.checkers.opacity.shapley import ShapleyExplanation
from modelaudit.errors import NotAssessable
from modelaudit.evidence import PictureEvidence, SoundEvidence, redacted
from modelaudit.media.patches import Patches
from modelaudit.media.picture import Picture

EXACT = Effort(exact_players=10, pairs=2, most_pairs=2, settled=0.15, random_orders=5)


@pytest.fixture(scope="module")
def pictures():
    return linear_pictures(4)


@pytest.fixture(scope="module")
def sounds():
    return linear_sounds()


def explained(subject, count):
    return explain(subject.model, choose(context_of(subject, ShapleyExplanation()), count).games, EXACT, seed=0)


def test_a_patch_adds_what_its_pixels_add_to_the_mean_colour():
    subject, weights = linear_pictures(12)
    assert subject.info.task == "image-classification"
    for each in explained(subject, 3):
        shown = each.game.row.picture
        patches = Patches.of(shown)
        assert each.game.units.names == patches.names
        away = (shown.pixels() - np.rint(shown.pixels().mean(axis=(0, 1)))).transpose(2, 0, 1) / 255.0
        sign = 1.0 if each.game.target.name == "dog" else -1.0
        added = sign * (weights * away).sum(axis=0).reshape(6, 2, 6, 2).sum(axis=(1, 3)).ravel()
        assert each.shapley.values == pytest.approx(added, abs=1e-4)
        assert np.abs(added).max() > 0.05
        assert each.shapley.base + each.shapley.values.sum() == pytest.approx(each.plain, abs=1e-5)


def test_a_segment_adds_what_its_samples_add_to_silence(sounds):
    subject, weights = sounds
    assert subject.info.task == "audio-classification"
    for each in explained(subject, 3):
        heard = each.game.row.sound.samples(RATE)
        assert each.game.units.names[:2] == ("0.00-0.10 s", "0.10-0.20 s")
        sign = 1.0 if each.game.target.name == "dog" else -1.0
        added = sign * (weights * heard).reshape(5, LENGTH // 5).sum(axis=1)
        assert each.shapley.values == pytest.approx(added, abs=1e-4)
        assert np.abs(added).max() > 0.05
        assert each.shapley.base + each.shapley.values.sum() == pytest.approx(each.plain, abs=1e-5)


def test_pictures_are_measured_whole_and_shown_with_their_patches(pictures):
    subject, _ = pictures
    measured = findings_of(ShapleyExplanation(rows=4, pairs=4), subject)
    gain = measured["faithfulness_gain", None]
    assert gain.metric.value > 0
    assert "Hiding the patches that the explanation names first" in gain.statement
    assert measured["additive_fidelity", None].metric.value == pytest.approx(1.0, abs=1e-6)
    assert measured["normalised_faithfulness", None].metric.value > 0.9
    assert measured["stability", None].metric.value > 0.8
    assert abs(measured["randomised_agreement", None].metric.value) < 0.5
    assert measured["baseline_agreement", None].metric.n >= 2
    assert measured["patches_for_80pct", None].metric.unit == "patches"
    assert measured["explanation_quality", None].metric.title.startswith("Quality of patch-by-patch")
    shown = [item for item in gain.evidence if isinstance(item, PictureEvidence)]
    assert shown
    for item in shown:
        assert item.grid == (4, 4)
        assert item.png is not None
        assert redacted(item, show_text=False).png is None
        assert sum(item.explained.values) + item.explained.base == pytest.approx(item.explained.output, abs=1e-6)
    said = " ".join([*(finding.statement for finding in measured.values()), *(item.title for item in gain.evidence)])
    assert "word" not in said
    assert not any("orientation" in caveat for finding in measured.values() for caveat in finding.caveats)


def test_sounds_are_measured_whole_and_shown_with_their_segments(sounds):
    subject, _ = sounds
    measured = findings_of(ShapleyExplanation(rows=4), subject)
    gain = measured["faithfulness_gain", None]
    assert gain.metric.value > 0
    assert measured["segments_for_80pct", None].metric.value >= 1
    assert measured["stability", None].metric.value > 0.8
    shown = [item for item in gain.evidence if isinstance(item, SoundEvidence)]
    assert shown
    assert {len(item.edges) for item in shown} == {6}
    assert all(item.envelope is not None and item.wav is not None for item in shown)
    assert "word" not in " ".join(finding.statement for finding in measured.values())


@pytest.mark.heavy
def test_the_same_seed_gives_the_same_bytes_whatever_the_order_of_rows(pictures):
    subject, _ = pictures
    once = findings_of(ShapleyExplanation(rows=2, pairs=2), subject)
    again = linear_pictures(4)[0]
    again = findings_of(ShapleyExplanation(rows=2, pairs=2), again, data=backwards(again.data))
    assert [each.model_dump_json() for each in once.values()] == [each.model_dump_json() for each in again.values()]


def test_a_gentle_change_is_hardly_one_and_always_the_same(pictures, sounds):
    row = pictures[0].data.evaluation[0]
    for kind in kinds_of(row):
        after = changed(row, kind).picture
        assert after.digest != row.picture.digest
        assert (after.pixels() == changed(row, kind).picture.pixels()).all()
        assert np.abs(after.pixels().astype(int) - row.picture.pixels()).max() <= 13
    row = sounds[0].data.evaluation[0]
    for kind in kinds_of(row):
        before, after = row.sound.samples(), changed(row, kind).sound.samples()
        assert 0 < np.abs(after - before).max() < 0.15 * np.abs(before).max()


def test_a_picture_that_stands_twice_is_explained_once(pictures):
    subject, _ = pictures
    context = context_of(subject, ShapleyExplanation())
    twice = type(subject.data)(evaluation=subject.data.evaluation[:4] * 2)
    context = context_of(subject, ShapleyExplanation(), data=twice)
    assert choose(context, 8).rows == 4
    assert context.notes == ["4 evaluation rows repeat the picture of another; each picture is explained once."]


def test_a_large_picture_is_explained_by_a_smaller_copy_and_counted(pictures):
    subject, _ = pictures
    large = np.tile(np.random.default_rng(1).integers(0, 256, (4, 8, 3), dtype=np.uint8), (100, 100, 1))
    rows = tuple(
        replace(row, picture=Picture.of_array(large + np.uint8(at)))
        for at, row in enumerate(subject.data.evaluation[:4])
    )
    context = context_of(subject, ShapleyExplanation(), data=Data(evaluation=rows))
    (first, *_) = choose(context, 2).games
    assert first.row.picture.size == (320, 640)
    assert "2 explained pictures are larger than 640 pixels; copies of that size are explained." in context.notes
    assert subject.model.predict([first.row]).labels[0] in {0, 1}


def test_a_model_that_reads_the_colour_of_the_whole_is_not_assessed():
    subject, _ = linear_pictures(4)
    with torch.no_grad():
        subject.model.opened.model.head.weight.fill_(0.1)
        subject.model.opened.model.head.weight[1].fill_(0.2)
    with pytest.raises(NotAssessable, match="the colour of the whole"):
        findings_of(ShapleyExplanation(rows=3, pairs=2), subject)


@pytest.mark.heavy
def test_values_of_patches_and_segments_are_handed_to_shap(pictures, sounds):
    pytest.importorskip("shap")
    from modelaudit.checkers.opacity.exhibits import chosen_attributions
    from modelaudit.checkers.opacity.shap_bridge import to_shap
    from modelaudit.results import Finding, Metric

    for subject, first in ((pictures[0], "row 1, column 1"), (sounds[0], "0.00-0.10 s")):
        choice = choose(context_of(subject, ShapleyExplanation()), 2)
        shown = chosen_attributions(explain(subject.model, choice.games, EXACT, seed=0), choice.scale)
        metric = Metric(
            id="faithfulness_gain",
            title="gain",
            value=0.0,
            unit="none",
            better="higher",
            n=2,
            method="none",
            reason="a test",
        )
        handed = to_shap(Finding(metric=metric, statement="Said.", evidence=shown))
        assert handed.feature_names[0][0] == first
        assert sum(handed.values[0]) + handed.base_values[0] == pytest.approx(shown[0].explained.output, abs=1e-6)
