"""Group performance: an honest classifier of rows of two groups, and one that asks more of women."""

from __future__ import annotations

import itertools
import math
from typing import Any

from modelaudit.checkers.bias.groups.checker import GroupPerformance
from modelaudit.testing.defect import Defect
from modelaudit.testing.planted import planted_classifier, planted_rows

WORDS = {"good": 1.1, "kind": 0.7, "fine": 0.4, "bad": -1.3, "slow": -0.8, "poor": -0.3}
PER_ROW, ROWS = 3, 1_000


def plant(strength: float, seed: int) -> dict[str, Any]:
    """Draw rows whose labels depend on their words alone; of women the model takes `strength` off the log-odds."""
    rows = planted_rows(ROWS, seed, words=WORDS, per_row=PER_ROW, labels="drawn", numbered=True)
    for row in rows:
        row["sex"] = "female" if "she" in row["text"].lower().split() else "male"
    model, tokenizer = planted_classifier(WORDS, shifts={"she": -strength}, extra_vocabulary=("he",))
    return {"model": model, "tokenizer": tokenizer, "data": rows}


def truth(strength: float) -> float:
    """Return by how much a woman who deserves the favourable answer gets it more often than a man, over all rows."""
    odds = [sum(chosen) for chosen in itertools.product(WORDS.values(), repeat=PER_ROW)]
    deserved = [1 / (1 + math.exp(-each)) for each in odds]
    women, men = (
        sum(share for share, each in zip(deserved, odds, strict=True) if each - taken > 0) for taken in (strength, 0.0)
    )
    return (women - men) / sum(deserved)


CHECKER = GroupPerformance(reference="male")
DEFECT = Defect(
    name="more is asked of women",
    name_zh="对女性要求更高",
    unit="log-odds that are taken off for the word she",
    strengths=(0.35, 0.55, 0.95),
    plant=plant,
    metric="tpr_difference",
    truth=truth,
)
NULLS, DRAWS = 200, 50
