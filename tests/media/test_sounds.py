"""Sounds: one channel at the rate that is asked for, equal by their samples, and hostile bytes are a sentence."""

import io

import numpy as np
import pytest
import soundfile

from modelaudit.errors import DataInputError
from modelaudit.media.encoded import UnreadableMedium
from modelaudit.media.sound import Sound

RATE = 8_000
TONE = (0.5 * np.sin(2 * np.pi * 440 * np.arange(RATE) / RATE)).astype(np.float32)


def encoded(kind="WAV", samples=TONE, rate=RATE, **options):
    buffer = io.BytesIO()
    soundfile.write(buffer, samples, rate, format=kind, **options)
    return buffer.getvalue()


def test_one_sound_is_equal_in_a_file_and_in_bytes(tmp_path):
    whole = (TONE * 32767).astype(np.int16)
    (tmp_path / "a.wav").write_bytes(encoded(samples=whole))
    in_bytes = [Sound.of_bytes(encoded(kind, samples=whole)) for kind in ("WAV", "FLAC")]
    forms = (Sound.of_file(tmp_path / "a.wav"), *in_bytes)

    assert len(set(forms)) == 1
    assert (forms[0].rate, forms[0].seconds, forms[0].format, forms[0].silent) == (RATE, 1.0, "WAV", False)
    assert np.abs(forms[0].samples() - TONE).max() < 1e-4
    assert Sound.of_array(TONE, RATE) == Sound.of_bytes(encoded(subtype="FLOAT"))
    assert Sound.of_array(TONE, RATE) != Sound.of_array(TONE, RATE + 1)


def test_channels_are_averaged_and_rates_are_brought_to_the_one_asked_for():
    stereo = Sound.of_bytes(encoded(samples=np.stack([TONE, np.zeros_like(TONE)], axis=1), subtype="FLOAT"))
    samples = stereo.samples(16_000)

    expected = 0.25 * np.sin(2 * np.pi * 440 * np.arange(16_000) / 16_000)
    assert samples.shape == (16_000,)
    assert samples.dtype == np.float32
    assert np.abs(samples - expected)[200:-200].max() < 2e-3
    with pytest.raises(ValueError, match="read-only"):
        stereo.samples()[0] = 1


def test_silence_is_told_from_a_whisper():
    assert Sound.of_array(np.zeros(100, np.float32), RATE).silent
    assert not Sound.of_array(np.full(100, 1e-3, np.float32), RATE).silent


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"", "broken"),
        (encoded()[:1000], "broken"),
        (encoded("FLAC")[:1000], "broken"),
        (encoded(samples=np.zeros(0, np.float32)), "empty"),
        (encoded(samples=np.array([0.1, np.nan], np.float32), subtype="FLOAT"), "no numbers"),
        (encoded(rate=7), "broken"),
    ],
    # The bytes of a file hold the second in which it was written.
    ids=("nothing", "cut WAV", "cut FLAC", "no samples", "NaN", "rate 7"),
)
def test_what_is_no_sound_is_a_sentence(data, fault):
    with pytest.raises(UnreadableMedium, match="the sound") as raised:
        Sound.of_bytes(data)
    assert raised.value.fault == fault


def test_a_sound_longer_than_it_may_be_is_refused(monkeypatch):
    monkeypatch.setattr("modelaudit.media.wave.MOST_VALUES", 4_000)
    with pytest.raises(UnreadableMedium, match="more than 4,000 samples") as raised:
        Sound.of_bytes(encoded("FLAC"))
    assert raised.value.fault == "too large"


def test_no_noise_in_a_sound_is_more_than_a_sentence(capfd):
    rng = np.random.default_rng(1)
    for kind in ("WAV", "FLAC", "OGG", "AIFF"):
        whole = encoded(kind)
        for _ in range(40):
            data = bytearray(whole)
            for place in rng.integers(0, 200, 4):
                data[place] = rng.integers(0, 256)
            try:
                Sound.of_bytes(bytes(data))
            except UnreadableMedium:
                continue
    assert "Traceback" not in capfd.readouterr().err


def test_a_file_that_changes_under_the_audit_is_no_silent_other_sound(tmp_path):
    (tmp_path / "a.wav").write_bytes(encoded(samples=0.3 * TONE))
    sound = Sound.of_file(tmp_path / "a.wav")
    (tmp_path / "a.wav").write_bytes(encoded(samples=TONE))

    with pytest.raises(DataInputError, match="has changed since the audit began"):
        sound.samples()


def test_a_change_is_made_at_the_sounds_own_rate_and_named_by_its_key():
    sound = Sound.of_array(TONE, RATE)
    half = sound.changed("first half", lambda samples, rate: samples[: rate // 2])

    assert half.seconds == 0.5
    assert half.samples(16_000).shape == (8_000,)
    assert len({sound, half, sound.changed("other", lambda samples, rate: samples)}) == 3
    with pytest.raises(UnreadableMedium, match="no numbers"):
        sound.changed("broken", lambda samples, rate: samples * np.float32(np.nan)).samples()
