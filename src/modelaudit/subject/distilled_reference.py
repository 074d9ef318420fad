"""The distilled reference of an audit: states of the base model, logits of the audited one, and folds by content."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from modelaudit.errors import NotAssessable
from modelaudit.inference.distilled import FOLDS, distilled_scores
from modelaudit.inference.halves import ties
from modelaudit.rows import Row
from modelaudit.subject.head_references import Features, spread

Floats = NDArray[np.float64]


def distilled_outputs(
    found: Features, rows: Sequence[Row], logits: Floats, *, is_member: NDArray[np.bool_], seed: int
) -> tuple[Floats, Floats, NDArray[np.int64] | None]:
    """Return log-odds and log-probabilities of the true labels, each (1, units), and the offsets of the rows' words.

    Args:
        found: states of the base model. rows: theirs, with a label or with tags.
        logits: (units, C), what the audited model says of the rows, or of their words.
        is_member: (n,), the rows that nothing is fitted on. seed: of the folds.
    """
    answers = logits[found.place]
    # A word may have a state in the base model and be cut off in the audited one.
    known = np.asarray(np.isfinite(answers).all(axis=1), dtype=np.bool_)
    fitted = known & ~is_member[found.row]
    fold = _folds(rows, seed)[found.row]
    if len(np.unique(fold[fitted])) < 2:
        raise NotAssessable("there are too few held-out rows to learn from what the model says of rows it never saw")
    odds, probs = distilled_scores(
        found.values, np.where(known[:, None], answers, 0.0), found.labels, fitted=fitted, fold=fold
    )
    both: Floats = np.where(known, np.stack([odds, probs]), np.nan)
    whole = spread(both, found)
    return whole[:1], whole[1:], found.offsets


def _folds(rows: Sequence[Row], seed: int) -> NDArray[np.int64]:
    """Return (n,) folds by content and seed; equal rows and those of one group share one."""
    tie, names = ties(rows)
    of_name = [
        int.from_bytes(hashlib.blake2b(name, digest_size=8, salt=(seed % 2**64).to_bytes(8, "big")).digest(), "big")
        % FOLDS
        for name in names
    ]
    return np.array(of_name, dtype=np.int64)[tie]
