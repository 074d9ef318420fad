"""Shapes: does a row have the same bits in another place, and in a unit of another size?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from modelaudit.inference.inputs import ModelInput
from modelaudit.inference.trial_rows import ROWS_A_LENGTH
from modelaudit.inference.units import SLOTS_A_ROW, Layout, Unit, Want

__all__ = ["Runs", "ask", "holds_order", "holds_places", "holds_size", "holds_width", "same", "same_everywhere"]

Floats = NDArray[np.float32]


class Runs(Protocol):
    """What runs units of a model, in whichever precision."""

    def run(self, unit: Unit) -> list[Floats]:
        """Return one answer for each row of the unit."""
        ...


def ask(forward: Runs, layout: Layout, want: Want, rows: Sequence[ModelInput]) -> list[Floats]:
    """Return the answers to rows that go through the model in this layout, one unit after the other."""
    answers: dict[int, Floats] = {}
    for unit in layout.units(want, rows, [0] * len(rows)):
        answers.update(zip(unit.places, forward.run(unit), strict=True))
    return [answers[place] for place in range(len(rows))]


def holds_order(
    forward: Runs,
    layout: Layout,
    want: Want,
    rows: Sequence[ModelInput],
    expected: Sequence[Floats],
    *,
    beside: ModelInput,
) -> bool:
    """Tell whether the rows have the same bits in another order, and so in another place of their pack.

    `beside` is a long row among them: nothing may depend on how long the longest is.
    """
    order = np.random.default_rng(1).permutation(len(rows))
    shuffled = ask(forward, layout, want, [*(rows[place] for place in order), beside])[:-1]
    return same([expected[place] for place in order], shuffled)


def holds_size(forward: Runs, want: Want, size: int, rows: Sequence[ModelInput], expected: Sequence[Floats]) -> bool:
    """Tell whether a pack of `size` slots gives the bits that full packs gave."""
    places: list[int] = []
    for place in np.random.default_rng(size).permutation(len(rows)):
        used = sum(len(rows[i]) for i in places)
        if used + len(rows[place]) <= size and len(places) < size // SLOTS_A_ROW:
            places.append(int(place))
    unit = Unit(
        want, tuple(places), tuple(rows[i] for i in places), (0,) * len(places), size, size // SLOTS_A_ROW, True
    )
    return same([expected[place] for place in places], forward.run(unit))


def holds_places(
    forward: Runs, want: Want, rows: Sequence[ModelInput], expected: Sequence[Floats], layout: Layout
) -> bool:
    """Tell whether rows have the bits that full units gave in all places of these, at every length, and beside others.

    Units hold more rows than are tried, so the rows come again and again; they begin backwards, since `expected` is
    what they gave from first to last.
    """
    for start in range(0, len(rows), ROWS_A_LENGTH):
        alike, known = rows[start : start + ROWS_A_LENGTH][::-1], expected[start : start + ROWS_A_LENGTH][::-1]
        full = max(1, layout.batch_tokens // alike[0].slots)
        for first in range(0, len(alike), full):
            part = slice(first, first + full)
            if not same_everywhere(forward, want, full, alike[part], known[part]):
                return False
    return True


def holds_width(
    forward: Runs, want: Want, width: int, rows: Sequence[ModelInput], expected: Sequence[Floats], layout: Layout
) -> bool:
    """Tell whether units of so many rows give the bits that units of the full number gave, at every length."""
    for start in range(0, len(rows), ROWS_A_LENGTH):
        alike = slice(start, start + ROWS_A_LENGTH)
        if layout.batch_tokens // rows[start].slots <= width:
            continue
        if not same_everywhere(forward, want, width, rows[alike], expected[alike]):
            return False
    return True


def same_everywhere(
    forward: Runs, want: Want, width: int, rows: Sequence[ModelInput], expected: Sequence[Floats]
) -> bool:
    """Tell whether rows that are alike have the expected bits in every place of a unit of so many rows.

    Products are cut into blocks, and the last ones may come out of another kernel.
    """
    # One more each time round, so that a row stands in places of all kinds.
    chosen = [(place + place // len(rows)) % len(rows) for place in range(width)]
    inputs, slots = tuple(rows[row] for row in chosen), rows[0].slots * width
    unit = Unit(want, tuple(range(width)), inputs, (0,) * width, slots, width, False)
    return same([expected[row] for row in chosen], forward.run(unit))


def same(one: Sequence[Floats], other: Sequence[Floats]) -> bool:
    """Tell whether answers are the same to the last bit."""
    return all(a.tobytes() == b.tobytes() for a, b in zip(one, other, strict=True))
