"""Pictures and sounds: what a row holds that is no text, read only where it is asked for.

`Picture` and `Sound` are what `Row.picture` and `Row.sound` hold; `png`, `wav` and `envelope` make of their pixels and
samples what evidence takes. Nothing is imported before it is asked for.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from modelaudit.media.picture import Picture
    from modelaudit.media.shown import envelope, png, sheet, wav
    from modelaudit.media.shrunk import shrunk
    from modelaudit.media.sound import Sound

__all__ = ["Picture", "Sound", "envelope", "png", "sheet", "shrunk", "wav"]

_HOMES = {
    "Picture": "picture",
    "Sound": "sound",
    "envelope": "shown",
    "png": "shown",
    "sheet": "shown",
    "shrunk": "shrunk",
    "wav": "shown",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'modelaudit.media' has no attribute {name!r}")
    return getattr(import_module(f"modelaudit.media.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
