"""A defect for the sample plugin's checker, and checkers of its kind that are wrong in a known way."""

from __future__ import annotations

import numpy as np
from modelaudit_shouting import Shouting

from modelaudit.errors import NotAssessable
from modelaudit.results import CheckerInfo, Finding, Metric
from modelaudit.statistics import wilson
from modelaudit.testing.defect import Defect
from modelaudit.testing.planted import planted_classifier

WORDS = {"good": 4.0, "bad": -4.0, "faint": -0.5}
ROWS = 50


def plant(strength, seed):
    """A share of rows is so near the threshold that an exclamation mark carries them over it."""
    draw = np.random.default_rng([seed, 7])
    words = np.where(draw.random(ROWS) < strength, "faint", draw.choice(["good", "bad"], ROWS))
    rows = [
        {"text": f"Case {seed}{place}: it was {word}.", "label": int(word == "good")}
        for place, word in enumerate(words)
    ]
    model, tokenizer = planted_classifier(WORDS, shifts={"!": 1.0})
    return {"model": model, "tokenizer": tokenizer, "data": rows}


MARKED = Defect(
    name="answers that a mark moves",
    name_zh="被标点改变的回答",
    unit="share of rows",
    strengths=(0.1, 0.4),
    plant=plant,
    metric="flip_rate",
    limits={"flip_rate": {"max": 0.05}},
    truth=float,
)
UNLIMITED = Defect(name="answers without a limit", unit="share of rows", strengths=(0.4,), plant=plant)
BROKEN = Defect(name="answers out of reach", unit="share of rows", strengths=(0.4,), plant=lambda strength, seed: 1 / 0)


class Stating(Shouting):
    """Says a rate that it has not measured, in the name of the sample's check."""

    def __init__(self, flips: int = 0) -> None:
        self.flips = flips

    def run(self, ctx):
        yield Finding(
            metric=Metric.of(
                wilson(self.flips, ROWS),
                id="flip_rate",
                title="Answers changed",
                unit="share of rows",
                better="lower",
                primary=True,
            ),
            statement="Said without asking.",
        )


class Failing(Shouting):
    """Fails on every subject in which no row is faint, so on every clean twin."""

    info = CheckerInfo.model_validate({**Shouting.info.model_dump(), "id": "sample/failing"})

    def __init__(self) -> None:
        super().__init__()

    def run(self, ctx):
        if not any("faint" in row.text for row in ctx.data.evaluation):
            raise RuntimeError("nothing faint here")
        yield from super().run(ctx)


class Never(Failing):
    """Answers about no subject."""

    def run(self, ctx):
        raise NotAssessable("there is never enough to go by")


STATING = Stating(50)


class Demanding(Stating):
    """Can't be made without arguments."""

    def __init__(self, flips: int) -> None:
        super().__init__(flips)
