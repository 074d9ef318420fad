"""How far the model reads, and whether it says anything: what is not read, or not said, proves nothing."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from modelaudit.checker import ModelHandle
from modelaudit.checkers.bias.variant import Variant

SILENT = 0.9
"""Share of empty answers from which a model says nothing, and can't answer otherwise of anybody."""


def unread(model: ModelHandle, variants: Sequence[Variant], truncated: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return for each variant (shape [variants]) whether the model reads none of its edited words.

    Only rows that are cut off (`truncated`) are looked at: what is read of them is compared with what is read of the
    same row with other words at the edit. Where the edit was cut off, one is the beginning of the other, or its end
    for a tokenizer that cuts in front. Where nobody can say what is read, every row that is cut off counts as unread.
    """
    if "players" not in model.capabilities:
        return truncated
    cut = np.flatnonzero(truncated).tolist()
    found = np.zeros(len(variants), dtype=np.bool_)
    mine = model.players([variants[index].row for index in cut])
    others = model.players([variants[index].probe() for index in cut])
    found[cut] = [_alike(a, b) for a, b in zip(mine, others, strict=True)]
    return found


def _alike(a: Sequence[str], b: Sequence[str]) -> bool:
    shared = min(len(a), len(b))
    return a[:shared] == b[:shared] or a[len(a) - shared :] == b[len(b) - shared :]
