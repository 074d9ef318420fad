"""Calls of several threads share batches: while one is answered, the others wait, and go together after it."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelaudit.inference.inputs import ModelInput
from modelaudit.inference.units import Want

__all__ = ["Ask", "SharedCalls"]

Floats = NDArray[np.float32]
Ask = Callable[[Want, Sequence[ModelInput], Sequence[int]], list[Floats]]


@dataclass(slots=True, eq=False)
class _Call:
    want: Want
    inputs: Sequence[ModelInput]
    classes: Sequence[int]
    answers: list[Floats] | None = None
    error: Exception | None = None

    @property
    def open(self) -> bool:
        return self.answers is None and self.error is None


class SharedCalls:
    """Answers calls of any number of threads, those that wait for the same thing at once.

    Args:
        turn: held while calls are answered.
        answer: answers one call, with `turn` held.
        together: answer calls that wait as one; otherwise each alone, so that a fault is met by one call and once.
    """

    def __init__(self, turn: AbstractContextManager[object], answer: Ask, *, together: bool = True) -> None:
        self._joins = together
        self._turn = turn
        self._answer = answer
        self._waiting: list[_Call] = []
        self._changing = threading.Lock()

    def ask(self, want: Want, inputs: Sequence[ModelInput], classes: Sequence[int]) -> list[Floats]:
        """Return the answers to a call; what answering it raises is raised here and in no other thread."""
        call = _Call(want, inputs, classes)
        with self._changing:
            self._waiting.append(call)
        try:
            with self._turn:
                if call.open:
                    self._settle(self._taken(call))
        finally:
            # Ctrl-C while it waited, or was answered: nobody is there to take the answer.
            self._withdraw(call)
        if call.error is not None:
            raise call.error
        assert call.answers is not None
        return call.answers

    def _taken(self, first: _Call) -> list[_Call]:
        with self._changing:
            taken = [call for call in self._waiting if call is first or (self._joins and call.want == first.want)]
            self._waiting = [call for call in self._waiting if call not in taken]
        return taken

    def _withdraw(self, call: _Call) -> None:
        with self._changing:
            self._waiting = [other for other in self._waiting if other is not call]

    def _settle(self, calls: Sequence[_Call]) -> None:
        try:
            if len(calls) > 1:
                self._together(calls)
            for call in calls:
                if call.open:
                    self._alone(call)
        finally:
            # Ctrl-C in the thread whose turn it was is not the end of the other threads' calls.
            with self._changing:
                self._waiting += [call for call in calls if call.open]

    def _together(self, calls: Sequence[_Call]) -> None:
        inputs = [item for call in calls for item in call.inputs]
        classes = [class_ for call in calls for class_ in call.classes]
        try:
            answers = self._answer(calls[0].want, inputs, classes)
        except Exception:  # noqa: BLE001  each is asked alone then, and raises what is its own
            return
        start = 0
        for call in calls:
            call.answers = answers[start : start + len(call.inputs)]
            start += len(call.inputs)

    def _alone(self, call: _Call) -> None:
        try:
            call.answers = self._answer(call.want, call.inputs, call.classes)
        except Exception as error:  # noqa: BLE001  it is raised in the thread that asked
            call.error = error
