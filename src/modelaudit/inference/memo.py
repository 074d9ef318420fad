"""The memo: what the model has already answered in this audit."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["Key", "Memo"]

Floats = NDArray[np.float32]
Key = tuple[bytes, str, bytes | None]
"""Content of the input, what was asked of it, bytes of the gathered positions."""

_ENTRY_BYTES = 400  # about what the key, the array header and the table slot of one answer take


class Memo:
    """Answers by content, bounded in bytes; the oldest go first.

    Attributes:
        evicted: number of answers that had to go.
    """

    def __init__(self, *, limit_bytes: int) -> None:
        self.evicted = 0
        self._limit = limit_bytes
        self._held = 0
        self._answers: dict[Key, Floats] = {}

    def __len__(self) -> int:
        return len(self._answers)

    def get(self, key: Key) -> Floats | None:
        """Return the answer, or None."""
        return self._answers.get(key)

    def put(self, key: Key, answer: Floats) -> None:
        """Keep an answer that is not held yet."""
        self._answers[key] = answer
        self._held += answer.nbytes + _ENTRY_BYTES
        while self._held > self._limit:
            oldest = next(iter(self._answers))
            self._held -= self._answers.pop(oldest).nbytes + _ENTRY_BYTES
            self.evicted += 1

    def clear(self) -> None:
        """Forget everything: the answers belonged to other numerics."""
        self._answers.clear()
        self._held = 0
