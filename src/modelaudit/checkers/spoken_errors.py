"""What an error rate of transcripts does not say by itself, in caveats for its reader."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

SPELLING = "Words are compared as they are spelled: '7' for 'seven', or 'Dr' for 'Doctor', counts as an error."
LOOPED = 2.0
"""Wrong words by words said, above which a model writes on about nothing that was said."""


def error_caveats(errors: ArrayLike, totals: ArrayLike, cut: ArrayLike) -> tuple[str, ...]:
    """Return what to bear in mind of the errors and totals of some transcripts, of which some were cut (all (n,)).

    Intervals allow for rows that fail from the first word to the last, and not for rarer ones that do so many times
    over: of 200 rows of 10 words, where one in 200 gets 150 words too many, 37% of 95% intervals end below the truth.
    """
    said = np.maximum(np.asarray(totals, dtype=np.float64), 1.0)
    looped = int(((np.asarray(errors, dtype=np.float64) > LOOPED * said) | np.asarray(cut, dtype=np.bool_)).sum())
    if not looped:
        return (SPELLING,)
    return (
        SPELLING,
        f"{looped:,} transcripts have more than twice as many errors as there was to get right, or were cut at the "
        "limit on new tokens. Few rows like these decide the rate, and a sample may hold too few of them: the true "
        "rate can lie above the interval more often than its level says.",
    )
