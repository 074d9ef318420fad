"""Every cell of the matrix."""

from __future__ import annotations

from matrix.architecture import Architecture
from matrix.audio import AUDIO
from matrix.decoders import DECODERS
from matrix.encoder_decoders import ENCODER_DECODERS
from matrix.encoders import ENCODERS
from matrix.oddities import ODDITIES
from matrix.vision import VISION

ARCHITECTURES: tuple[Architecture, ...] = (*ENCODERS, *DECODERS, *ENCODER_DECODERS, *VISION, *AUDIO, *ODDITIES)


def cells() -> list[tuple[Architecture, str]]:
    """Return each architecture with each of its tasks."""
    return [(architecture, task) for architecture in ARCHITECTURES for task in architecture.tasks]
