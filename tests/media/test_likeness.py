"""Likeness: copies of pictures and sounds are known after encoding, resizing and amplifying; strangers are not."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image
from scipy.signal import lfilter, resample_poly

from modelaudit.media.likeness import alike as are_alike
from modelaudit.media.likeness import bits_apart, codes_of, look_of, lookalikes
from modelaudit.media.measures import PICTURE_MEASURES, SOUND_MEASURES, measured
from modelaudit.media.picture import Picture
from modelaudit.media.sound import Sound

RATE = 16_000


def scene(seed, *, size=64, smooth=1.0):
    """Return a random picture whose frequencies are as strong as those of photographs (1/f)."""
    draw = np.random.default_rng(seed)
    pitch = np.hypot(*np.meshgrid(np.fft.fftfreq(size), np.fft.rfftfreq(size), indexing="ij"))
    pitch[0, 0] = 1.0
    shape = np.fft.irfft2(np.fft.rfft2(draw.normal(size=(size, size))) / pitch**smooth, (size, size))
    grey = np.clip(128 + 50 * (shape - shape.mean()) / shape.std(), 0, 255)
    return np.repeat(grey[:, :, None], 3, axis=2).astype(np.uint8)


def babble(seed, *, seconds=1.0):
    """Return noise through a filter that changes twenty times a second, as in speech."""
    draw = np.random.default_rng(seed)
    made = [
        draw.random() ** 2 * lfilter([1.0], [1.0, -1.8 * np.cos(2 * np.pi * pitch / RATE), 0.81], draw.normal(size=800))
        for pitch in draw.uniform(200, 3_000, int(20 * seconds))
    ]
    wave = np.concatenate(made)
    return (0.5 * wave / np.abs(wave).max()).astype(np.float32)


def encoded(pixels, *, size, quality):
    file = io.BytesIO()
    Image.fromarray(pixels).resize(size).save(file, "JPEG", quality=quality)
    return Picture.of_bytes(file.getvalue())


def looks(media):
    return np.stack([look_of(each) for each in media])


def judged(one, other):
    """Return in how many bits pairs differ, and whether they are alike."""
    first, second = looks(one), looks(other)
    return bits_apart(codes_of(first), codes_of(second)), are_alike(first, second)


@pytest.mark.parametrize("smooth", [1.0, 2.0])
def test_pictures_encoded_resized_or_lit_anew_are_copies(smooth):
    pixels = [scene(seed, smooth=smooth) for seed in range(30)]
    plain = [Picture.of_array(each) for each in pixels]
    smaller = [encoded(each, size=(41, 37), quality=60) for each in pixels]
    darker = [Picture.of_array((0.6 * each + 20).astype(np.uint8)) for each in pixels]
    for changed in (smaller, darker):
        bits, alike = judged(plain, changed)
        assert alike.all()
        assert (bits <= 7).mean() > 0.95


def test_no_pair_of_strangers_is_a_copy():
    """Of 12,720 pairs of random pictures none may be one, nor have hashes that are compared any further."""
    found = looks([Picture.of_array(scene(seed)) for seed in range(160)])
    one, other = np.triu_indices(160, 1)
    assert not are_alike(found[one], found[other]).any()
    codes = codes_of(found)
    assert bits_apart(codes[one], codes[other]).min() > 7


def test_pictures_of_one_kind_that_differ_in_detail_alone_are_no_copies():
    """Two that share what the hash is made of, as X-rays do, are told apart by what is above it."""
    kind = scene(0, smooth=3.0)
    draw = np.random.default_rng(1)
    own = [np.repeat(np.kron(draw.normal(0, 12, (32, 32)), np.ones((2, 2)))[:, :, None], 3, axis=2) for _ in range(2)]
    pair = [Picture.of_array(np.clip(kind + each, 0, 255).astype(np.uint8)) for each in own]
    bits, alike = judged(pair[:1], pair[1:])
    assert bits[0] <= 12
    assert not alike[0]


def test_alike_pictures_of_different_labels_are_no_copies():
    """One that has no label, or two of them, may be a copy of any."""
    draw = np.random.default_rng(0)
    takes = [scene(0) + draw.integers(0, 4, (64, 64, 1), dtype=np.uint8) for _ in range(5)]
    media = [Picture.of_array(each) for each in (*takes, scene(1))]
    found = lookalikes(media, [{0}, {0}, {1}, set(), {0, 1}, {0}])
    assert len(found.left) == 10, "all takes of one scene, and not the other scene"
    pairs = set(zip(*(each.tolist() for each in found.copies), strict=True))
    assert pairs == {(0, 1), (0, 3), (0, 4), (1, 3), (1, 4), (2, 3), (2, 4), (3, 4)}


def test_sounds_amplified_resampled_or_with_little_noise_are_copies_and_strangers_are_none():
    waves = [babble(seed) for seed in range(30)]
    plain = [Sound.of_array(wave, RATE) for wave in waves]
    quieter = [Sound.of_array((0.3 * resample_poly(wave, 1, 2)).astype(np.float32), RATE // 2) for wave in waves]
    draw = np.random.default_rng(0)
    shaken = [(wave + draw.normal(0, wave.std() / 30, len(wave))).astype(np.float32) for wave in waves]
    for changed in (quieter, [Sound.of_array(wave, RATE) for wave in shaken]):
        bits, alike = judged(plain, changed)
        assert alike.all()
        assert (bits <= 7).mean() > 0.9
    found = looks(plain)
    one, other = np.triu_indices(30, 1)
    assert not are_alike(found[one], found[other]).any()


@pytest.mark.parametrize("shape", [(1, 1), (3, 200), (8, 8), (33, 31)])
def test_flat_pictures_of_any_shape_are_like_no_other(shape):
    flat = [Picture.of_array(np.full((*shape, 3), light, np.uint8)) for light in (0, 200)]
    assert not judged(flat[:1], flat[1:])[1].any()
    assert not judged(flat, flat)[1].any()


@pytest.mark.parametrize("samples", [1, 5, 700, 40_000])
def test_silence_of_any_length_is_like_no_other(samples):
    silence = Sound.of_array(np.zeros(samples, np.float32), RATE)
    assert not judged([silence], [silence])[1].any()
    assert np.isfinite(look_of(Sound.of_array(babble(1, seconds=3)[:samples], RATE))).all()


def test_measures_say_what_they_are_called():
    dark, light = np.full((10, 20, 3), 10, np.uint8), np.full((30, 20, 3), 240, np.uint8)
    light[::2] = 0
    found = measured([Picture.of_array(dark), Picture.of_array(light)])
    told = dict(zip(found.names, found.values.T.tolist(), strict=True))
    assert found.names == PICTURE_MEASURES
    assert told["height in pixels"] == [10, 30]
    assert told["width by height"] == pytest.approx([2.0, 2 / 3], abs=1e-5)
    assert told["brightness (0 to 255)"] == pytest.approx([10.0, 120.0])
    assert told["steps between neighbouring pixels (0 to 255)"][0] == 0.0 < 100
    time = np.arange(RATE) / RATE
    tone = (0.5 * np.sin(2 * np.pi * 1_000 * time)).astype(np.float32)
    half = np.where(time < 0.5, tone, 0.0).astype(np.float32)
    found = measured([Sound.of_array(tone, RATE), Sound.of_array(half, RATE), Sound.of_array(0 * tone[:3], 8_000)])
    told = dict(zip(found.names, found.values.T.tolist(), strict=True))
    assert found.names == SOUND_MEASURES
    assert told["seconds"][:2] == [1.0, 1.0]
    assert told["loudness (decibels below full scale)"] == pytest.approx([-9.03, -12.04, -100.0], abs=0.02)
    assert told["share of quiet stretches"] == pytest.approx([0.0, 0.5, 0.0], abs=0.05)
    assert told["mean frequency in Hz"][:2] == pytest.approx([1_000, 1_000], rel=0.05)
    assert np.isfinite(found.values).all()
    assert np.isfinite(found.layout).all()
