"""Changes of sounds: as strong as they say, of sounds of any length, and the same each time."""

from __future__ import annotations

import pickle

import numpy as np
import pytest

from modelaudit.media.sound import Sound
from modelaudit.media.sound_changes import SEVERITIES, SOUND_CHANGES, SoundChange

KINDS = {kind.name: kind for kind in SOUND_CHANGES}
RATE = 16_000


def voice(seconds: float = 1.0, rate: int = RATE, seed: int = 0) -> Sound:
    """A sound with what speech has: a tone with overtones that swells and falls."""
    time = np.arange(max(1, int(seconds * rate))) / rate
    tones = sum(np.sin(2 * np.pi * (180 + seed) * part * time) / part for part in range(1, 12))
    return Sound.of_array((0.12 * tones * np.sin(3 * np.pi * time) ** 2).astype(np.float32), rate)


def power(samples: np.ndarray) -> float:
    return float(np.mean(np.square(samples, dtype=np.float64)))


@pytest.mark.parametrize("name", KINDS)
def test_a_change_is_drawn_by_content_kind_and_severity_alone(name: str) -> None:
    kind, one, other = KINDS[name], voice(), voice(seed=3)
    found = kind.of(one, 3)
    assert found.rate == RATE
    assert np.abs(found.samples()).max() <= 1.0
    assert (found.samples() == kind.of(voice(), 3).samples()).all()
    assert len({found.digest, kind.of(other, 3).digest, kind.of(one, 4).digest, one.digest}) == 4
    assert (pickle.loads(pickle.dumps(found)).samples() == found.samples()).all()
    assert len(found.samples()) != len(one.samples()) or power(found.samples() - one.samples()) > 0


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize(("length", "rate"), [(1, 8_000), (5, 4_000), (700, 44_100)])
def test_short_and_silent_sounds_stay_sounds(name: str, length: int, rate: int) -> None:
    for samples in (np.full(length, 0.1, dtype=np.float32), np.zeros(length, dtype=np.float32)):
        found = KINDS[name].of(Sound.of_array(samples, rate), 5).samples()
        assert len(found) > 0
        assert np.isfinite(found).all()


@pytest.mark.parametrize("name", ["white noise", "pink noise"])
def test_noise_is_so_many_decibels_below_the_sound(name: str) -> None:
    sound = voice(3.0)
    for severity, decibels in zip(SEVERITIES, (30, 20, 15, 10, 5), strict=True):
        noise = KINDS[name].of(sound, severity).samples() - sound.samples()
        assert 10 * np.log10(power(sound.samples()) / power(noise)) == pytest.approx(decibels, abs=0.3)


def test_pink_noise_has_more_of_the_low_than_of_the_high() -> None:
    sound = voice(2.0)
    noise = KINDS["pink noise"].of(sound, 3).samples() - sound.samples()
    spectrum = np.abs(np.fft.rfft(noise)) ** 2
    frequency = np.fft.rfftfreq(len(noise), 1 / RATE)
    octaves = [spectrum[(frequency >= low) & (frequency < 2 * low)].sum() for low in (100, 400, 1_600)]
    assert max(octaves) / min(octaves) < 1.5


def test_a_narrow_band_takes_what_a_telephone_takes() -> None:
    sound = voice(1.0)
    spectrum = np.abs(np.fft.rfft(KINDS["narrow band"].of(sound, 3).samples())) ** 2
    before = np.abs(np.fft.rfft(sound.samples())) ** 2
    frequency = np.fft.rfftfreq(len(sound.samples()), 1 / RATE)
    low, middle = (frequency > 150) & (frequency < 210), (frequency > 700) & (frequency < 1_500)
    assert spectrum[low].sum() < 0.1 * before[low].sum()
    assert spectrum[middle].sum() == pytest.approx(before[middle].sum(), rel=0.1)


def test_speed_changes_the_length_and_losses_silence_the_share_they_name() -> None:
    sound = voice(2.0)
    assert len(KINDS["faster"].of(sound, 3).samples()) == pytest.approx(32_000 / 1.1, abs=2)
    assert len(KINDS["slower"].of(sound, 5).samples()) == pytest.approx(32_000 / 0.8, abs=2)
    steady = Sound.of_array(np.full(32_000, 0.5, dtype=np.float32), RATE)
    assert (KINDS["lost packets"].of(steady, 5).samples() == 0).mean() == pytest.approx(0.25, abs=0.01)


def test_an_echo_is_as_loud_as_the_sound_and_outlasts_it() -> None:
    click = np.zeros(RATE, dtype=np.float32)
    click[1_000:1_050] = 0.4
    found = KINDS["echo"].of(Sound.of_array(click, RATE), 3).samples()
    assert power(found) == pytest.approx(power(click), rel=0.05)
    assert np.abs(found[3_000:6_000]).max() > 5 * np.abs(found[12_000:]).max() > 0


def test_louder_kinds_do_more_and_a_severity_that_is_not_there_is_an_error() -> None:
    kind: SoundChange
    sound = voice()
    for kind in (KINDS["few bits"], KINDS["clipped peaks"], KINDS["quieter"], KINDS["echo"]):
        changes = [power(kind.of(sound, severity).samples() - sound.samples()) for severity in (1, 3, 5)]
        assert changes[0] < changes[1] < changes[2], kind.name
    with pytest.raises(ValueError, match="1 to 5, not 0"):
        KINDS["echo"].of(sound, 0)


def likeness(changed: np.ndarray, sound: np.ndarray) -> float:
    length = min(len(changed), len(sound))
    return float(np.corrcoef(changed[:length], sound[:length])[0, 1])


@pytest.mark.parametrize("name", KINDS)
def test_a_sound_at_or_above_full_scale_is_changed_as_the_same_sound_below_it(name: str) -> None:
    quiet = voice().samples()
    found = []
    for peak in (0.2, 1.0, 20.0):
        sound = Sound.of_array(quiet * np.float32(peak / np.abs(quiet).max()), RATE)
        found.append(likeness(KINDS[name].of(sound, 1).samples(), sound.samples()))
    assert found[1:] == pytest.approx([found[0]] * 2, abs=0.03)
