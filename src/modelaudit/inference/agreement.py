"""ONNX Runtime under a certificate: its answers to rows of the audit, held against those of torch."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from modelaudit.inference.forward import Forward
from modelaudit.inference.inputs import ModelInput
from modelaudit.inference.packing import Packing
from modelaudit.inference.probe import AGREEMENT, ask
from modelaudit.inference.units import Layout

if TYPE_CHECKING:
    from transformers import PreTrainedModel

__all__ = ["Agreement", "agreement", "in_torch"]

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Agreement:
    """How the answers of ONNX Runtime differ from those of torch on the same rows.

    Attributes:
        rows: rows compared.
        logit, probability: largest differences; infinite where an answer is no number in one of the two alone.
        flips: rows or tokens with another decision.
        holds: whether ONNX Runtime may be used.
    """

    rows: int
    logit: float
    probability: float
    flips: int
    holds: bool

    def describe(self) -> str:
        """Return the agreement in a sentence, for the report."""
        return (
            f"ONNX Runtime against torch on {self.rows} rows of the audit: logits differ by up to {self.logit:.2g}, "
            f"probabilities by up to {self.probability:.2g}, decisions that differ: {self.flips}."
        )


def agreement(found: Sequence[Floats], expected: Sequence[Floats]) -> Agreement:
    """Compare the logits of the same rows, each (C,) or (k, C), of ONNX Runtime and of torch."""
    pairs = [(a, b) for a, b in zip(found, expected, strict=True) if b.size]
    logit = max((_difference(a, b) for a, b in pairs), default=0.0)
    scale = max((float(np.abs(b[np.isfinite(b)]).max(initial=0.0)) for _, b in pairs), default=0.0)
    chances = [(softmax(a, axis=-1), softmax(b, axis=-1)) for a, b in pairs if math.isfinite(logit)]
    return Agreement(
        rows=len(pairs),
        logit=logit,
        probability=max((_difference(a, b) for a, b in chances), default=0.0 if math.isfinite(logit) else math.inf),
        flips=sum(int((a.argmax(-1) != b.argmax(-1)).sum()) for a, b in pairs),
        holds=logit <= AGREEMENT * (1.0 + scale),
    )


def in_torch(
    model: PreTrainedModel, forward: Forward, layout: Layout, rows: Sequence[ModelInput]
) -> list[NDArray[np.float32]]:
    """Return the logits of rows whose packed layers run in torch for once, in the layout that is used otherwise."""
    runtime = forward.packing
    assert runtime is not None
    forward.packing = Packing(model, pruned=runtime.pruned)
    try:
        return ask(forward, layout, "logits", rows)
    finally:
        forward.packing = runtime


def _difference(one: Floats, other: Floats) -> float:
    """Return the largest difference; what is no number in both in the same way is no difference."""
    if not np.array_equal(np.isfinite(one), np.isfinite(other)):
        return math.inf
    finite = np.isfinite(one)
    return float(np.abs(one[finite].astype(np.float64) - other[finite]).max(initial=0.0))
