"""Corruption robustness and calibration of real small models: pictures through a ViT, speech through wav2vec 2."""

from __future__ import annotations

from dataclasses import replace

import pytest
from measured import exceeds, findings_of
from media_models import (
    blank_seer,
    hearing,
    letter_tokenizer,
    picture_processor,
    pictures,
    spoken,
    subject_with,
    trained_seer,
)
from transformers import Wav2Vec2FeatureExtractor, Wav2Vec2ForCTC

from modelaudit.checkers.robustness.calibration import Calibration
from modelaudit.checkers.robustness.corruptions import CorruptionRobustness

pytestmark = pytest.mark.heavy


@pytest.fixture(scope="module")
def seer():
    """A classifier of the brighter half of a picture, and rows that it never saw."""
    processor = picture_processor()
    model = trained_seer(blank_seer(), processor, pictures(160, 0, noise=0.0), steps=40)
    return subject_with(model, processor=processor, data=pictures(120, 1, noise=0.0))


def test_a_classifier_of_pictures_is_asked_about_each_kind(seer):
    found = findings_of(CorruptionRobustness(), quick(seer))
    assert found["mean_corruption_error", None].metric.n == 100
    cells = {
        cells[0]: cells[1]
        for finding in found.values()
        for item in finding.evidence
        if item.kind == "table"
        for cells in item.rows
    }
    assert len(cells) == 19
    # Snow on one half makes it the brighter one.
    assert exceeds(found["flip_rate", "weather"], 0.02)
    assert found["flip_rate", "weather"].metric.primary


def test_confidence_in_classes_of_pictures_is_compared_with_how_often_they_are_right(seer):
    found = findings_of(Calibration(), seer)
    assert found["calibration_error", None].metric.n == 120
    assert found["confidence_gap", None].metric.bounds


def test_a_recogniser_is_asked_for_its_words():
    model = hearing(Wav2Vec2ForCTC, vocab_size=len(letter_tokenizer()), pad_token_id=0)
    subject = subject_with(
        model,
        tokenizer=letter_tokenizer(),
        processor=Wav2Vec2FeatureExtractor(sampling_rate=16_000),
        data=spoken(24, 0),
    )
    found = findings_of(CorruptionRobustness(), quick(subject))
    groups = ["background noise", "loudness", "speed", "transmission", "room"]
    assert [group for metric, group in found if metric == "word_error_change"] == groups
    assert found["transcripts_changed", "background noise"].metric.n == 24
    assert found["mean_corruption_error", None].metric.unit == "share of words"


def quick(subject):
    """The same subject, asked about as few rows and severities as there are."""
    return replace(subject, info=subject.info.model_copy(update={"preset": "quick"}))
