"""Pictures and sounds as a report carries them: small, in base64, the same bytes for the same content."""

from __future__ import annotations

import base64
import io
import struct
import wave
import zlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from modelaudit.media.corruptions.canvas import enlarged, resized

Pixels = NDArray[np.uint8]
Samples = NDArray[np.float32]

HEIGHT = 96
"""Pixels of a picture's height in a sheet; its width is twice as much at the most."""
GAP = 4
LONGEST = 1_024
"""Pixels of the longest side of a PNG that a report takes."""
MOST_PLAYED = 200_000
"""The longest sound that can be played, in bytes: 6 seconds of 16 bits at 16 kHz."""


def sheet(pictures: Sequence[Pixels], height: int = HEIGHT) -> Pixels:
    """Return pictures side by side, all of one height, with white between them; what does not fit is left out."""
    tiles: list[Pixels] = []
    for pixels in pictures:
        width = min(max(round(pixels.shape[1] * height / pixels.shape[0]), 1), 2 * height)
        if tiles and sum(tile.shape[1] for tile in tiles) + GAP + width > LONGEST:
            break
        # A small picture is shown pixel by pixel, as the model has it.
        scale = resized if pixels.shape[0] > height else enlarged
        scaled = np.rint(scale(pixels.astype(np.float32), (height, width))).clip(0, 255).astype(np.uint8)
        gap = np.full((height, GAP if tiles else 0, 3), 255, dtype=np.uint8)
        tiles += [gap, scaled]
    return np.hstack(tiles)


def png(pixels: Pixels) -> str:
    """Return pixels, uint8 (H, W, 3), as a PNG file in base64."""
    height, width, _ = pixels.shape
    rows = np.zeros((height, 1 + 3 * width), dtype=np.uint8)
    # Each row begins with its filter; 2 stores what differs from the row above, which packs better.
    rows[:, 0] = 2
    flat = pixels.reshape(height, -1)
    rows[0, 1:] = flat[0]
    rows[1:, 1:] = flat[1:] - flat[:-1]
    head = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    parts = _chunk(b"IHDR", head) + _chunk(b"IDAT", zlib.compress(rows.tobytes(), 6)) + _chunk(b"IEND", b"")
    return base64.b64encode(b"\x89PNG\r\n\x1a\n" + parts).decode()


def wav(samples: Samples, rate: int) -> str | None:
    """Return samples as a WAV file of 16 bits in base64, or None where it would be longer than a report carries."""
    if 2 * len(samples) > MOST_PLAYED:
        return None
    kept = io.BytesIO()
    with wave.open(kept, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(np.rint(np.clip(samples, -1.0, 1.0) * 32_767).astype("<i2").tobytes())
    return base64.b64encode(kept.getvalue()).decode()


def envelope(samples: Samples, most: int = 300) -> tuple[tuple[float, ...], tuple[float, ...]]:
    """Return the lowest and the highest sample of each of at most so many stretches, to three decimals, -1 to 1."""
    starts = np.arange(min(most, len(samples))) * len(samples) // min(most, len(samples))
    kept = np.clip(samples, -1.0, 1.0).astype(np.float64)
    low, high = np.minimum.reduceat(kept, starts), np.maximum.reduceat(kept, starts)
    return tuple(np.round(low, 3).tolist()), tuple(np.round(high, 3).tolist())


def _chunk(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I", len(content)) + kind + content + struct.pack(">I", zlib.crc32(kind + content))
