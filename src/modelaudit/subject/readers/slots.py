"""Slots: how many tokens' worth of work a picture or a sound is, by the shape of what the model takes of it."""

from __future__ import annotations

from collections.abc import Sequence

PATCH = 256
"""Pixels of a patch of 16 by 16, which most vision transformers cut pictures into."""
SAMPLES = 320
"""Samples of 20 ms at 16 kHz, which most models of sound make one state of."""
FRAMES = 2
"""Frames of 10 ms of that state."""


def slots_of_pixels(shape: Sequence[int]) -> int:
    """Return the slots of pixel values (channels, height, width), at least one."""
    return max(1, shape[-2] * shape[-1] // PATCH) if len(shape) > 1 else 1


def slots_of_sound(shape: Sequence[int]) -> int:
    """Return the slots of samples (n,), or of features in two dimensions, of which time is the longer; at least one."""
    return max(1, shape[0] // SAMPLES) if len(shape) == 1 else max(1, max(shape) // FRAMES)
