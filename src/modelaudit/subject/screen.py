"""The screen: how parts of a picture or a sound can be hidden from a model, in what it is shown or played."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from modelaudit.checker import Hiding
from modelaudit.errors import CapabilityError
from modelaudit.media.patches import Patches
from modelaudit.media.segments import Segments
from modelaudit.rows import Row
from modelaudit.subject.task import Medium

Flags = NDArray[np.bool_]

_WAYS: dict[Medium, tuple[Hiding, ...]] = {"picture": ("mean", "blur"), "sound": ("silence", "noise")}


class Screen:
    """The ways in which parts of a medium can be hidden, and the variants that each way makes."""

    def __init__(self, medium: Medium) -> None:
        self.ways = _WAYS[medium]

    def way(self, hide: Hiding, *, name: str) -> Hiding:
        """Return the way that is meant; "mask" stands for the first; CapabilityError for another medium's."""
        if hide == "mask":
            return self.ways[0]
        if hide not in self.ways:
            raise CapabilityError(f"{name} can't hide parts by {hide!r}: it has {', '.join(self.ways)}")
        return hide

    def players(self, row: Row) -> tuple[str, ...]:
        """Return the names of the row's parts."""
        return _parts(row).names

    def variants(self, row: Row, keep: Flags, way: Hiding) -> list[Row]:
        """Return the row once for each variant, without the parts that `keep`, bool (variants, parts), leaves out."""
        parts = _parts(row)
        if keep.ndim != 2 or keep.shape[1] != len(parts.names):
            raise ValueError(f"row {row.id} has {len(parts.names)} players, but keep has shape {keep.shape}")
        if row.picture is not None:
            assert isinstance(parts, Patches)
            return [replace(row, picture=parts.hidden(row.picture, kept, way)) for kept in keep]
        assert row.sound is not None
        assert isinstance(parts, Segments)
        return [replace(row, sound=parts.hidden(row.sound, kept, way)) for kept in keep]


def _parts(row: Row) -> Patches | Segments:
    if row.picture is not None:
        return Patches.of(row.picture)
    if row.sound is not None:
        return Segments.of(row.sound)
    raise ValueError(f"row {row.id} has neither a picture nor a sound, so nothing of it can be hidden")
