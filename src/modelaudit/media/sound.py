"""The sound: what an audio model hears of a row, decoded when it is asked for."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import lru_cache, partial
from hashlib import blake2b
from pathlib import Path

import numpy as np

from modelaudit.errors import DataInputError
from modelaudit.media.encoded import bytes_of
from modelaudit.media.wave import Samples, decode, fit, resampled

SILENT = 1e-4
"""Peak below which a sound is silent, of a full scale of 1 (-80 dB); 16 bits tell steps of 0.00003 apart."""


@dataclass(frozen=True, slots=True, eq=False)
class Sound:
    """A sound of one channel, equal to another with the same samples and rate however they are kept.

    Attributes:
        digest: 32 hex digits of its samples and rate; of a changed sound, of its parent's digest and the change's key.
        rate: samples a second, as it was recorded.
        format: how it was encoded, `WAV`; empty for arrays and changed sounds.
        name: what messages call it.
    """

    digest: str
    rate: int
    format: str
    name: str
    load: Callable[[], Samples] = field(repr=False)
    length: int | None = field(default=None, repr=False)
    peak: float | None = field(default=None, repr=False)

    @classmethod
    def of_file(cls, path: str | Path) -> Sound:
        """Return the sound in a file, which stays where it is and is read again when its samples are asked for.

        Raises DataInputError where it can't be read, is broken, empty, or too long.
        """
        place = Path(path)
        name = f"the sound {place.name!r}"
        return _checked(partial(_of_file, place, name), name)

    @classmethod
    def of_bytes(cls, data: bytes, *, name: str = "the sound") -> Sound:
        """Return the sound in the bytes of a sound file; raise DataInputError where they are none."""
        return _checked(partial(decode, data, name), name)

    @classmethod
    def of_array(cls, samples: Samples, rate: int, *, name: str = "the sound") -> Sound:
        """Return the sound of an array, float (n,), full scale 1, which is copied; DataInputError for another."""
        kept = fit(np.array(samples), rate, name)
        return cls(_digest(kept, rate), rate, "", name, partial(_same, kept), len(kept), _peak(kept))

    @property
    def seconds(self) -> float:
        """How long it lasts."""
        return (len(_latest(self)) if self.length is None else self.length) / self.rate

    @property
    def silent(self) -> bool:
        """Whether nothing in it is louder than `SILENT`."""
        return (_peak(_latest(self)) if self.peak is None else self.peak) < SILENT

    def samples(self, rate: int | None = None, *, most: int | None = None) -> Samples:
        """Return the samples, float32 (n,), full scale 1, at `rate` Hz (its own if None), read-only; the first `most`.

        Raises DataInputError where the file is gone or holds another sound than when it was first read.
        """
        own = _latest(self)
        return own[:most] if rate is None else resampled(own, self.rate, rate, most=most)

    def changed(self, key: str, change: Callable[[Samples, int], Samples]) -> Sound:
        """Return the sound after a change, a function of samples and their rate, made when samples are asked for.

        The rate stays; the length may change. `key` names the change with all its settings and seeds: the same key must
        make the same samples.
        """
        digest = blake2b(f"{self.digest}\0{key}".encode("utf-8", "surrogatepass"), digest_size=16).hexdigest()
        return Sound(digest, self.rate, "", self.name, partial(_after, self, change))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sound) and self.digest == other.digest

    def __hash__(self) -> int:
        return hash(self.digest)


def _checked(load: Callable[[], tuple[Samples, int, str]], name: str) -> Sound:
    samples, rate, kind = load()
    digest = _digest(samples, rate)
    return Sound(digest, rate, kind, name, partial(_again, load, digest, name), len(samples), _peak(samples))


def _of_file(path: Path, name: str) -> tuple[Samples, int, str]:
    return decode(bytes_of(path, name), name)


def _again(load: Callable[[], tuple[Samples, int, str]], digest: str, name: str) -> Samples:
    samples, rate, _ = load()
    if _digest(samples, rate) != digest:
        raise DataInputError(f"{name} has changed since the audit began; leave the files alone and start again")
    return samples


def _after(parent: Sound, change: Callable[[Samples, int], Samples]) -> Samples:
    return fit(np.asarray(change(parent.samples(), parent.rate)), parent.rate, parent.name)


def _peak(samples: Samples) -> float:
    return float(np.abs(samples).max())


def _same(samples: Samples) -> Samples:
    return samples


@lru_cache(maxsize=4)
def _latest(sound: Sound) -> Samples:
    """The samples of the sounds that were asked for last: many changed ones are made of the same parent in a row."""
    samples = sound.load()
    samples.flags.writeable = False
    return samples


def _digest(samples: Samples, rate: int) -> str:
    digest = blake2b(f"{rate} {len(samples)}".encode(), digest_size=16)
    digest.update(np.ascontiguousarray(samples).data)
    return digest.hexdigest()
