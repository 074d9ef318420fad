"""The largest of several signed differences: one judged number where a model has many classes or outputs.

D = max_c |d_c|. Where all of C intervals hold at once their d_c, D is at least the largest distance from 0 of any of
them; so the lower end takes each at the level 1 - (1 - level) / C (Bonferroni). D is one of the |d_c|, so the interval
of that one at the plain level bounds it from above, and the upper end is the largest far end of all.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from modelaudit.statistics import LEVELS, Estimate, on_grid


def largest_difference(differences: Sequence[Estimate]) -> tuple[Estimate, int]:
    """Return the largest difference in size, with its interval, and which of the estimates it is.

    Where any of them has no value or no interval, neither has the largest, for the same reason.
    """
    missing = next((each for each in differences if each.value is None or not each.bounds), None)
    if missing is not None:
        return missing, 0
    values = [abs(each.value or 0.0) for each in differences]
    which = int(np.argmax(values))
    count, highest = len(differences), LEVELS[-1]

    def interval(level: float) -> tuple[float, float]:
        stricter = 1.0 - (1.0 - level) / count
        # Beyond the grid nothing is known of an interval but that it is wider, so its lower end may be 0.
        lows = [0.0] if stricter > highest else [_near(each.interval(stricter)) for each in differences]
        return min(max(lows), values[which]), max(max(map(abs, each.interval(level))) for each in differences)

    chosen = differences[which]
    return (
        Estimate(
            value=values[which],
            n=chosen.n,
            method=f"{chosen.method}, largest of {count} (Bonferroni)",
            bounds=on_grid(interval, support=(0.0, float("inf"))),
            smallest_detectable=chosen.smallest_detectable,
        ),
        which,
    )


def _near(interval: tuple[float, float]) -> float:
    low, high = interval
    return max(low, -high, 0.0)
