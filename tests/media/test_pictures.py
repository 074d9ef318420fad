"""Pictures: decoded as a model is trained with them, equal by their pixels, and hostile bytes are a sentence."""

import io
import os
import struct
import zlib

import numpy as np
import pytest
from PIL import Image

from modelaudit.errors import DataInputError
from modelaudit.media.encoded import UnreadableMedium
from modelaudit.media.picture import Picture

PIXELS = np.random.default_rng(0).integers(0, 256, (12, 20, 3), dtype=np.uint8)


def encoded(kind="PNG", pixels=PIXELS, **options):
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, kind, **options)
    return buffer.getvalue()


def png_that_claims(width, height):
    def chunk(kind, content):
        return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))

    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 64)) + chunk(b"IEND", b"")
    )


def test_one_picture_is_equal_in_a_file_in_bytes_and_as_an_array(tmp_path):
    (tmp_path / "a.png").write_bytes(encoded())
    forms = (Picture.of_file(tmp_path / "a.png"), Picture.of_bytes(encoded("BMP")), Picture.of_array(PIXELS))

    assert len(set(forms)) == 1
    assert [form.format for form in forms] == ["PNG", "BMP", ""]
    assert forms[0].size == (12, 20)
    assert (forms[0].pixels() == PIXELS).all()
    assert forms[0] != Picture.of_array(PIXELS[::-1])
    with pytest.raises(ValueError, match="read-only"):
        forms[0].pixels()[0, 0, 0] = 1


def test_a_turned_photograph_stands_upright():
    note = Image.Exif()
    note[0x0112] = 6
    picture = Picture.of_bytes(encoded(exif=note))

    assert picture.size == (20, 12)
    assert (picture.pixels() == np.rot90(PIXELS, -1)).all()


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK"])
def test_every_kind_of_colour_becomes_three_channels(mode):
    buffer = io.BytesIO()
    Image.fromarray(PIXELS).convert(mode).save(buffer, "TIFF")

    assert Picture.of_bytes(buffer.getvalue()).pixels().shape == PIXELS.shape


def test_sixteen_bits_keep_their_levels():
    levels = np.linspace(0, 65535, 240).reshape(12, 20).astype(np.uint16)

    pixels = Picture.of_bytes(encoded(pixels=levels)).pixels()

    assert np.abs(pixels[:, :, 0].astype(int) - levels / 257).max() <= 0.5


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        (b"", "broken"),
        (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", "broken"),
        (encoded()[:90], "broken"),
        (encoded("JPEG")[:300], "broken"),
        (png_that_claims(40_000, 40_000), "too large"),
        (png_that_claims(9_100, 9_100), "too large"),
    ],
)
def test_what_is_no_picture_or_too_large_is_a_sentence(data, fault):
    with pytest.raises(UnreadableMedium, match="the picture") as raised:
        Picture.of_bytes(data)
    assert raised.value.fault == fault


def test_no_noise_in_a_picture_is_more_than_a_sentence():
    rng = np.random.default_rng(1)
    for kind in ("PNG", "JPEG", "GIF", "WEBP", "TIFF"):
        whole = encoded(kind)
        for _ in range(40):
            data = bytearray(whole)
            for place in rng.integers(0, len(data), 4):
                data[place] = rng.integers(0, 256)
            try:
                Picture.of_bytes(bytes(data))
            except UnreadableMedium:
                continue


def test_what_is_no_file_is_missing(tmp_path):
    os.mkfifo(tmp_path / "pipe.png")
    for path in (tmp_path / "none.png", tmp_path, tmp_path / "pipe.png", "a\0b.png"):
        with pytest.raises(UnreadableMedium) as raised:
            Picture.of_file(path)
        assert raised.value.fault == "missing"


def test_a_file_that_changes_under_the_audit_is_no_silent_other_picture(tmp_path):
    (tmp_path / "a.png").write_bytes(encoded(pixels=255 - PIXELS))
    picture = Picture.of_file(tmp_path / "a.png")
    (tmp_path / "a.png").write_bytes(encoded())

    with pytest.raises(DataInputError, match="has changed since the audit began"):
        picture.pixels()


def test_a_change_is_made_when_it_is_asked_for_and_named_by_its_key():
    picture = Picture.of_array(PIXELS)
    made = []

    def darker(pixels):
        made.append(1)
        return pixels // 2

    changed = picture.changed("darker 2", darker)
    assert not made
    assert changed == picture.changed("darker 2", darker)
    assert len({picture, changed, picture.changed("darker 3", darker), changed.changed("darker 2", darker)}) == 4
    assert (changed.pixels() == PIXELS // 2).all()
    with pytest.raises(UnreadableMedium, match="float64"):
        picture.changed("floats", lambda pixels: pixels / 2).pixels()
