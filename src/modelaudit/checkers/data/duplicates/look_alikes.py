"""Look-alikes: whether pictures or sounds that nearly equal others are copies, or many takes of one scene.

A copy keeps the label of what it was made from. Takes of one scene by one camera, or of one machine's hum, look or
sound alike whatever their label is: where many have another one, near twins are no copies, these and the others.
"""

from __future__ import annotations

import numpy as np

from modelaudit.checkers.data.drawing import medium_of
from modelaudit.checkers.data.duplicates.twins import Twins
from modelaudit.media.likeness import UNKNOWN

OTHER_LABEL = 0.2
"""Share of the rows that would have a look-alike of another label if labels had no part in it, above which likeness is
no sign of a copy; among copies it is the share of wrong labels."""
FEWEST = 3
"""Rows with a look-alike of another label below which they may have wrong labels."""


def no_copies(twins: Twins, training: int) -> str | None:
    """Return why rows that nearly equal training rows may be no copies; None where labels do not show that they aren't.

    None as well where more rows equal a training row than nearly equal one: the share is of these then.
    """
    exact, found = twins.exact(0, training), twins.twinned(0, training)
    if twins.alike is None or exact.sum() > (found & ~exact).sum():
        return None
    rows, labels = twins.splits[0].text[~exact], twins.alike.labels
    there = (twins.counts[training] > 0) & (labels != UNKNOWN)
    # How many look-alikes with a known label each has among the training rows, and how many of another label.
    ends = np.concatenate([[twins.alike.left, twins.alike.right], [twins.alike.right, twins.alike.left]], axis=1)
    alike, other = (
        np.bincount(ends[0], weights=chosen & there[ends[1]], minlength=len(labels))
        for chosen in (np.ones(ends.shape[1], dtype=np.bool_), np.tile(twins.alike.apart, 2))
    )
    rows = rows[(labels[rows] != UNKNOWN) & (alike[rows] > 0)]
    apart = int((other[rows] > 0).sum())
    same = np.bincount(labels[there], minlength=int(labels.max(initial=0)) + 1) / max(int(there.sum()), 1)
    expected = float((1.0 - same[labels[rows]] ** alike[rows]).sum())
    if apart < FEWEST or apart <= OTHER_LABEL * expected:
        return None
    if medium_of(twins.splits[0].rows) == "picture":
        return (
            f"{apart:,} of {len(rows):,} evaluation pictures that look like training pictures, and equal none, look "
            "like one of another label. Copies do not: these are alike in themselves (one camera, one scene), so the "
            "share can't be read as leaked rows. Compare their sources by hand"
        )
    return (
        f"{apart:,} of {len(rows):,} evaluation sounds that sound like training sounds, and equal none, sound like one "
        "of another label. Copies do not: these are alike in themselves (one machine, one place), so the share can't "
        "be read as leaked rows. Compare their sources by hand"
    )
