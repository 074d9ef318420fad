"""Shapley explanation: words that weigh by lot, a few that act together, and pairs on which answers come to hang."""

from __future__ import annotations

from typing import Any

import numpy as np

from modelaudit.checkers.opacity.shapley import ShapleyExplanation
from modelaudit.testing.defect import Defect
from modelaudit.testing.planted import planted_classifier, planted_rows

WORDS = ("good", "kind", "fine", "clear", "quick", "bad", "slow", "poor", "vague", "weak")
MENTIONS = ("she", "he")
PAIRS = (("north", "south"), ("early", "late"))
ROWS = 240
LEAST, MOST = 1.0, 2.0
"""Log-odds of a word, drawn anew for each seed; its sign is as well."""
OWN = 0.3
"""Standard deviation of what a pair adds in any case, in log-odds."""


def plant(strength: float, seed: int) -> dict[str, Any]:
    """Weigh words by lot; both words of a pair stand in each row, and one without the other adds `strength`."""
    draw = np.random.default_rng([seed, 57])
    signs = np.where(draw.permutation(len(WORDS)) % 2, 1.0, -1.0)
    words = dict(zip(WORDS, (signs * draw.uniform(LEAST, MOST, len(WORDS))).tolist(), strict=True))
    own = np.abs(draw.normal(0.0, OWN, len(PAIRS))).tolist()
    pairs = {pair: added + strength for pair, added in zip(PAIRS, own, strict=True)}
    rows = []
    for row in planted_rows(ROWS, seed, words=words, per_row=1, mentions=MENTIONS):
        (first, second), (third, fourth) = (draw.permutation(pair).tolist() for pair in PAIRS)
        rows.append({**row, "text": f"{row['text']} From {first} to {second}, {third} or {fourth}."})
    model, tokenizer = planted_classifier(words, pairs=pairs, extra_vocabulary=MENTIONS)
    return {"model": model, "tokenizer": tokenizer, "data": rows}


CHECKER = ShapleyExplanation()
DEFECT = Defect(
    name="answers that hang on pairs of words",
    name_zh="取决于词对的回答",
    unit="log-odds that one word of a pair adds without the other",
    strengths=(1.0, 1.5, 2.5),
    plant=plant,
    metric="additive_share",
)
NULLS, DRAWS = 60, 15
