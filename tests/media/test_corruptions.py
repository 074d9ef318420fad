"""Corruptions of pictures: as strong as their severity says, in pictures of any size, and the same each time."""

from __future__ import annotations

import pickle

import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from modelaudit.media.corruptions import CORRUPTIONS, MIRRORED, SEVERITIES, Corruption, working
from modelaudit.media.picture import Picture

KINDS = {kind.name: kind for kind in (*CORRUPTIONS, MIRRORED)}
GROWING = sorted(set(KINDS) - {"mirrored", "frost", "fog", "elastic transform", "shift", "crop", "snow", "pixelate"})
"""Kinds whose pictures change more with each severity; of the others the paper trades one constant for another."""


def photo(height: int, width: int, seed: int = 0) -> Picture:
    """A picture with what photos have: smooth colours, edges and some grain."""
    rng = np.random.default_rng(seed)
    down, right = np.indices((height, width)) / min(height, width)
    base = np.stack([0.5 + 0.3 * np.sin(6 * down + at) * np.cos(7 * right - at) for at in range(3)], axis=2)
    base[(np.hypot(down - 0.4, right - 0.5) < 0.25)] *= 0.5
    base += gaussian_filter(rng.standard_normal((height, width, 3)), (1, 1, 0)) * 0.05
    return Picture.of_array((np.clip(base, 0, 1) * 255).astype(np.uint8))


def change(kind: Corruption, picture: Picture, severity: int) -> float:
    """The mean change of a pixel, of 255."""
    before, after = picture.pixels().astype(float), kind.of(picture, severity).pixels().astype(float)
    return float(np.abs(after - before).mean())


def test_the_paper_s_fifteen_kinds_are_there_and_are_marked() -> None:
    published = [kind.name for kind in CORRUPTIONS if kind.published]
    assert len(published) == 15
    assert len(CORRUPTIONS) == len({kind.name for kind in CORRUPTIONS})
    assert all(len(kind.levels) == 5 for kind in KINDS.values())
    assert MIRRORED not in CORRUPTIONS


@pytest.mark.parametrize("name", KINDS)
def test_a_corruption_is_drawn_by_content_kind_and_severity_alone(name: str) -> None:
    kind, one, same, other = KINDS[name], photo(40, 56), photo(40, 56), photo(40, 56, seed=1)
    found = kind.of(one, 3)
    assert found.pixels().shape == (40, 56, 3)
    assert found.digest == kind.of(same, 3).digest
    assert (found.pixels() == kind.of(same, 3).pixels()).all()
    assert len({found.digest, kind.of(other, 3).digest, kind.of(one, 4).digest, one.digest}) == 4
    assert (pickle.loads(pickle.dumps(found)).pixels() == found.pixels()).all()
    assert change(kind, one, 5) > 0.5


@pytest.mark.parametrize("name", KINDS)
@pytest.mark.parametrize("size", [(1, 1), (1, 9), (3, 400), (17, 2)])
def test_pictures_of_hardly_any_pixels_keep_their_size(name: str, size: tuple[int, int]) -> None:
    picture = photo(*size)
    for severity in (1, 5):
        assert KINDS[name].of(picture, severity).pixels().shape == (*size, 3)


@pytest.mark.parametrize("name", GROWING)
@pytest.mark.parametrize("side", [32, 224])
def test_a_severity_changes_more_than_the_one_below_it(name: str, side: int) -> None:
    changes = [change(KINDS[name], photo(side, side), severity) for severity in SEVERITIES]
    assert changes[0] < changes[2] < changes[4], changes


@pytest.mark.parametrize(
    "name", ["gaussian noise", "shot noise", "impulse noise", "JPEG compression", "defocus blur", "motion blur"]
)
def test_what_a_model_sees_of_a_large_picture_is_corrupted_as_much_as_a_small_one(name: str) -> None:
    """A picture of 448 pixels, corrupted and reduced to 224, is as far from the original as one of 224 pixels."""

    def reduced(picture: Picture) -> np.ndarray:
        pixels = picture.pixels().astype(float)
        return pixels.reshape(224, 2, 224, 2, 3).mean(axis=(1, 3))

    large = photo(448, 448)
    small = Picture.of_array(reduced(large).astype(np.uint8))
    seen = np.abs(reduced(KINDS[name].of(large, 3)) - reduced(large)).mean()
    assert seen == pytest.approx(change(KINDS[name], small, 3), rel=0.35)


def test_gaussian_noise_has_the_paper_s_spread() -> None:
    grey = Picture.of_array(np.full((224, 224, 3), 128, dtype=np.uint8))
    spread = (KINDS["gaussian noise"].of(grey, 1).pixels() / 255.0).std()
    assert spread == pytest.approx(0.08, abs=0.004)
    tiny = Picture.of_array(np.full((32, 32, 3), 128, dtype=np.uint8))
    # CIFAR-10-C, the authors' own set of 32 pixels, has 0.04.
    assert 0.02 < (KINDS["gaussian noise"].of(tiny, 1).pixels() / 255.0).std() < 0.05


def test_pictures_that_differ_in_one_pixel_are_drawn_for_anew() -> None:
    one = np.full((16, 16, 3), 128, dtype=np.uint8)
    other = one.copy()
    other[0, 0] = 0
    noise = [KINDS["gaussian noise"].of(Picture.of_array(pixels), 3).pixels() for pixels in (one, other)]
    assert (noise[0] != noise[1]).mean() > 0.9


def test_a_blur_keeps_the_light_and_takes_the_detail() -> None:
    picture = photo(120, 120)
    for name in ("defocus blur", "motion blur", "glass blur"):
        after = KINDS[name].of(picture, 5).pixels().astype(float)
        assert after.mean() == pytest.approx(picture.pixels().mean(), abs=2)
        assert np.abs(np.diff(after, axis=1)).mean() < np.abs(np.diff(picture.pixels().astype(float), axis=1)).mean()


def test_mirrored_twice_is_the_picture_and_grey_has_no_colour() -> None:
    picture = photo(20, 30)
    assert (MIRRORED.of(MIRRORED.of(picture, 1), 1).pixels() == picture.pixels()).all()
    grey = KINDS["grey"].of(picture, 5).pixels().astype(int)
    assert np.ptp(grey, axis=2).max() <= 1


def test_a_large_picture_is_reduced_to_a_working_size_and_others_are_left_alone() -> None:
    large, small = photo(600, 900), photo(300, 900)
    assert working(small) is small
    assert working(large).size == (512, 768)
    assert working(photo(2, 9_000)).size == (1, 4_096)
    assert working(large).pixels().mean() == pytest.approx(large.pixels().mean(), abs=1)


def test_a_severity_that_is_not_there_is_an_error() -> None:
    with pytest.raises(ValueError, match="1 to 5, not 6"):
        KINDS["fog"].of(photo(4, 4), 6)
