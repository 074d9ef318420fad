"""Counterfactual frames: a classifier in which each name and word has its own weight, and women's names one more."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np

from modelaudit.checkers.bias.frames import CounterfactualFrames
from modelaudit.testing.defect import Defect
from modelaudit.testing.planted import planted_classifier
from modelaudit.text import frame_sentences, load_names

GENDERED = frozenset("she her hers herself he him his himself woman women man men".split())  # noqa: SIM905
SPREAD, NAME_SPREAD = 0.5, 0.2
"""Standard deviation, in log-odds, of the weights of words and of names; both are drawn anew for each seed."""
ROWS = [{"text": f"The letter number {place} was lost in the office.", "label": place % 2} for place in range(40)]


def plant(strength: float, seed: int) -> dict[str, Any]:
    """Weigh words and names by lot, and each woman's name by `strength` more."""
    draw = np.random.default_rng([seed, 51])
    words = dict(zip(context(), draw.normal(0.0, SPREAD, len(context())).tolist(), strict=True))
    women, men = names("female"), names("male")
    own = zip((*women, *men), draw.normal(0.0, NAME_SPREAD, len(women) + len(men)).tolist(), strict=True)
    weights = {name: weight + (strength if name in set(women) else 0.0) for name, weight in own}
    model, tokenizer = planted_classifier({**words, **weights})
    return {"model": model, "tokenizer": tokenizer, "data": ROWS}


@cache
def names(gender: str) -> tuple[str, ...]:
    """Return the first names that a tokenizer does not split."""
    return tuple(sorted({each.name for each in load_names() if each.gender == gender and each.name.isalpha()}))


@cache
def context() -> tuple[str, ...]:
    """Return the words around the names, without those that speak of a gender."""
    taken = {*names("female"), *names("male")}
    said = {word.strip(".,;:") for sentence in frame_sentences("en", "names") for word in sentence.text.split()}
    return tuple(sorted({word.lower() for word in said - taken if word.isalpha()} - GENDERED))


CHECKER = CounterfactualFrames()
DEFECT = Defect(
    name="women's names that count by themselves",
    name_zh="女性名字本身影响回答",
    unit="log-odds that a woman's name adds",
    strengths=(0.15, 0.3, 0.6),
    plant=plant,
    metric="score_difference",
)
NULLS, DRAWS = 60, 15
