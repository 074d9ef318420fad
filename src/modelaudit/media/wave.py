"""Encoded sounds to samples, through soundfile, and samples to another rate."""

from __future__ import annotations

import io
from math import gcd

import numpy as np
from numpy.typing import NDArray

from modelaudit.errors import InputError
from modelaudit.media.encoded import UnreadableMedium

MOST_VALUES = 120_000_000
"""Samples times channels: two hours of one channel at 16 kHz. A few kilobytes can unpack to any number."""
SLOWEST, FASTEST = 1_000, 768_000
"""Sampling rates in Hz; beyond these a header lies."""
_UNKNOWN_LENGTH = 0x7FFF0000

Samples = NDArray[np.float32]


class _Kept(io.BytesIO):
    """Bytes as a file in which no place lies before the first, wherever a broken header leads.

    The decoder is no Python, so that an error in here would be printed and not raised.
    """

    def seek(self, offset: int, whence: int = 0, /) -> int:
        before = {1: self.tell(), 2: len(self.getbuffer())}.get(whence, 0)
        return super().seek(max(0, min(before + offset, len(self.getbuffer()))))


def decode(data: bytes, name: str) -> tuple[Samples, int, str]:
    """Return the samples, float32 (n,), the mean of the channels, the rate in Hz and the format, `WAV`.

    Raises UnreadableMedium where it is no sound, is broken, empty, holds samples that are no numbers, or is longer than
    `MOST_VALUES`.
    """
    try:
        import soundfile
    except (ImportError, OSError) as error:
        raise InputError('sounds need soundfile; pip install "modelaudit-core[audio]"') from error
    try:
        with soundfile.SoundFile(_Kept(data)) as file:
            rate, kind, channels = int(file.samplerate), str(file.format), int(file.channels)
            _refuse_rate(rate, name)
            most = MOST_VALUES // channels
            samples = file.read(most + 1, dtype="float32", always_2d=True)
    except UnreadableMedium:
        raise
    except Exception as error:  # what a decoder raises on hostile bytes has no common base
        raise UnreadableMedium(
            "broken", f"{name} is no sound that can be read, or is broken; save it as WAV or FLAC, or leave it out"
        ) from error
    if len(samples) > most:
        raise UnreadableMedium(
            "too large", f"{name} has more than {MOST_VALUES:,} samples; cut it into parts, or leave it out"
        )
    if kind in {"WAV", "WAVEX"} and _is_cut_off(data):
        raise UnreadableMedium("broken", f"{name} is cut off; save it again, or leave it out")
    return fit(samples.mean(axis=1, dtype=np.float32) if channels > 1 else samples[:, 0], rate, name), rate, kind


def fit(samples: NDArray[np.generic], rate: int, name: str) -> Samples:
    """Return samples as float32 (n,), checked; raise UnreadableMedium for what is no sound."""
    if samples.ndim != 1 or samples.dtype.kind != "f":
        raise UnreadableMedium(
            "broken", f"{name} is an array of {samples.dtype} of shape {samples.shape}, not of floats (samples,)"
        )
    _refuse_rate(rate, name)
    if len(samples) == 0:
        raise UnreadableMedium("empty", f"{name} is empty; leave it out")
    if len(samples) > MOST_VALUES:
        raise UnreadableMedium(
            "too large", f"{name} has more than {MOST_VALUES:,} samples; cut it into parts, or leave it out"
        )
    with np.errstate(over="ignore"):
        kept = np.ascontiguousarray(samples, dtype=np.float32)
    if not np.isfinite(kept).all():
        raise UnreadableMedium(
            "no numbers", f"{name} holds samples that are no numbers; save it again, or leave it out"
        )
    return kept


def resampled(samples: Samples, rate: int, wanted: int, *, most: int | None = None) -> Samples:
    """Return samples at another rate, at least one: a polyphase filter with a Kaiser window (scipy's own settings).

    The first `most` alone, the same as of all: a slow and long sound would fill any memory at a higher rate.
    """
    if rate == wanted:
        return samples[:most]
    from scipy.signal import resample_poly

    common = gcd(rate, wanted)
    up, down = wanted // common, rate // common
    if most is not None:
        # The filter reaches ten samples of the slower rate to either side.
        samples = samples[: -(-most * down // up) + 2 + 10 * -(-max(up, down) // up)]
    made = resample_poly(samples, up, down)[:most]
    return np.ascontiguousarray(made, dtype=np.float32)


def _is_cut_off(data: bytes) -> bool:
    """Whether a RIFF file is shorter than it says; what is written to a pipe says the largest number there is."""
    claimed = int.from_bytes(data[4:8], "little")
    return claimed < _UNKNOWN_LENGTH and claimed + 8 > len(data) + 1


def _refuse_rate(rate: int, name: str) -> None:
    if not SLOWEST <= rate <= FASTEST:
        raise UnreadableMedium(
            "broken", f"{name} claims {rate:,} samples a second; save it with its true rate, or leave it out"
        )
