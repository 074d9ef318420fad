"""Sounds as a model takes them, through its own feature extractor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from modelaudit.errors import ModelInputError
from modelaudit.inference.inputs import ModelInput
from modelaudit.media.sound import Sound
from modelaudit.rows import Row
from modelaudit.subject.encoding import Encoding
from modelaudit.subject.readers.slots import SAMPLES, slots_of_sound

if TYPE_CHECKING:
    from transformers import PreTrainedModel

LEAST_SECONDS = 0.1
"""Shorter sounds are filled up with silence: some frames are needed to make a spectrum or a state of."""
MOST_SECONDS = 60.0
"""Longer sounds are cut, where the model has no limit of its own: attention to all of a long one fills any memory."""

RESAMPLED = "sounds recorded at another sampling rate than the model's (resampled)"
FILLED = f"sounds shorter than {LEAST_SECONDS:g} s or than the model takes (filled up with silence)"
CUT = "sounds longer than the model takes (cut at the end)"


@dataclass(frozen=True, slots=True)
class Heard:
    """What a model takes of one sound: float32 samples (n,) or features in two dimensions, and slots that were cut."""

    values: NDArray[np.float32]
    lost: int

    def encoding(self, *, parts: int = 0, lost: int = 0, **asked: NDArray[np.int32]) -> Encoding:
        """Return it as the engine takes it, with what is asked: so many parts, from which `lost` tokens were cut."""
        slots = np.zeros(slots_of_sound(self.values.shape), dtype=np.int32)
        source = ModelInput(slots, values=self.values, **asked)
        return Encoding(source, self.lost + lost, parts, np.arange(parts, dtype=np.int32))


@dataclass(frozen=True)
class SoundReader:
    """A feature extractor together with how much of a sound the model takes.

    Attributes:
        rate: samples a second, as the model takes them.
        main: name of the model's input, `input_values` or `input_features`.
        least, most: samples that a sound has at least and at most.
    """

    extractor: Any
    rate: int
    main: str
    least: int
    most: int

    @classmethod
    def of(cls, model: PreTrainedModel, extractor: Any, *, name: str) -> SoundReader:
        """Return the reader of a model's sounds; raise ModelInputError where the extractor names no sampling rate."""
        rate = getattr(extractor, "sampling_rate", None)
        if not isinstance(rate, int) or rate < 1:
            raise ModelInputError(
                f"{name}: the processor ({type(extractor).__name__}) names no sampling_rate, so it is no feature "
                "extractor of sounds; save the model's own beside it"
            )
        least = max(ceil(LEAST_SECONDS * rate), _receptive_field(model.config))
        main = str(getattr(model, "main_input_name", "input_values"))
        return cls(extractor, rate, main, least, max(least, _most_samples(extractor, rate)))

    def sounds(self, sounds: Sequence[Sound]) -> list[Encoding]:
        """Return one encoding a sound, each made for itself."""
        return [heard.encoding() for heard in map(self.hear, sounds)]

    def hear(self, sound: Sound) -> Heard:
        """Return what the model takes of a sound; raise ModelInputError where the extractor can't take it."""
        samples = sound.samples(self.rate, most=self.most)
        # Rounded: 30 s at another rate may come out as one sample more by the rounding of floats alone.
        lost = max(0, ceil(round(sound.seconds * self.rate, 6)) - self.most)
        if len(samples) < self.least:
            samples = np.pad(samples, (0, self.least - len(samples)))
        try:
            with np.errstate(divide="ignore", invalid="ignore"):
                made = self.extractor(samples.copy(), sampling_rate=self.rate, return_tensors="np")
            values = np.asarray(made[self.main if self.main in made else _only(made)][0], dtype=np.float32)
            # Extractors that divide by a sound's own spread make 0 / 0 of silence; less its mean it is zero.
            values = np.nan_to_num(_unfilled(values, made.get("attention_mask")), nan=0.0, posinf=0.0, neginf=0.0)
        except (ValueError, TypeError, KeyError, IndexError, RuntimeError, StopIteration) as error:
            raise ModelInputError(
                f"the feature extractor ({type(self.extractor).__name__}) can't take a sound of "
                f"{len(samples) / self.rate:.2f} s; check its preprocessor_config.json against the model"
            ) from error
        if values.ndim not in {1, 2}:
            raise ModelInputError(
                f"the feature extractor ({type(self.extractor).__name__}) gives values of shape {values.shape} for one "
                "sound, not samples (n,) or features in two dimensions; such models can't be audited"
            )
        return Heard(np.ascontiguousarray(values), ceil(lost / SAMPLES))

    def remarks(self, rows: Sequence[Row]) -> dict[str, int]:
        """Return how many rows' sounds are heard otherwise than they were recorded, by reason."""
        sounds = [row.sound for row in rows if row.sound is not None]
        counts = {
            RESAMPLED: sum(sound.rate != self.rate for sound in sounds),
            FILLED: sum(ceil(sound.seconds * self.rate) < self.least for sound in sounds),
            CUT: sum(round(sound.seconds * self.rate, 6) > self.most for sound in sounds),
        }
        return {reason: count for reason, count in counts.items() if count}


def _unfilled(values: NDArray[np.float32], mask: Any) -> NDArray[np.float32]:
    """Features (frames, bins) without the frames that an extractor filled up with and says are none.

    An extractor that brings all sounds to one length says so of features (bins, frames), which stay whole.
    """
    if mask is None or values.ndim != 2:
        return values
    real = np.asarray(mask[0]).astype(bool)
    return values[real] if len(real) == len(values) and real.any() else values


def _only(made: Any) -> str:
    """The one kind of values that an extractor makes, where it calls them otherwise than the model does."""
    return next(key for key in ("input_values", "input_features") if key in made)


def _receptive_field(config: Any) -> int:
    """Samples of which a model's convolutions make one state; 0 where it has none on samples."""
    kernels, strides = getattr(config, "conv_kernel", None), getattr(config, "conv_stride", None)
    if not isinstance(kernels, list | tuple) or not isinstance(strides, list | tuple):
        return 0
    field = 1
    for kernel, stride in zip(reversed(kernels), reversed(strides), strict=False):
        field = (field - 1) * int(stride) + int(kernel)
    return field


def _most_samples(extractor: Any, rate: int) -> int:
    """Samples beyond which an extractor cuts a sound off; `MOST_SECONDS` where it does not."""
    whole = getattr(extractor, "n_samples", None)
    if isinstance(whole, int) and whole > 0:
        return whole
    frames = getattr(extractor, "max_length", None)
    if isinstance(frames, int) and frames > 0 and getattr(extractor, "num_mel_bins", None):
        # A frame of 25 ms begins every 10 ms.
        return round((frames - 1) * rate * 0.01 + rate * 0.025)
    return round(MOST_SECONDS * rate)
