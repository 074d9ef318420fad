"""Do the engine's answers agree with those of transformers, and with themselves in every shape?"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from matrix.plain import Plain
from modelaudit.inference.engine import Engine
from modelaudit.rows import Row
from modelaudit.subject.model import Model

SHAPES = {"as by default": None, "bucketed": 31, "one by one": 1}
"""Token slots a batch: too few to pack, and too few for two rows."""
TOLERANCE = 1e-5
"""Largest difference from transformers, as a share of 1 + |answer|."""


@dataclass(frozen=True, slots=True)
class Agreement:
    """What was found on some rows.

    Attributes:
        difference: the largest from transformers in any shape, as a share of 1 + |answer|.
        identical: whether rows asked alone, in another order, have the same bits as asked together, in each shape.
        rows: how many were compared. where: the shape and the row of the largest difference.
    """

    difference: float
    identical: bool
    rows: int
    where: str

    @property
    def holds(self) -> bool:
        return self.identical and self.difference <= TOLERANCE


def compared(model: Model, plain: Plain, kind: str, rows: Sequence[Row]) -> Agreement:
    """Ask for the rows in every shape, together and alone, and compare with what transformers answers to each."""
    expected = [plain.answers(kind, row) for row in rows]
    worst, where, identical = 0.0, "", True
    for name, batch_tokens in SHAPES.items():
        found = answered(_fresh(model, batch_tokens), rows)
        alone = _fresh(model, batch_tokens)
        singly = [answered(alone, [row])[0] for row in reversed(rows)][::-1]
        identical &= all(a.tobytes() == b.tobytes() for a, b in zip(found, singly, strict=True))
        for row, one, other in zip(rows, found, expected, strict=True):
            apart = distance(one, other)
            if not apart <= worst:
                worst, where = apart, f"{name}, row {row.id}"
    return Agreement(worst, identical, len(rows), where)


def distance(found: Any, expected: Any) -> float:
    """Return the largest |a - b| / (1 + |b|); infinity where the shapes, or what was cut off, differ."""
    if found.shape != expected.shape or (np.isnan(found) != np.isnan(expected)).any():
        return float("inf")
    if not np.isfinite(expected).any():
        return 0.0
    return float(np.nanmax(np.abs(found - expected) / (1.0 + np.abs(expected))))


def answered(model: Model, rows: Sequence[Row]) -> list[Any]:
    """Return the logits of each row."""
    told = model.predict(rows)
    if told.offsets is None:
        return list(told.logits)
    return [told.logits[told.offsets[place] : told.offsets[place + 1]] for place in range(len(rows))]


def _fresh(model: Model, batch_tokens: int | None) -> Model:
    engine = Engine(model.opened.model, model_id="matrix", device="cpu", batch_tokens=batch_tokens, numerics="strict")
    return Model(model.opened, model.task, engine)


Opener = Callable[[], Plain]
