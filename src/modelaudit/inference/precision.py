"""Half precision with a certificate: fast where nothing hangs on it, float32 where a decision is near.

Half-precision answers are compared with float32 answers on rows of the audit itself. Where they agree, they are used;
a row whose decision is closer than the differences seen could move it is asked again in float32, so that no verdict
rests on rounding. float16 is used and not bfloat16: at one speed its error is an order of magnitude smaller.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from modelaudit.inference.executor import Answered, Executor
from modelaudit.inference.inputs import ModelInput
from modelaudit.inference.units import Layout, Unit

__all__ = ["CERTIFICATE_ROWS", "Certificate", "RescoringExecutor", "certify"]

Floats = NDArray[np.float32]

CERTIFICATE_ROWS = 256
MOST_DIFFERENCE = 5e-3
"""Largest difference of a probability with which half precision is used at all."""
SAFETY = 4.0
"""A decision is near its boundary within so many times the largest difference of a logit that was seen."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """How half-precision answers differ from float32 answers on the same rows.

    Attributes:
        rows: rows compared; logit, probability: largest differences; flips: rows or tokens with another decision.
        rescored_within: margin of logits within which decisions are asked again in float32.
        holds: whether half precision may be used.
    """

    rows: int
    logit: float
    probability: float
    flips: int
    rescored_within: float
    holds: bool

    def describe(self) -> str:
        """Return the certificate in a sentence, for the report."""
        outcome = (
            f"decisions within {self.rescored_within:.2g} of the boundary are asked again in float32"
            if self.holds
            else "so float32 is used throughout"
        )
        return (
            f"float16 against float32 on {self.rows} rows: logits differ by up to {self.logit:.2g}, probabilities by "
            f"up to {self.probability:.2g}, {self.flips} decisions; {outcome}."
        )


def certify(half: Sequence[Floats], full: Sequence[Floats]) -> Certificate:
    """Compare the logits of the same rows, each (C,) or (k, C), in half precision and in float32."""
    differences = [np.abs(a - b) for a, b in zip(half, full, strict=True) if b.size]
    finite = all(np.isfinite(a).all() for a in half)
    logit = max((float(each.max()) for each in differences), default=0.0) if finite else float("inf")
    pairs = (
        [(softmax(a, axis=-1), softmax(b, axis=-1)) for a, b in zip(half, full, strict=True) if b.size]
        if finite
        else []
    )
    probability = max((float(np.abs(a - b).max()) for a, b in pairs), default=0.0 if finite else 1.0)
    flips = sum(int((a.argmax(-1) != b.argmax(-1)).sum()) for a, b in pairs)
    return Certificate(
        rows=len(full),
        logit=logit,
        probability=probability,
        flips=flips,
        rescored_within=SAFETY * logit,
        holds=finite and bool(full) and probability <= MOST_DIFFERENCE,
    )


class RescoringExecutor:
    """Runs units in half precision, and rows whose decision is near its boundary again in float32.

    Args:
        half, full: executors of the two precisions; gradients and hidden states are always asked in float32.
        layout: how the rows that are asked again become units.
        within: margin between the two largest logits below which a decision is near.
    """

    def __init__(self, half: Executor, full: Executor, layout: Layout, *, within: float) -> None:
        self.rescored = 0
        self._half = half
        self._full = full
        self._layout = layout
        self._within = within

    def run(self, units: Iterable[Unit]) -> Iterator[Answered]:
        """Yield each unit once; after one whose memory ran out nothing more is yielded."""
        later: list[Unit] = []
        for unit, answers in self._half.run(_logits_only(units, later)):
            if answers is None:
                yield unit, None
                return
            near = [place for place, answer in enumerate(answers) if self.near(answer)]
            if near:
                again = self._rescored([unit.inputs[place] for place in near])
                if again is None:
                    yield unit, None
                    return
                self.rescored += len(near)
                for place, answer in zip(near, again, strict=True):
                    answers[place] = answer
            yield unit, answers
        yield from self._full.run(later)

    def near(self, answer: Floats) -> bool:
        """Tell whether the decision of a row (C,), or of any of its tokens (k, C), is near its boundary."""
        if answer.shape[-1] < 2 or not answer.size:
            return False
        largest = np.sort(answer, axis=-1)
        return bool((largest[..., -1] - largest[..., -2] < self._within).any())

    def close(self) -> None:
        """Close both."""
        self._half.close()
        self._full.close()

    def _rescored(self, inputs: Sequence[ModelInput]) -> list[Floats] | None:
        found: dict[int, Floats] = {}
        for unit, answers in self._full.run(self._layout.units("logits", inputs, [0] * len(inputs))):
            if answers is None:
                return None
            found.update(zip(unit.places, answers, strict=True))
        return [found[place] for place in range(len(inputs))]


def _logits_only(units: Iterable[Unit], others: list[Unit]) -> Iterator[Unit]:
    for unit in units:
        if unit.want == "logits":
            yield unit
        else:
            others.append(unit)
