"""Tables of letters for the tests of drift: two draws of one source, and draws of another one."""

from __future__ import annotations

import numpy as np

WORDS = ("good", "bad", "slow", "kind", "late", "office", "letter", "branch", "desk", "reply", "clerk", "form", "price")


def letters(n, seed, *, positive=0.5, new=0.0, **columns):
    """Return n rows of different texts; a share of `new` speaks of parcels, a share of `positive` has label 1."""
    rng = np.random.default_rng([n, seed])
    rows = []
    for place in range(n):
        words = rng.choice(WORDS, size=int(rng.integers(6, 14))).tolist()
        if rng.random() < new:
            words[1:3] = ["parcel", "courier"]
        code = "".join(rng.choice(list("abcdefgh"), 6))
        row = {"text": f"The {' '.join(words)} of {code}.", "label": int(rng.random() < positive)}
        rows.append({**row, **{name: values[place % len(values)] for name, values in columns.items()}})
    return rows
