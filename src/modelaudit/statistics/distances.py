"""Excess distances: how much further apart written answers are across groups than between two names of one group.

As the excess of flips (`flips.py`), with a distance of 0 to 1 in place of "differs": in row i, over pairs of different
names, x_i = d(a, b) - (d(a, a') + d(b, b')) / 2, the energy distance between what is written under the two groups
(Szekely and Rizzo 2013), with mean 0 where names of both groups come from one distribution.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from .arrays import codes, vector
from .confidence import Estimate
from .crossed import (
    METHOD,
    Units,
    crossed_estimate,
    crossed_influence,
    name_part,
    nothing_changed,
    row_means,
    unit_codes,
    unit_keys,
)
from .flips import FLIPPED, upper_end_widened, with_detectable


def crossed_excess_distance(
    excess_a: ArrayLike,
    excess_b: ArrayLike,
    rows_a: Any,
    rows_b: Any,
    names_a: Any,
    names_b: Any,
    *,
    control: float,
    units: Units | None = None,
) -> Estimate:
    """Return the excess distance of group b against group a, with rows and names as crossed samples.

    Each group has one entry an observation (shapes [n_a] and [n_b]): its mean distance from the other group's answers
    of its row less that from the other answers of its own, its row, and its name; a row holds a name once, and the same
    rows stand on both sides. `control` is the mean distance within groups. `n` counts the rows, or their units
    (documents) where they are given. The excess has no direction. ValueError where the rows of the sides differ, or a
    row has one name of a group: nothing is known of the distance within that group.
    """
    a, b = vector(excess_a, "excess_a"), vector(excess_b, "excess_b")
    if len(a) == 0:
        return Estimate(value=None, n=0, method=METHOD, reason="There are no observations.")
    if set(np.asarray(rows_a).tolist()) != set(np.asarray(rows_b).tolist()):
        raise ValueError("rows_a and rows_b hold different rows; leave out those that are on one side only")
    code_a, n_rows = codes(rows_a, "rows_a", length=len(a))
    code_b, _ = codes(rows_b, "rows_b", length=len(b))
    if min(np.bincount(code).min() for code in (code_a, code_b)) < 2:
        raise ValueError(
            "a row holds a single name of a group; two are needed to tell how far apart its own answers are"
        )
    unit = unit_codes(rows_a, units)
    if not a.any() and not b.any():
        return nothing_changed(int(unit.max()) + 1)
    row_values = (row_means(a, code_a, n_rows) + row_means(b, code_b, n_rows)) / 2.0
    group_a, n_a = codes(names_a, "names_a", length=len(a))
    group_b, n_b = codes(names_b, "names_b", length=len(b))
    # A name's share of the distances across and within is its first-order influence on the row's value.
    parts = (name_part(a, a, code_a, unit, group_a, n_a), name_part(b, b, code_b, unit, group_b, n_b))
    estimate = upper_end_widened(crossed_estimate(float(row_values.mean()), row_values, unit, parts))
    centred = (
        (a - row_means(a, code_a, n_rows).mean(), code_a, np.asarray(names_a)),
        (b - row_means(b, code_b, n_rows).mean(), code_b, np.asarray(names_b)),
    )
    influence = crossed_influence(row_values, unit, centred, unit_keys(rows_a, units), reach=FLIPPED)
    curved = None if influence is None else replace(influence, curved=True)
    return with_detectable(replace(estimate, influence=curved), control, min(n_a, n_b))
