"""Conformal p-values: how unusual a record's score is among records of which it is known that they are ordinary."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from .arrays import Vector, vector


def conformal_p(scores: ArrayLike, ordinary: ArrayLike) -> Vector:
    """Return (1 + ordinary records that score at least as high) / (n0 + 1) for each score (n1,), of n0 ordinary ones.

    Valid for a record that is itself ordinary, whatever the distribution; positively dependent over records, so that
    Benjamini and Hochberg's rule holds (Bates et al. 2023, "Testing for outliers with conformal p-values").

    Raises:
        ValueError: there is no ordinary record.
    """
    asked, known = vector(scores, "scores"), np.sort(vector(ordinary, "ordinary"))
    if not len(known):
        raise ValueError("A conformal p-value needs at least one ordinary record.")
    above = len(known) - np.searchsorted(known, asked, side="left")
    return np.asarray((1.0 + above) / (len(known) + 1.0), dtype=np.float64)
