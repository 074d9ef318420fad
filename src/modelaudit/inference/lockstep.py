"""Lockstep: searches over many examples advance together, and their model calls share batches."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

import numpy as np
from numpy.typing import NDArray

from modelaudit.errors import ModelAuditError
from modelaudit.inference.inputs import ModelInput
from modelaudit.inference.units import Want

if TYPE_CHECKING:
    from modelaudit.inference.engine import Engine

__all__ = ["lockstep_map"]

Item = TypeVar("Item")
Answer = TypeVar("Answer")
Floats = NDArray[np.float32]


class _Stopped(BaseException):
    """Unwinds a search whose answer nobody waits for any more; no `except Exception` on its way may hold it."""


@dataclass(frozen=True, slots=True)
class _Call:
    want: Want
    inputs: Sequence[ModelInput]
    classes: Sequence[int]
    answer: Future[list[Floats]] = field(default_factory=Future)


class _Party:
    """The searches under way: who waits for an answer, and whether anybody can still advance without one."""

    def __init__(self, *, items: int, width: int) -> None:
        self._changed = threading.Condition()
        self._calls: list[_Call] = []
        self._unfinished = items
        self._width = width
        self._failed = False

    def ask(self, want: Want, inputs: Sequence[ModelInput], classes: Sequence[int]) -> list[Floats]:
        """Wait, in a search's thread, for the answer to a call."""
        call = _Call(want, inputs, classes)
        with self._changed:
            if self._failed:
                raise _Stopped
            self._calls.append(call)
            self._changed.notify_all()
        return call.answer.result()

    def leave(self, *, failed: bool) -> None:
        """Take a search out that has ended."""
        with self._changed:
            self._unfinished -= 1
            self._failed = self._failed or failed
            self._changed.notify_all()

    def gather(self) -> list[_Call]:
        """Wait until no search can advance, and return their calls; none when the party is over."""
        with self._changed:
            self._changed.wait_for(self._stuck_or_over)
            if self._failed or not self._unfinished:
                return []
            calls, self._calls = self._calls, []
            return calls

    def stop(self) -> None:
        """Release every search that waits, now or later."""
        with self._changed:
            self._failed = True
            calls, self._calls = self._calls, []
        for call in calls:
            call.answer.set_exception(_Stopped())

    def _stuck_or_over(self) -> bool:
        # The pool keeps as many searches alive as it has threads, while there are that many.
        return self._failed or len(self._calls) == min(self._width, self._unfinished)


def lockstep_map(
    engine: Engine, fn: Callable[[Item], Answer], items: Iterable[Item], *, width: int = 64
) -> list[Answer]:
    """Return `[fn(item) for item in items]`, with the engine calls of up to `width` items merged into shared batches.

    Each item runs in a thread of its own and makes plain blocking calls; the model itself runs in the caller's
    thread whenever no item can advance without an answer. Answers are the same to the last bit as one by one.

    Raises:
        Exception: what `fn` raised, for the first item in order that raised, once the other items are stopped.
    """
    todo = list(items)
    if len(todo) < 2 or width < 2:
        return [fn(item) for item in todo]
    party = _Party(items=len(todo), width=width)

    def search(item: Item) -> Answer:
        failed = True
        try:
            with engine.joined(party.ask):
                answer = fn(item)
            failed = False
            return answer
        finally:
            party.leave(failed=failed)

    with ThreadPoolExecutor(min(width, len(todo)), thread_name_prefix="lockstep") as pool:
        searches = [pool.submit(search, item) for item in todo]
        calls: list[_Call] = []
        try:
            while calls := party.gather():
                _answer_together(engine, calls)
        finally:
            # Also where the engine itself raised, or the user pressed Ctrl-C: nobody may wait for ever.
            party.stop()
            for call in calls:
                if not call.answer.done():
                    call.answer.set_exception(_Stopped())
            for ended in searches:
                ended.cancel()
    return _results(searches)


def _results(searches: Sequence[Future[Answer]]) -> list[Answer]:
    faults = [s.exception() for s in searches if not s.cancelled() and s.exception() is not None]
    for fault in faults:
        if fault is not None and not isinstance(fault, _Stopped):
            raise fault
    return [s.result() for s in searches]


def _answer_together(engine: Engine, calls: Sequence[_Call]) -> None:
    for want in sorted({call.want for call in calls}):
        same = [call for call in calls if call.want == want]
        inputs = [item for call in same for item in call.inputs]
        classes = [class_ for call in same for class_ in call.classes]
        try:
            answers = engine.ask(want, inputs, classes)
        except ModelAuditError as error:
            for call in same:
                call.answer.set_exception(error)
            continue
        start = 0
        for call in same:
            call.answer.set_result(answers[start : start + len(call.inputs)])
            start += len(call.inputs)
