"""Pictures as a model takes them, through its own image processor."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelaudit.errors import ModelInputError
from modelaudit.inference.inputs import ModelInput
from modelaudit.media.picture import Picture
from modelaudit.subject.encoding import Encoding
from modelaudit.subject.readers.slots import slots_of_pixels

GREY = np.array([299, 587, 114]) / 1000
"""Shares of red, green and blue in a grey level (ITU-R BT.601), as Pillow takes them."""


@dataclass(frozen=True)
class PictureReader:
    """An image processor together with how many channels the model takes: three, or one for grey pictures."""

    processor: Any
    channels: int = 3

    def pictures(self, pictures: Sequence[Picture]) -> list[Encoding]:
        """Return one encoding a picture, each made for itself.

        Raises ModelInputError where the processor can't take a picture, or gives no pixel values of one picture.
        """
        return [self._picture(picture) for picture in pictures]

    def _picture(self, picture: Picture) -> Encoding:
        pixels = picture.pixels()
        shown = pixels.copy() if self.channels != 1 else np.rint(pixels @ GREY).astype(np.uint8)[:, :, None]
        try:
            # Tensors of torch: processors that need torchvision, which users may hand in, give no others.
            made = self.processor(images=shown, input_data_format="channels_last", return_tensors="pt")
            values = np.asarray(made["pixel_values"][0])
        except (ValueError, TypeError, KeyError, IndexError, RuntimeError) as error:
            height, width = picture.size
            raise ModelInputError(
                f"the image processor ({type(self.processor).__name__}) can't take a picture of {height} by {width} "
                "pixels; check its preprocessor_config.json against the model"
            ) from error
        return Encoding(ModelInput(_zeros(values), values=_checked(values, self.processor)))


def _checked(values: NDArray[Any], processor: Any) -> NDArray[np.float32]:
    if values.ndim != 3:
        raise ModelInputError(
            f"the image processor ({type(processor).__name__}) gives values of shape {values.shape} for one picture, "
            "not (channels, height, width); models of several pictures or of video can't be audited"
        )
    return np.ascontiguousarray(values, dtype=np.float32)


def _zeros(values: NDArray[Any]) -> NDArray[np.int32]:
    return np.zeros(slots_of_pixels(values.shape), dtype=np.int32)
