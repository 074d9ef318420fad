"""Executors: where units run. The engine decides what is asked; an executor gets it answered, in any order."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import NDArray

from modelaudit.inference import numerics
from modelaudit.inference.forward import Answers, Forward, is_out_of_memory
from modelaudit.inference.units import Unit

if TYPE_CHECKING:
    from transformers import PreTrainedModel

__all__ = ["Answered", "Executor", "LocalExecutor"]

Floats = NDArray[np.float32]
Answered = tuple[Unit, list[Floats] | None]
"""A unit with one answer for each of its rows, or with None where its memory ran out."""

UNITS_IN_FLIGHT = 3


class Executor(Protocol):
    """Runs units. Their answers depend on the unit alone, so it does not matter where, when and beside what."""

    def run(self, units: Iterable[Unit]) -> Iterator[Answered]:
        """Yield every unit once, in any order; after one whose memory ran out nothing more is yielded."""
        ...

    def close(self) -> None:
        """Give back what it holds."""
        ...


class LocalExecutor:
    """Runs units in this process, one after the other.

    On a device that works by itself some units are in flight at once. Where memory runs out, those are waited for and
    the unit is tried alone before it is given up.
    """

    def __init__(self, model: PreTrainedModel, forward: Forward, device: str) -> None:
        self._model = model
        self._forward = forward
        self._device = device
        self._in_flight = 1 if device == "cpu" else UNITS_IN_FLIGHT

    def run(self, units: Iterable[Unit]) -> Iterator[Answered]:
        """Yield each unit with its answers, in order."""
        flying: deque[tuple[Unit, Answers]] = deque()
        with numerics.strict(self._model, self._device):
            for unit in units:
                started = self._start(unit)
                if started is None and flying:
                    yield from _landed(flying, 0)
                    self._in_flight = 1
                    started = self._start(unit)
                if started is None:
                    yield unit, None
                    return
                flying.append((unit, started))
                yield from _landed(flying, self._in_flight - 1)
            yield from _landed(flying, 0)

    def close(self) -> None:
        """Nothing is held."""

    def _start(self, unit: Unit) -> Answers | None:
        """Return None where memory ran out: the frames that hold the unit's tensors are left by then."""
        try:
            return self._forward.start(unit)
        except RuntimeError as error:
            if not is_out_of_memory(error):
                raise
            return None


def _landed(flying: deque[tuple[Unit, Answers]], most: int) -> Iterator[Answered]:
    while len(flying) > most:
        unit, answers = flying.popleft()
        yield unit, answers()
