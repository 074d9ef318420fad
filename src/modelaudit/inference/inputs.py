"""ModelInput: one row as the model takes it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["ModelInput"]

# Half of what a key costs beside the hash itself is making these anew.
_NOTHING = hashlib.blake2b(digest_size=16)
_LITTLE = np.dtype("<i4")


@dataclass(frozen=True, slots=True, eq=False)
class ModelInput:
    """One row on token ids, without padding; two inputs of equal content get the same answer, computed once.

    Attributes:
        ids: int32 (L,), L >= 1, token ids with the special tokens.
        type_ids: int32 (L,) segment ids, or None for a model or row without segments.
        gather: int32 (k,) positions whose outputs are wanted, for models that answer per token; None asks for the
            row's single output (or for all L positions of a model that answers per token).

    Raises:
        ValueError: ids are empty or not one-dimensional, or type_ids do not match them in length.
    """

    ids: NDArray[np.int32]
    type_ids: NDArray[np.int32] | None = None
    gather: NDArray[np.int32] | None = None

    def __post_init__(self) -> None:
        if self.ids.ndim != 1 or self.ids.size == 0:
            raise ValueError(f"ids must be a non-empty vector, not of shape {self.ids.shape}")
        if self.type_ids is not None and self.type_ids.shape != self.ids.shape:
            raise ValueError(f"type_ids of shape {self.type_ids.shape} do not match ids of shape {self.ids.shape}")

    def __len__(self) -> int:
        return self.ids.size

    @property
    def key(self) -> bytes:
        """16 bytes (BLAKE2b) of ids and type_ids; `gather` has no part in it, nor has the integer type."""
        content = _NOTHING.copy()
        content.update(self.ids.astype(_LITTLE, copy=False).tobytes())
        if self.type_ids is not None:
            # ids take four bytes each, so this one byte keeps ids + types apart from longer ids.
            content.update(b"t" + self.type_ids.astype(_LITTLE, copy=False).tobytes())
        return content.digest()
