"""Parts of pictures and sounds: how they are divided, and what stands where a part is hidden."""

import numpy as np
import pytest

from modelaudit.media.patches import Patches
from modelaudit.media.picture import Picture
from modelaudit.media.segments import Segments
from modelaudit.media.sound import Sound

RATE = 8_000


def picture(height, width, seed=0):
    return Picture.of_array(np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8))


def tone(seconds, rate=RATE, loudness=0.5):
    times = np.arange(round(seconds * rate)) / rate
    return Sound.of_array((loudness * np.sin(2 * np.pi * 440 * times)).astype(np.float32), rate)


@pytest.mark.parametrize(
    ("size", "grid"),
    [
        ((72, 72), (6, 6)),
        ((48, 64), (5, 7)),
        ((8, 8), (6, 6)),
        ((3, 5), (3, 5)),
        ((1, 1), (1, 1)),
        ((2, 300), (1, 36)),
        ((300, 2), (36, 1)),
    ],
)
def test_a_picture_is_divided_into_squares_of_whole_pixels(size, grid):
    parts = Patches.of(picture(*size))
    assert parts.grid == grid
    assert len(parts) == len(parts.names) == len(set(parts.names)) <= 36
    inked = Picture.of_array(np.random.default_rng(0).choice(np.array([0, 255], dtype=np.uint8), (*size, 3)))
    hidden = np.zeros(size, dtype=np.int64)
    for place in range(len(parts)):
        keep = np.arange(len(parts)) != place
        changed = (parts.hidden(inked, keep, "mean").pixels() != inked.pixels()).any(axis=2)
        assert changed.any() or size == (1, 1)
        hidden += changed
    # The mean is grey, so each hidden pixel shows: every pixel is of one patch.
    assert (hidden == 1).all() or size == (1, 1)


def test_patches_are_named_from_the_top_left():
    parts = Patches.of(picture(20, 30), most=6)
    assert parts.grid == (2, 3)
    assert parts.names[:4] == ("row 1, column 1", "row 1, column 2", "row 1, column 3", "row 2, column 1")
    keep = np.array([1, 1, 1, 1, 0, 1], dtype=bool)
    shown = picture(20, 30)
    changed = (parts.hidden(shown, keep, "mean").pixels() != shown.pixels()).any(axis=2)
    rows, columns = np.nonzero(changed)
    assert (rows.min(), rows.max(), columns.min(), columns.max()) == (10, 19, 10, 19)


def test_hidden_patches_have_the_mean_colour_of_the_whole_picture_whichever_are_hidden():
    shown = picture(12, 12)
    parts = Patches.of(shown, most=4)
    colour = np.rint(shown.pixels().mean(axis=(0, 1)))
    for keep in ([0, 1, 1, 1], [0, 0, 1, 1], [0, 0, 0, 0]):
        found = parts.hidden(shown, np.array(keep, dtype=bool), "mean").pixels()
        assert (found[:6, :6] == colour).all()
        assert (found[6:, 6:] == shown.pixels()[6:, 6:]).all() == bool(keep[3])


def test_a_blurred_patch_keeps_its_colour_and_loses_what_is_seen_in_it():
    stripes = np.zeros((60, 60, 3), dtype=np.uint8)
    stripes[:, ::2] = 200
    stripes[:30] //= 2
    shown = Picture.of_array(stripes)
    parts = Patches.of(shown, most=36)
    found = parts.hidden(shown, np.zeros(36, dtype=bool), "blur").pixels().astype(int)
    assert found[:10].std() < 5
    assert found[:10].mean() == pytest.approx(50, abs=5)
    assert found[-10:].mean() == pytest.approx(100, abs=5)


def test_a_patch_of_one_pixel_is_blurred_too():
    shown = picture(4, 4)
    found = Patches.of(shown).hidden(shown, np.zeros(16, dtype=bool), "blur").pixels().astype(int)
    assert found.std(axis=(0, 1)).max() < 0.4 * shown.pixels().std(axis=(0, 1)).min()


def test_with_every_part_in_sight_a_picture_and_a_sound_are_themselves():
    shown, heard = picture(10, 10), tone(1)
    assert Patches.of(shown).hidden(shown, np.ones(36, dtype=bool), "blur") is shown
    assert Segments.of(heard).hidden(heard, np.ones(10, dtype=bool), "noise") is heard


def test_the_digest_tells_coalitions_and_ways_apart_and_nothing_else():
    shown, heard = picture(10, 10), tone(1)
    patches, segments = Patches.of(shown), Segments.of(heard)
    keep = np.arange(36) % 2 == 0
    made = {patches.hidden(shown, each, how).digest for each in (keep, ~keep) for how in ("mean", "blur")}
    made |= {segments.hidden(heard, each[:10], how).digest for each in (keep, ~keep) for how in ("silence", "noise")}
    assert len(made) == 8
    again = picture(10, 10)
    assert patches.hidden(again, keep, "mean") == patches.hidden(shown, keep, "mean")
    assert (patches.hidden(again, keep, "blur").pixels() == patches.hidden(shown, keep, "blur").pixels()).all()


@pytest.mark.parametrize(("seconds", "count"), [(0.05, 1), (0.1, 1), (0.2, 2), (1.0, 10), (0.999, 9), (30.0, 20)])
def test_a_sound_is_divided_into_segments_of_a_tenth_of_a_second_or_more(seconds, count):
    parts = Segments.of(tone(seconds))
    assert len(parts) == len(set(parts.names)) == count
    assert parts.edges[-1] == pytest.approx(seconds, abs=1e-3)


def test_segments_are_named_by_when_they_last():
    assert Segments.of(tone(3.0)).names[:2] == ("0.00-0.15 s", "0.15-0.30 s")
    assert Segments.of(tone(8.0)).names[1] == "0.4-0.8 s"


def test_a_silenced_segment_fades_without_a_click_and_leaves_its_neighbours():
    heard = Sound.of_array(np.full(RATE, 0.5, dtype=np.float32), RATE)
    keep = np.ones(10, dtype=bool)
    keep[3:5] = False
    found = Segments.of(heard).hidden(heard, keep, "silence").samples(RATE)
    assert (found[: 3 * 800] == 0.5).all()
    assert (found[5 * 800 :] == 0.5).all()
    assert (found[3 * 800 + 41 : 5 * 800 - 41] == 0).all()
    assert np.abs(np.diff(found)).max() < 0.5 / 20


def test_hidden_segments_are_as_loud_as_the_sound_and_the_noise_is_always_the_same():
    heard = tone(2.0, loudness=0.4)
    parts = Segments.of(heard)
    keep = np.zeros(20, dtype=bool)
    noise = parts.hidden(heard, keep, "noise").samples(RATE)
    assert np.sqrt((noise**2).mean()) == pytest.approx(0.4 / np.sqrt(2), rel=0.03)
    keep[4] = True
    part = parts.hidden(tone(2.0, loudness=0.4), keep, "noise").samples(RATE)
    assert (part[:3000] == noise[:3000]).all()
    assert not (part[3200:4000] == noise[3200:4000]).any()
    assert np.abs(parts.hidden(tone(2.0, loudness=0.0), ~keep, "noise").samples(RATE)).max() == 0


def test_flags_of_another_width_and_ways_that_nobody_knows_are_refused():
    shown, heard = picture(10, 10), tone(1)
    with pytest.raises(ValueError, match="36 patches"):
        Patches.of(shown).hidden(shown, np.ones(35, dtype=bool), "mean")
    with pytest.raises(ValueError, match="10 segments"):
        Segments.of(heard).hidden(heard, np.ones(11, dtype=bool), "silence")
    with pytest.raises(ValueError, match="not by 'mask'"):
        Patches.of(shown).hidden(shown, np.ones(36, dtype=bool), "mask")
    with pytest.raises(ValueError, match="not by 'blur'"):
        Segments.of(heard).hidden(heard, np.ones(10, dtype=bool), "blur")
