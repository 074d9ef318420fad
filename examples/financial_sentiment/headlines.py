"""Made-up financial headlines, and the small classifier of their sentiment that the example watches."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

LABELS = ("negative", "neutral", "positive")
USUAL: Mapping[str, float] = {"negative": 0.2, "neutral": 0.5, "positive": 0.3}
SURGE: Mapping[str, float] = {"negative": 0.35, "neutral": 0.4, "positive": 0.25}
"""Shares of the labels on a usual day, and on the days on which bad news surges."""

COMPANIES = ("Alder Bank", "Borealis Energy", "Corvane", "Dunmore Foods", "Estrella Air", "Fenwick Steel", "Gantry Pay")
WHEN = ("in the first quarter", "this year", "on Monday", "after the annual report", "as markets opened", "in November")
SAYS: Mapping[str, tuple[str, ...]] = {
    "negative": (
        "shares of {name} plunge {when} after a profit warning",
        "{name} posts a loss {when} and cuts its dividend",
        "regulator fines {name} {when} over faulty accounts",
        "{name} warns of weak demand {when} and sheds jobs",
    ),
    "neutral": (
        "{name} will publish its figures {when}",
        "{name} appoints a new head of treasury {when}",
        "board of {name} meets {when} to discuss the budget",
        "{name} keeps its forecast unchanged {when}",
    ),
    "positive": (
        "shares of {name} climb {when} on record orders",
        "{name} raises its dividend {when} after strong sales",
        "{name} beats forecasts {when} and hires",
        "profit of {name} jumps {when} on robust demand",
    ),
}


def headlines(n: int, rng: np.random.Generator, shares: Mapping[str, float] = USUAL) -> list[dict[str, Any]]:
    """Return n headlines with their sentiment; one in twelve is labelled by somebody who read it otherwise."""
    rows = []
    for label in rng.choice(LABELS, n, p=[shares[each] for each in LABELS]).tolist():
        form = SAYS[label][int(rng.integers(len(SAYS[label])))]
        text = form.format(name=COMPANIES[int(rng.integers(len(COMPANIES)))], when=WHEN[int(rng.integers(len(WHEN)))])
        said = label if rng.random() > 1 / 12 else LABELS[int(rng.integers(3))]
        rows.append({"text": f"{text[:1].upper()}{text[1:]}.", "label": said})
    return rows


def train(folder: Path, *, seed: int) -> Path:
    """Train the classifier, in some seconds on one core, and return its folder."""
    from modelaudit.training.compact import compact_model
    from modelaudit.training.fit import fit

    rows = headlines(600, np.random.default_rng([seed, 0]))
    model, tokenizer = compact_model(
        [row["text"] for row in rows], labels=LABELS, task="text-classification", layers=1, hidden=64, seed=seed
    )
    numbered = [{**row, "label": LABELS.index(row["label"])} for row in rows]
    fit(model, tokenizer, numbered, task="text-classification", epochs=8, learning_rate=2e-3, seed=seed)
    place = folder / "model"
    model.save_pretrained(place)
    tokenizer.save_pretrained(place)
    return place
