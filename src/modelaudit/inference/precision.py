"""Half precision with a certificate: fast where nothing hangs on it, float32 where a decision is near.

Half-precision answers are compared with float32 answers on rows of the audit itself. Where they agree, they are used;
a row whose decision is closer than the differences seen could move it is asked again in float32, so that no verdict
rests on rounding. float16 is used and not bfloat16: at one speed its error is an order of magnitude smaller.

Whether a row is asked again hangs on its own half-precision answer alone. So it is the same for every order of rows,
every call and every number of workers.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray
from scipy.special import softmax

from modelaudit.inference.executor import Answered, Executor
from modelaudit.inference.inputs import ModelInput
from modelaudit.inference.units import Layout, Unit

__all__ = ["CERTIFICATE_ROWS", "Certificate", "RescoringExecutor", "certify", "compared", "is_near", "spread"]

Floats = NDArray[np.float32]
Item = TypeVar("Item")

CERTIFICATE_ROWS = 256
MOST_DIFFERENCE = 5e-3
"""Largest difference of a probability with which half precision is used at all."""
MOST_NEAR = 0.5
"""Largest share of rows that may be near their boundary: to ask more of them twice saves nothing."""
SAFETY = 4.0
"""A decision is near its boundary within so many times the largest difference of a logit that was seen."""
ROUNDING = 2.0**-11
"""One rounding to float16, as a share of the number; the difference is taken to be no less."""


@dataclass(frozen=True, slots=True)
class Certificate:
    """How half-precision answers differ from float32 answers on the same rows.

    Attributes:
        rows: rows compared; finite: whether all their answers are.
        logit, probability: largest differences; flips: rows or tokens with another decision.
        rescored_within: margin of logits within which decisions are asked again in float32, of two digits, so that it
            can be written down as it is; near: share of the rows that lie within it.
        holds: whether half precision may be used.
    """

    rows: int
    finite: bool
    logit: float
    probability: float
    flips: int
    rescored_within: float
    near: float
    holds: bool

    def describe(self) -> str:
        """Return the certificate in a sentence, for the report."""
        compared = f"float16 against float32 on {self.rows} rows of the audit"
        fall = "so float32 is used throughout."
        if not self.finite or not self.rows:
            return f"{compared}: {'not every answer is a number' if self.rows else 'nothing to compare'}, {fall}"
        found = (
            f"{compared}: logits differ by up to {self.logit:.2g}, probabilities by up to {self.probability:.2g}, "
            f"decisions that differ: {self.flips}"
        )
        if self.probability > MOST_DIFFERENCE:
            return f"{found}; probabilities may differ by {MOST_DIFFERENCE:g} at most, {fall}"
        near = f"decisions within {self.rescored_within:.2g} of the boundary ({100 * self.near:.2g}% of these rows)"
        if not self.holds:
            return f"{found}; {near} would have to be asked again in float32, {fall}"
        return (
            f"{found}; {near} are asked again in float32, and a difference between the probabilities of two rows holds "
            f"up to {2 * self.probability:.2g} of rounding."
        )


def certify(half: Sequence[Floats], full: Sequence[Floats]) -> Certificate:
    """Compare the logits of the same rows, each (C,) or (k, C), in half precision and in float32."""
    pairs = [(a, b) for a, b in zip(half, full, strict=True) if b.size]
    finite = all(np.isfinite(a).all() and np.isfinite(b).all() for a, b in pairs)
    if not finite or not pairs:
        return Certificate(len(pairs), finite, math.inf, 1.0, flips=0, rescored_within=math.inf, near=1.0, holds=False)
    logit = max(float(np.abs(a - b).max()) for a, b in pairs)
    probability = max(float(np.abs(softmax(a, axis=-1) - softmax(b, axis=-1)).max()) for a, b in pairs)
    least = ROUNDING * max(float(np.abs(b).max()) for _, b in pairs)
    within = _two_digits(SAFETY * max(logit, least))
    near = sum(is_near(a, within) for a, _ in pairs) / len(pairs)
    return Certificate(
        rows=len(pairs),
        finite=True,
        logit=logit,
        probability=probability,
        flips=sum(int((a.argmax(-1) != b.argmax(-1)).sum()) for a, b in pairs),
        rescored_within=within,
        near=near,
        holds=probability <= MOST_DIFFERENCE and near <= MOST_NEAR,
    )


def is_near(answer: Floats, within: float) -> bool:
    """Tell whether the decision of a row (C,), or of any of its tokens (k, C), is near its boundary.

    An answer that is no number is near everything: float16 ends at 65,504, float32 does not. A single output has its
    boundary nowhere and everywhere, so it is near too.
    """
    if not answer.size:
        return False
    if answer.shape[-1] < 2 or not np.isfinite(answer).all():
        return True
    largest = np.partition(answer, -2, axis=-1)
    return bool((largest[..., -1] - largest[..., -2] < within).any())


def spread(items: Sequence[Item], count: int = CERTIFICATE_ROWS) -> list[Item]:
    """Return so many of the items, at equal distances from the first to the last; all where there are no more."""
    if len(items) <= count:
        return list(items)
    return [items[place] for place in np.linspace(0, len(items) - 1, count).round().astype(int)]


def compared(rows: Iterable[ModelInput]) -> list[ModelInput]:
    """Return the rows to compare on: 256 spread over these, equal rows counting once."""
    return spread(list({row.key: row for row in rows}.values()))


class RescoringExecutor:
    """Runs units in half precision, and rows whose decision is near its boundary again in float32.

    A unit of half precision comes back with the rows that are not near; those that are come back later, in units of
    their own. Every row comes back once.

    Args:
        inner: runs the units of both precisions; gradients and hidden states are always asked in float32.
        layout: how the rows that are asked again become units.
        within: margin between the two largest logits below which a decision is near.
    """

    def __init__(self, inner: Executor, layout: Layout, *, within: float) -> None:
        self._inner = inner
        self._layout = layout
        self._within = within

    def run(self, units: Iterable[Unit]) -> Iterator[Answered]:
        """Yield the rows of every unit once; after a unit whose memory ran out nothing more is yielded."""
        others: list[Unit] = []
        near: list[tuple[int, ModelInput]] = []
        for unit, answers in self._inner.run(_halved(units, others)):
            if answers is None:
                yield unit, None
                return
            far = [i for i, answer in enumerate(answers) if not is_near(answer, self._within)]
            near += [(unit.places[i], unit.inputs[i]) for i in sorted(set(range(len(answers))) - set(far))]
            if far:
                yield _part(unit, far), [answers[i] for i in far]
        # Only now: an executor runs one call at a time.
        places, inputs = [place for place, _ in near], [row for _, row in near]
        for again in (self._layout.units("logits", inputs, [0] * len(near)), others):
            for unit, answers in self._inner.run(again):
                yield (unit if again is others else _placed(unit, places)), answers
                if answers is None:
                    return

    def close(self) -> None:
        """Close the one that runs the units."""
        self._inner.close()


def _halved(units: Iterable[Unit], others: list[Unit]) -> Iterator[Unit]:
    """Yield the units that ask for logits, in half precision, and put the rest aside."""
    for unit in units:
        if unit.want == "logits":
            yield replace(unit, half=True)
        else:
            others.append(unit)


def _part(unit: Unit, rows: Sequence[int]) -> Unit:
    return replace(
        unit,
        places=tuple(unit.places[i] for i in rows),
        inputs=tuple(unit.inputs[i] for i in rows),
        classes=tuple(unit.classes[i] for i in rows),
    )


def _placed(unit: Unit, places: Sequence[int]) -> Unit:
    return replace(unit, places=tuple(places[place] for place in unit.places))


def _two_digits(value: float) -> float:
    """Return the number rounded up to two digits."""
    if value == 0.0:
        return 0.0
    step = 10.0 ** (math.floor(math.log10(value)) - 1)
    # Read from its text, so that the number that is used is the one that is shown.
    return float(f"{math.ceil(value / step) * step:.2g}")
