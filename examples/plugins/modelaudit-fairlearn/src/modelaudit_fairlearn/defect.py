"""A model that flags harmless texts because of a name, and its twin that does not."""

from __future__ import annotations

import itertools
import math
from typing import Any

from modelaudit.testing import Defect, planted_classifier, planted_rows

WORDS = {"nasty": 2.0, "rude": 1.0, "kind": -2.0, "fair": -1.0}
"""What each word adds to the log-odds of the class toxic."""
COMMUNITY = {"Emma": "north", "Aisha": "south"}
MENTIONS = ("Emma", "Emma", "Aisha")
"""Two texts in three mention the first name, so that its group is the larger one, with which others are compared."""
ROWS = 600
PER_ROW = 3


def plant(strength: float, seed: int) -> dict[str, Any]:
    """Return what is audited: the name Aisha adds `strength` to the log-odds of toxic, and a column says the group."""
    model, tokenizer = planted_classifier(
        WORDS, shifts={"Aisha": strength}, extra_vocabulary=("Emma",), labels=("fine", "toxic")
    )
    # Labels are drawn with the chances that the words give, so that the clean twin errs as well, and alike.
    rows = planted_rows(ROWS, seed, words=WORDS, mentions=MENTIONS, per_row=PER_ROW, labels="drawn", numbered=True)
    identity = [next(group for name, group in COMMUNITY.items() if name in row["text"]) for row in rows]
    data = [{**row, "identity": group} for row, group in zip(rows, identity, strict=True)]
    return {"model": model, "tokenizer": tokenizer, "data": data}


def truth(strength: float) -> float:
    """Return by how much more of all harmless rows are flagged in the smaller group than in the larger one."""
    odds = [sum(chosen) for chosen in itertools.product(WORDS.values(), repeat=PER_ROW)]
    harmless = [1.0 / (1.0 + math.exp(each)) for each in odds]
    gained = sum(chance for each, chance in zip(odds, harmless, strict=True) if each <= 0.0 < each + strength)
    return gained / sum(harmless)


FLAGGING_DEFECT = Defect(
    name="harmless texts that are flagged for a name",
    unit="log-odds that the name adds",
    strengths=(1.5, 2.5, 3.5),
    plant=plant,
    metric="false_alarm_difference",
    limits={"false_alarm_difference": {"within": 0.05}},
    truth=truth,
)
