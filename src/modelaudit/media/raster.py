"""Encoded pictures to pixels, through Pillow."""

from __future__ import annotations

import io
import threading
import warnings
from types import ModuleType
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from modelaudit.errors import InputError
from modelaudit.media.encoded import UnreadableMedium

if TYPE_CHECKING:
    from PIL import Image

MOST_PIXELS = 80_000_000
"""Larger pictures are refused before they are unpacked: a few kilobytes can claim any number of pixels."""

_FORMATS = ("PNG", "JPEG", "MPO", "WEBP", "GIF", "BMP", "DIB", "TIFF", "PPM", "JPEG2000", "AVIF", "TGA", "ICO")
"""Rasters alone: Pillow hands PostScript and some others to another program."""
_WARNINGS = threading.Lock()
"""Filters of warnings are the whole process's: two threads that change them at once may leave them changed."""
_ORIENTATION = 0x0112
_SIXTEEN_BITS = 65535


def decode(data: bytes, name: str) -> tuple[NDArray[np.uint8], str]:
    """Return the pixels, uint8 (H, W, 3), and the format of an encoded picture, `JPEG`; of several frames the first.

    Raises UnreadableMedium where it is no picture, is broken or cut off, or has more than `MOST_PIXELS`.
    """
    Image = _pillow()
    Image.init()
    formats = [kind for kind in _FORMATS if kind in Image.OPEN]
    try:
        with _WARNINGS, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(data), formats=formats) as image:
                kind = str(image.format)
                refuse_bomb(image.size, name)
                image.load()
                return rgb(image, name), kind
    except UnreadableMedium:
        raise
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _too_large(name) from error
    except Image.UnidentifiedImageError as error:
        raise UnreadableMedium(
            "broken", f"{name} is no picture that can be read; save it as PNG or JPEG, or leave it out"
        ) from error
    except Exception as error:  # what a decoder raises on hostile bytes has no common base
        raise UnreadableMedium("broken", f"{name} is broken or cut off; save it again, or leave it out") from error


def rgb(image: Image.Image, name: str) -> NDArray[np.uint8]:
    """Return a picture of Pillow's as uint8 (H, W, 3): turned upright, in colours, 16 bits scaled to 8, without alpha.

    Transparency is dropped as `convert("RGB")` drops it, since that is what models are trained with.
    """
    refuse_bomb(image.size, name)
    image = _upright(image)
    if image.mode.startswith("I") or image.mode == "F":
        return np.repeat(_grey(np.asarray(image), name)[:, :, None], 3, axis=2)
    if image.mode in {"P", "PA"}:
        image = image.convert("RGBA")
    return np.array(image.convert("RGB"), dtype=np.uint8)


def refuse_bomb(size: tuple[int, int], name: str) -> None:
    """Raise UnreadableMedium for a picture without pixels, or with more than `MOST_PIXELS`."""
    if size[0] * size[1] > MOST_PIXELS:
        raise _too_large(name)
    if min(size) < 1:
        raise UnreadableMedium("empty", f"{name} has no pixels; leave it out")


def _grey(values: NDArray[np.generic], name: str) -> NDArray[np.uint8]:
    levels = values.astype(np.float64)
    if not np.isfinite(levels).all():
        raise UnreadableMedium("no numbers", f"{name} has pixels that are no numbers; save it again, or leave it out")
    if values.dtype.kind == "f" and levels.max() <= 1.0:
        levels = levels * 255
    elif levels.max() > 255:
        levels = levels * (255 / _SIXTEEN_BITS)
    grey: NDArray[np.uint8] = np.clip(np.rint(levels), 0, 255).astype(np.uint8)
    return grey


def _upright(image: Image.Image) -> Image.Image:
    """The picture turned as its camera says; as it is where that can't be read."""
    turns = _pillow().Transpose
    ways = [turns.FLIP_LEFT_RIGHT, turns.ROTATE_180, turns.FLIP_TOP_BOTTOM, turns.TRANSPOSE]
    ways += [turns.ROTATE_270, turns.TRANSVERSE, turns.ROTATE_90]
    try:
        told = image.getexif().get(_ORIENTATION)
    except Exception:  # noqa: BLE001  a broken note of the camera's takes nothing away from the picture
        return image
    return image.transpose(ways[told - 2]) if isinstance(told, int) and 2 <= told <= 8 else image


def _too_large(name: str) -> UnreadableMedium:
    return UnreadableMedium(
        "too large", f"{name} has more than {MOST_PIXELS:,} pixels; make it smaller, or leave it out"
    )


def _pillow() -> ModuleType:
    try:
        from PIL import Image
    except ImportError as error:
        raise InputError('pictures need Pillow; pip install "modelaudit-core[image]"') from error
    return Image
