"""A model whose answers hang on one word, and rows for which they do not."""

from __future__ import annotations

from typing import Any

import numpy as np

from modelaudit.testing import Defect, planted_classifier

PIVOTS = {"superb": 4.0, "dreadful": -4.0}
CUES = {"good": 1.0, "kind": 1.0, "quick": 1.0, "bad": -1.0, "slow": -1.0, "rude": -1.0}
ROWS = 200


def plant(strength: float, seed: int) -> dict[str, Any]:
    """Return what is audited: in a share `strength` of the rows one strong word outweighs two that say the opposite.

    Whoever hides that word turns the answer. All other rows have five words of one direction, of which two may go.
    """
    model, tokenizer = planted_classifier({**PIVOTS, **CUES}, labels=("poor", "fine"))
    rng = np.random.default_rng([seed, ROWS])
    return {"model": model, "tokenizer": tokenizer, "data": [_row(rng, strength, at) for at in range(ROWS)]}


def _row(rng: np.random.Generator, strength: float, at: int) -> dict[str, Any]:
    label, hangs = int(rng.integers(2)), bool(rng.random() < strength)
    sign = 1 if label else -1
    with_it = [word for word, weight in CUES.items() if weight * sign > 0]
    against = [word for word, weight in CUES.items() if weight * sign < 0]
    if hangs:
        pivot = next(word for word, weight in PIVOTS.items() if weight * sign > 0)
        words = [pivot, *rng.choice(against, size=2).tolist()]
    else:
        words = rng.choice(with_it, size=5).tolist()
    said = " and ".join(rng.permutation(words).tolist())
    return {"text": f"Case {at} : the service was {said} .", "label": label}


def truth(strength: float) -> float:
    """Return the share of all rows that could be drawn whose right answer is lost: those that hang on one word."""
    return strength


ONE_WORD_DEFECT = Defect(
    name="answers that hang on one word",
    unit="share of rows",
    strengths=(0.2, 0.3, 0.5),
    plant=plant,
    metric="accuracy_drop",
    limits={"accuracy_drop": {"max": 0.1}},
    truth=truth,
)
