"""Arrays as the statistics room takes them: one-dimensional, finite, and of the lengths that belong together."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Vector = NDArray[np.float64]
Codes = NDArray[np.intp]


def vector(values: ArrayLike, name: str) -> Vector:
    """Return `values` as a float64 vector; ValueError where it is not one-dimensional or holds NaN or infinity."""
    array = np.asarray(values, dtype=np.float64)
    if array.ndim != 1:
        raise ValueError(f"{name} must be one-dimensional, but has the shape {array.shape}.")
    if not np.isfinite(array).all():
        count = int((~np.isfinite(array)).sum())
        raise ValueError(f"{name} holds {count} NaN or infinite value(s); leave those rows out and count them.")
    return array


def codes(labels: Any, name: str, *, length: int) -> tuple[Codes, int]:
    """Return integer codes of `labels` (any sortable kind, shape [length]) and how many distinct labels there are."""
    array = np.asarray(labels)
    if array.shape != (length,):
        raise ValueError(f"{name} has the shape {array.shape}, but one label is needed for each of {length} values.")
    if array.dtype.kind == "f" and not np.isfinite(array).all():
        raise ValueError(f"{name} holds NaN or infinity; give every value a label.")
    distinct, code = np.unique(array, return_inverse=True)
    return code.reshape(-1), len(distinct)


def booleans(values: ArrayLike, name: str, *, length: int | None = None) -> NDArray[np.bool_]:
    """Return `values` (bool, or numbers 0 and 1) as a boolean vector, of the given length where one is given."""
    array = vector(values, name)
    if not np.isin(array, (0.0, 1.0)).all():
        raise ValueError(f"{name} must hold only 0 and 1, or False and True.")
    if length is not None and len(array) != length:
        raise ValueError(f"{name} has {len(array)} values, but {length} are needed.")
    return array.astype(np.bool_)


def check_counts(hits: int, n: int) -> None:
    """Raise ValueError unless `0 <= hits <= n`, both whole numbers."""
    if int(hits) != hits or int(n) != n or not 0 <= hits <= n:
        raise ValueError(f"{hits} of {n} is not a count: 0 <= hits <= n must hold, both whole numbers.")


def check_level(level: float) -> None:
    """Raise ValueError unless `0 < level < 1`."""
    if not 0.0 < level < 1.0:
        raise ValueError(f"A confidence level lies between 0 and 1, not at {level}; 95% is 0.95.")
