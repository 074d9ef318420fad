"""The change of a sound that leaves what is said or heard in it, at five severities."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from hashlib import blake2b

import numpy as np
from numpy.typing import NDArray

from modelaudit.media.sound import Sound

SEVERITIES = (1, 2, 3, 4, 5)

Floats = NDArray[np.float64]
Samples = NDArray[np.float32]
Level = tuple[float, ...]
Make = Callable[[Floats, int, Level, np.random.Generator], Floats]


@dataclass(frozen=True, slots=True)
class SoundChange:
    """A kind of change.

    Attributes:
        name, family: as the report names them.
        make: the change of samples, float64 (n,), at a rate, with the constants of a severity and the sound's own draw.
        levels: the constants of each severity, 1 to 5.
    """

    name: str
    family: str
    make: Make
    levels: tuple[Level, ...]

    def of(self, sound: Sound, severity: int) -> Sound:
        """Return the changed sound; the draw depends on sound, kind and severity alone.

        Raises ValueError for a severity other than 1 to 5.
        """
        if severity not in SEVERITIES:
            raise ValueError(f"severities are 1 to 5, not {severity!r}")
        key = f"{self.name}, severity {severity}"
        return sound.changed(key, partial(_changed, self, severity, f"{sound.digest} {key}"))


def loudness(samples: Floats) -> float:
    """Return the root mean square."""
    return float(np.sqrt(np.mean(np.square(samples))))


def _changed(kind: SoundChange, severity: int, seed: str, samples: Samples, rate: int) -> Samples:
    key = int.from_bytes(blake2b(seed.encode("utf-8", "surrogatepass"), digest_size=16).digest(), "little")
    rng = np.random.Generator(np.random.Philox(key=key))
    found = kind.make(samples.astype(np.float64), rate, kind.levels[severity - 1], rng)
    # A sound that is louder than full scale was read as it is, and no change may clip what the original is not.
    full = max(1.0, float(np.abs(samples).max(initial=0.0)))
    changed: Samples = np.clip(found, -full, full).astype(np.float32)
    return changed
