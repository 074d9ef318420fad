"""Pictures and sounds as text: what may stand in a record, and nothing else gets into a page."""

from __future__ import annotations

import base64
import binascii
import struct
from typing import Annotated

from pydantic import AfterValidator, Field

__all__ = ["LONGEST_SIDE", "MOST_ENCODED", "Png", "Wav"]

MOST_ENCODED = 400_000
"""The longest picture or sound in base64: 300 kB, as a picture of 300 x 300 pixels of pure noise has."""
LONGEST_SIDE = 1_024
"""The longest side of a picture in pixels, so that a small file can't unfold into one that fills a memory."""


def _as_png(encoded: str) -> str:
    """Check that a string is a PNG file in base64, and of bearable size; nothing else gets into a page as a picture."""
    head = _decoded(encoded)[:24]
    if head[:8] != b"\x89PNG\r\n\x1a\n" or head[12:16] != b"IHDR" or len(head) < 24:
        raise ValueError("a picture is a PNG file in base64")
    sides = struct.unpack(">II", head[16:24])
    if not all(0 < side <= LONGEST_SIDE for side in sides):
        raise ValueError(f"a picture has 1 to {LONGEST_SIDE} pixels a side, not {sides[0]} x {sides[1]}")
    return encoded


def _as_wav(encoded: str) -> str:
    head = _decoded(encoded)[:12]
    if head[:4] != b"RIFF" or head[8:12] != b"WAVE":
        raise ValueError("a sound is a WAV file in base64")
    return encoded


def _decoded(encoded: str) -> bytes:
    try:
        return base64.b64decode(encoded, validate=True)
    except binascii.Error as error:
        raise ValueError(f"not base64: {error}") from error


Png = Annotated[str, Field(max_length=MOST_ENCODED), AfterValidator(_as_png)]
Wav = Annotated[str, Field(max_length=MOST_ENCODED), AfterValidator(_as_wav)]
