"""Cells that are pictures or sounds, in every form in which tables hold them."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelaudit.media.encoded import UnreadableMedium
from modelaudit.media.picture import Picture
from modelaudit.media.raster import refuse_bomb, rgb
from modelaudit.media.sound import Sound
from modelaudit.subject.media_folder import PICTURES, SOUNDS

_ADDRESS = re.compile(r"\s*(data:|[a-z][a-z0-9+.-]+://)", re.IGNORECASE)
_RATES = ("sampling_rate", "sample_rate", "rate", "sr")
_FULL_SCALE = {1: 2.0**7, 2: 2.0**15, 4: 2.0**31}
"""The largest sample of signed whole numbers, by their bytes."""


class WebAddress(UnreadableMedium):
    """A cell names an address in the place of a file; nothing is fetched."""


def picture_in(cell: Any, *, folder: Path | None, name: str) -> Picture:
    """Return the picture of a cell: a path, bytes, a dict of these as `datasets` keeps it, an array, or Pillow's.

    Args:
        cell: what the table holds.
        folder: where relative paths begin.
        name: what messages call it.

    Raises:
        UnreadableMedium: it is none, or can't be read; `WebAddress` for an address.
    """
    cell = _stored(cell)
    if isinstance(cell, str | Path):
        return Picture.of_file(_path(cell, folder, name))
    if isinstance(cell, bytes | bytearray | memoryview):
        return Picture.of_bytes(bytes(cell), name=name)
    if _is_pillow(cell):
        return Picture.of_array(_of_pillow(cell, name), name=name)
    if isinstance(cell, Mapping) and cell.get("array") is not None:
        cell = cell["array"]
    return Picture.of_array(_pixels(_array(cell, name), name), name=name)


def sound_in(cell: Any, *, folder: Path | None, name: str, rate: int | None = None) -> Sound:
    """Return the sound of a cell: a path, bytes, a dict of these as `datasets` keeps it, or samples with their rate.

    `rate` is that of the row, where the table has a column for it, and is needed for bare samples alone. Raises as
    `picture_in` does.
    """
    cell = _stored(cell)
    if isinstance(cell, str | Path):
        return Sound.of_file(_path(cell, folder, name))
    if isinstance(cell, bytes | bytearray | memoryview):
        return Sound.of_bytes(bytes(cell), name=name)
    if isinstance(cell, Mapping):
        rate = next((cell[key] for key in _RATES if cell.get(key) is not None), rate)
        cell = cell.get("array")
    elif hasattr(cell, "get_all_samples"):
        decoded = cell.get_all_samples()
        cell, rate = decoded.data, decoded.sample_rate
    samples = _samples(_array(cell, name), name)
    return Sound.of_array(samples, _whole_rate(rate, name), name=name)


def looks_like_picture(cell: Any) -> bool:
    """Tell whether a cell shows by itself that it is a picture."""
    return _looks_like(cell, PICTURES) or _is_pillow(cell) or getattr(cell, "ndim", 0) in {2, 3}


def looks_like_sound(cell: Any) -> bool:
    """Tell whether a cell shows by itself that it is a sound."""
    if isinstance(cell, Mapping) and any(key in cell for key in _RATES):
        return "array" in cell
    return _looks_like(cell, SOUNDS) or hasattr(cell, "get_all_samples")


def may_be_medium(cell: Any) -> bool:
    """Tell whether a cell can be a picture or a sound at all, given that its column is called so."""
    return not isinstance(cell, int | float | bool)


def is_empty(cell: Any) -> bool:
    """Tell whether a cell holds nothing: no path, no bytes, no numbers."""
    cell = _stored(cell)
    if cell is None or (isinstance(cell, str) and not cell.strip()):
        return True
    return isinstance(cell, Mapping) and all(value is None for value in cell.values())


def _stored(cell: Any) -> Any:
    """The bytes or the path of a dict as `datasets` keeps it; another cell as it is."""
    if isinstance(cell, Mapping) and ("bytes" in cell or "path" in cell) and cell.get("array") is None:
        return cell.get("bytes") if cell.get("bytes") is not None else cell.get("path")
    return cell


def _looks_like(cell: Any, suffixes: frozenset[str]) -> bool:
    if isinstance(cell, Mapping):
        name = cell.get("path")
        named = isinstance(name, str) and Path(name).suffix.lower() in suffixes
        return named or (isinstance(cell.get("bytes"), bytes) and (not name or not Path(str(name)).suffix))
    if isinstance(cell, str):
        return len(cell) <= 4096 and "\n" not in cell and Path(cell).suffix.lower() in suffixes
    return isinstance(cell, bytes | Path)


def _path(cell: str | Path, folder: Path | None, name: str) -> Path:
    if isinstance(cell, str) and _ADDRESS.match(cell):
        raise WebAddress("missing", f"{name} is at an address, and nothing is fetched; save it, and give its path")
    return Path(cell) if folder is None else folder / cell


def _is_pillow(cell: Any) -> bool:
    return hasattr(cell, "getexif") and hasattr(cell, "convert")


def _of_pillow(image: Any, name: str) -> NDArray[np.uint8]:
    try:
        return rgb(image, name)
    except (OSError, ValueError, SyntaxError) as error:
        raise UnreadableMedium("broken", f"{name} is broken or cut off; save it again, or leave it out") from error


def _array(cell: Any, name: str) -> NDArray[np.generic]:
    try:
        array = np.asarray(cell)
    except (ValueError, TypeError, RuntimeError) as error:
        raise _no_numbers(name) from error
    if array.dtype.kind not in "buif":
        raise _no_numbers(name)
    if array.size == 0:
        raise UnreadableMedium("empty", f"{name} is empty; leave it out")
    return array


def _no_numbers(name: str) -> UnreadableMedium:
    return UnreadableMedium(
        "broken", f"{name} is neither a path, nor bytes, nor an array of numbers; give one of these"
    )


def _pixels(array: NDArray[np.generic], name: str) -> NDArray[np.uint8]:
    """Pixels as uint8 (H, W, 3): grey ones three times, channels last, alpha dropped, 0 to 1 scaled to 0 to 255."""
    if array.ndim == 2:
        array = array[:, :, None]
    if array.ndim == 3 and array.shape[2] not in {1, 3, 4} and array.shape[0] in {1, 3, 4}:
        array = np.moveaxis(array, 0, 2)
    if array.ndim != 3 or array.shape[2] not in {1, 3, 4}:
        raise UnreadableMedium("broken", f"{name} is an array of shape {array.shape}, not (height, width, channels)")
    refuse_bomb((array.shape[0], array.shape[1]), name)
    kept = array[:, :, :3]
    whole = kept.astype(np.uint8) if kept.dtype == np.uint8 else _levels(kept, name)
    pixels: NDArray[np.uint8] = np.repeat(whole, 3, axis=2) if whole.shape[2] == 1 else whole
    return pixels


def _levels(array: NDArray[np.generic], name: str) -> NDArray[np.uint8]:
    levels = array.astype(np.float64)
    if not np.isfinite(levels).all():
        raise UnreadableMedium("no numbers", f"{name} has pixels that are no numbers; save it again, or leave it out")
    if array.dtype.kind in "fb" and levels.min() >= 0 and levels.max() <= 1:
        levels = levels * 255
    if levels.min() < 0 or levels.max() > 255:
        raise UnreadableMedium(
            "broken", f"{name} has pixels outside 0 to 255; give the picture as it was before it was normalised"
        )
    return np.rint(levels).astype(np.uint8)


def _whole_rate(rate: Any, name: str) -> int:
    try:
        whole = int(rate)
    except (ValueError, TypeError, OverflowError):
        whole = None
    if whole is None or whole != float(rate):
        raise UnreadableMedium(
            "broken",
            f"{name} is samples without a whole sampling rate; give it as {{'array': samples, 'sampling_rate': 16000}}",
        )
    return whole


def _samples(array: NDArray[np.generic], name: str) -> NDArray[np.float32]:
    """Samples as floats of full scale 1, the mean of channels, which are the shorter side of two."""
    if array.ndim not in {1, 2} or array.dtype.kind == "b":
        raise UnreadableMedium("broken", f"{name} is an array of shape {array.shape}, not (samples,)")
    levels = array.astype(np.float64)
    if array.dtype.kind != "f":
        # Lists of whole numbers come as 64 bits, whatever they were.
        full = _FULL_SCALE.get(array.dtype.itemsize, _FULL_SCALE[2])
        if np.abs(levels).max() > full:
            raise UnreadableMedium("broken", f"{name} has samples beyond 16 bits; give them as floats of full scale 1")
        levels = levels / full
    if levels.ndim == 2:
        levels = levels.mean(axis=int(np.argmin(levels.shape)))
    with np.errstate(over="ignore"):
        return levels.astype(np.float32)
