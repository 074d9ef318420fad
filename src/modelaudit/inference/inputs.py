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
_FLOAT = np.dtype("<f4")
# An array is a buffer, which the annotations of numpy tell type checkers from Python 3.12 on alone.
_laid_out: Any = np.ascontiguousarray


@dataclass(frozen=True, slots=True, eq=False)
class ModelInput:
    """One row on token ids, without padding; two inputs of equal content get the same answer, computed once.

    Attributes:
        ids: int32 (L,), L >= 1, token ids with the special tokens. Of a row that is no text they say by their number
            alone how many tokens' worth of work the row is, and are zeros.
        type_ids: int32 (L,) segment ids, or None for a model or row without segments.
        gather: int32 (k,) places in `ids` whose outputs are wanted, for models that answer per token; None asks for the
            row's single output (or for all L places of a model that answers per token). Where there is a decoder, they
            are places in what it reads.
        targets: int32 (k,) the token whose probability is wanted at each gathered place, for language models; 0 or 1,
            the start or the end of a span, for models that mark spans. Without `gather` the labels of a whole
            transcript.
        positions: int32 (L,) the position of each token, where tokens between them were taken out; None counts from 0.
        values: float32 pixel values (channels, height, width), samples (n,), or features of a sound in two dimensions:
            what the model reads in the place of ids; None for a text.
        decoder: int32 (D,), D >= 1, what the decoder of an encoder-decoder reads; None for other models.

    Raises:
        ValueError: ids are empty or not one-dimensional, type_ids or positions do not match them in length, targets do
            not match gather, or values or decoder are empty.
    """

    ids: NDArray[np.int32]
    type_ids: NDArray[np.int32] | None = None
    gather: NDArray[np.int32] | None = None
    targets: NDArray[np.int32] | None = None
    positions: NDArray[np.int32] | None = None
    values: NDArray[np.float32] | None = None
    decoder: NDArray[np.int32] | None = None

    def __post_init__(self) -> None:
        shape = self.ids.shape
        if len(shape) != 1 or shape[0] == 0:
            raise ValueError(f"ids must be a non-empty vector, not of shape {shape}")
        if self.type_ids is not None and self.type_ids.shape != shape:
            raise ValueError(f"type_ids of shape {self.type_ids.shape} do not match ids of shape {shape}")
        if self.positions is not None and self.positions.shape != shape:
            raise ValueError(f"positions of shape {self.positions.shape} do not match ids of shape {shape}")
        if self.targets is not None and self.gather is not None and self.gather.shape != self.targets.shape:
            raise ValueError("targets name a token for each gathered place, and these are not as many")
        if self.values is not None and self.values.size == 0:
            raise ValueError("values are empty")
        if self.decoder is not None and (self.decoder.ndim != 1 or self.decoder.size == 0):
            raise ValueError(f"what a decoder reads must be a non-empty vector, not of shape {self.decoder.shape}")

    def __len__(self) -> int:
        return self.ids.size

    @property
    def slots(self) -> int:
        """Token slots of the row: those of what is read and, where there is a decoder, of what this reads."""
        return self.ids.size + (0 if self.decoder is None else self.decoder.size)

    @property
    def form(self) -> tuple[bool, bool, tuple[int, ...], int]:
        """Whether it has type_ids, and positions of its own, the shape of its values, and the length of its decoder's.

        The rows of one unit are alike in this.
        """
        shape = () if self.values is None else self.values.shape
        return self.type_ids is not None, self.positions is not None, shape, self.slots - self.ids.size

    @property
    def decoded(self) -> ModelInput:
        """What the decoder reads as a row of its own, with the places and targets that are asked for there.

        Raises:
            ValueError: it has no decoder.
        """
        if self.decoder is None:
            raise ValueError("this row has no decoder")
        return ModelInput(self.decoder, None, self.gather, self.targets)

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
        """16 bytes (BLAKE2b) of all that the model reads; what is asked has no part in it, nor the integer type."""
        content = _NOTHING.copy()
        content.update(_laid_out(self.ids, _LITTLE))
        # Each part takes four bytes a token, so the one byte before it keeps it apart from longer ids.
        if self.type_ids is not None:
            content.update(b"t")
            content.update(_laid_out(self.type_ids, _LITTLE))
        if self.positions is not None:
            content.update(b"p")
            content.update(_laid_out(self.positions, _LITTLE))
        if self.decoder is not None:
            content.update(b"d")
            content.update(_laid_out(self.decoder, _LITTLE))
        if self.values is not None:
            content.update(f"v{self.values.shape}".encode())
            content.update(_laid_out(self.values, _FLOAT))
        return content.digest()
