"""ModelInput: one row as the model takes it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["ModelInput"]

# Made once: a key costs more than its hash otherwise.
_NOTHING = hashlib.blake2b(digest_size=16)
_LITTLE = np.dtype("<i4")
# An array is a buffer, which the annotations of numpy tell type checkers from Python 3.12 on alone.
_laid_out: Any = np.ascontiguousarray


@dataclass(frozen=True, slots=True, eq=False)
class ModelInput:
    """One row on token ids, without padding; two inputs of equal content get the same answer, computed once.

    Attributes:
        ids: int32 (L,), L >= 1, token ids with the special tokens.
        type_ids: int32 (L,) segment ids, or None for a model or row without segments.
        gather: int32 (k,) places in `ids` whose outputs are wanted, for models that answer per token; None asks for the
            row's single output (or for all L places of a model that answers per token).
        targets: int32 (k,) the token whose probability is wanted at each gathered place, for language models.
        positions: int32 (L,) the position of each token, where tokens between them were taken out; None counts from 0.

    Raises:
        ValueError: ids are empty or not one-dimensional, type_ids or positions do not match them in length, or targets
            do not match gather.
    """

    ids: NDArray[np.int32]
    type_ids: NDArray[np.int32] | None = None
    gather: NDArray[np.int32] | None = None
    targets: NDArray[np.int32] | None = None
    positions: NDArray[np.int32] | None = None

    def __post_init__(self) -> None:
        shape = self.ids.shape
        if len(shape) != 1 or shape[0] == 0:
            raise ValueError(f"ids must be a non-empty vector, not of shape {shape}")
        if self.type_ids is not None and self.type_ids.shape != shape:
            raise ValueError(f"type_ids of shape {self.type_ids.shape} do not match ids of shape {shape}")
        if self.positions is not None and self.positions.shape != shape:
            raise ValueError(f"positions of shape {self.positions.shape} do not match ids of shape {shape}")
        if self.targets is not None and (self.gather is None or self.gather.shape != self.targets.shape):
            raise ValueError("targets name a token for each gathered place, and these are not as many")

    def __len__(self) -> int:
        return self.ids.size

    @property
    def form(self) -> tuple[bool, bool]:
        """Whether it has type_ids, and positions of its own; the rows of one unit are alike in this."""
        return self.type_ids is not None, self.positions is not None

    @property
    def tail(self) -> int:
        """How many of the last places hold all the gathered ones: a power of two, or all of them.

        It hangs on the row alone, so that a head which is asked for so many places has one shape for the row.
        """
        if self.gather is None or self.gather.size == 0:
            return len(self)
        return int(min(len(self), 1 << (len(self) - int(self.gather.min()) - 1).bit_length()))

    @property
    def key(self) -> bytes:
        """16 bytes (BLAKE2b) of ids, type_ids and positions; what is asked has no part in it, nor the integer type."""
        content = _NOTHING.copy()
        content.update(_laid_out(self.ids, _LITTLE))
        # Each part takes four bytes a token, so the one byte before it keeps it apart from longer ids.
        if self.type_ids is not None:
            content.update(b"t")
            content.update(_laid_out(self.type_ids, _LITTLE))
        if self.positions is not None:
            content.update(b"p")
            content.update(_laid_out(self.positions, _LITTLE))
        return content.digest()
