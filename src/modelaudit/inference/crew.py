"""Crews: an executor whose units run on several workers, wherever these live.

Which worker answers a unit changes no bit of it, so the units go to whoever is free, and a worker that ends takes
nothing with it. A crew knows how to start its workers and how to speak to them; the executor knows the rest.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import count, islice
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from modelaudit.errors import WorkerError
from modelaudit.inference.exchange import Fault, Findings, Outcome, Parcel, Sheaf
from modelaudit.inference.executor import Answered, Executor
from modelaudit.inference.forward import Forward
from modelaudit.inference.units import Question, Unit

__all__ = ["Answer", "Crew", "CrewExecutor", "Gone", "Hand", "Reply", "Unfit", "Up"]

Floats = NDArray[np.float32]

SMALL_CALL = 2
"""Calls of so many units are answered in this process: to start workers, or to wake them, would take longer."""
UNITS_A_WORKER = 2
"""Units at one worker at once: it has the next at hand when it has answered one."""
RESTARTS = 3
"""Times that one place among the workers is filled again."""


@dataclass(frozen=True, slots=True)
class Up:
    """The worker has the model and can be asked."""


@dataclass(frozen=True, slots=True)
class Unfit:
    """The worker could not take the model over; no other could."""

    reason: str


@dataclass(frozen=True, slots=True)
class Gone:
    """The worker has ended. The reason reads on after "it"; details are what it said last, not for a report."""

    reason: str
    details: str = ""


@dataclass(frozen=True, slots=True)
class Answer:
    """The outcome of the unit that was sent with this ticket."""

    ticket: int
    outcome: Outcome


Reply = Up | Unfit | Gone | Answer
_Outcome = tuple[Unit, list[Floats] | Fault | None]


class Hand(Protocol):
    """One worker, from the side of those who ask it."""

    def ask(self, ticket: int, parcel: Parcel, findings: Findings) -> None:
        """Send a unit. Where the worker has ended this is quiet: the crew hears of its end."""
        ...

    def dismiss(self) -> None:
        """End the worker; nothing more is heard of it."""
        ...


class Crew(Protocol):
    """Starts workers of one kind, and hears what they reply."""

    @property
    def size(self) -> int:
        """The number of workers."""
        ...

    def hire(self, place: int) -> Hand:
        """Start a worker for one of its places; return before it is up."""
        ...

    def hear(self, timeout: float | None) -> list[tuple[Hand, Reply]]:
        """Return what has come in; where nothing has, wait for it so many seconds, or for ever."""
        ...

    def close(self) -> None:
        """End every worker, and give back what they were sent."""
        ...


@dataclass(frozen=True, slots=True)
class _Trial:
    """A unit whose answers are known here, at a worker to see whether they come out the same there."""

    ticket: int
    unit: Unit
    expected: list[Floats]


@dataclass(slots=True, eq=False)
class _Place:
    """A place among the workers, and who fills it.

    Attributes:
        flying: units under way by ticket; None for one that nobody waits for any more.
        proven: the questions for which the worker's trial went well.
        ends: how often a worker ended in this place.
    """

    number: int
    hand: Hand
    up: bool = False
    flying: dict[int, Unit | None] = field(default_factory=dict)
    trial: _Trial | None = None
    proven: set[Question] = field(default_factory=set)
    ends: int = 0

    @property
    def name(self) -> str:
        return f"Worker {self.number + 1}"

    def awaited(self) -> list[Unit]:
        return [unit for unit in self.flying.values() if unit is not None]

    def forget(self) -> None:
        """Wait for nothing any more, and trust no trial."""
        self.flying = dict.fromkeys([*self.flying, *([self.trial.ticket] if self.trial else [])])
        self.trial = None
        self.proven.clear()


class _Todo:
    """Units that nobody has been asked yet, those first that were lost."""

    def __init__(self, first: Sequence[Unit], others: Iterator[Unit]) -> None:
        self._again = deque(first)
        self._others = others
        self.question = first[0].question

    def next(self) -> Unit | None:
        return self._again.popleft() if self._again else next(self._others, None)

    def back(self, units: Iterable[Unit]) -> None:
        self._again.extendleft(units)


class CrewExecutor:
    """Runs units on a crew that is started at the first call that is worth it; small calls run in this process.

    Until a worker is up, units are answered in this process too. A worker gets work once it has answered a unit whose
    answers are known here, with the same bits; one whose numbers differ is dismissed.

    Args:
        crew: whose workers are used. local, forward: what runs units in this process.
        events: where sentences for the report are put.
    """

    def __init__(self, crew: Crew, local: Executor, forward: Forward, events: list[str]) -> None:
        self._crew = crew
        self._local = local
        self._forward = forward
        self._events = events
        self._places: list[_Place] = []
        self._known: dict[Question, tuple[Unit, list[Floats]]] = {}
        self._tickets = count()
        self._failed: WorkerError | None = None

    def run(self, units: Iterable[Unit]) -> Iterator[Answered]:
        """Yield every unit with its answers, in any order.

        Raises:
            WorkerError: the model could not be taken over, or no worker is left.
            Exception: what the model raised, here or in a worker.
        """
        coming = iter(units)
        first = list(islice(coming, SMALL_CALL + 1))
        small = len(first) <= SMALL_CALL
        for unit, outcome in self._local.run(first) if small else self._spread(_Todo(first, coming)):
            if isinstance(outcome, Fault):
                raise outcome.error
            if outcome is None:
                # The engine goes on with other shapes, in which nothing has been tried.
                self._known.clear()
                for place in self._places:
                    place.forget()
                yield unit, None
                return
            yield unit, outcome

    def close(self) -> None:
        """End all workers; a later call that is worth it starts them again."""
        self._places, self._failed = [], None
        self._crew.close()

    def _spread(self, todo: _Todo) -> Iterator[_Outcome]:
        try:
            self._assemble()
            while True:
                self._hand_out(todo)
                if any(place.awaited() for place in self._places):
                    heard = self._crew.hear(None)
                elif (unit := todo.next()) is not None:
                    yield self._answer_here(unit)
                    heard = self._crew.hear(0)
                else:
                    return
                # All of them, before any is yielded: whoever asked may not come back for the rest.
                answered = [done for hand, reply in heard if (done := self._take(hand, reply, todo)) is not None]
                # And the next units are on their way before the answers are looked at.
                self._hand_out(todo)
                yield from answered
        except WorkerError as error:
            self.close()
            self._failed = error
            raise
        except KeyboardInterrupt:
            # It may have cut a message in two, and whoever was spoken to further would misread it.
            self.close()
            raise

    def _assemble(self) -> None:
        """Fill the places at the first call; at a later one forget what an earlier one did not wait for."""
        if self._failed is not None:
            raise self._failed
        if not self._places:
            self._places = [_Place(number, self._crew.hire(number)) for number in range(self._crew.size)]
        for place in self._places:
            place.flying = dict.fromkeys(place.flying)

    def _answer_here(self, unit: Unit) -> Answered:
        ((_, answers),) = self._local.run([unit])
        if answers is not None:
            self._known.setdefault(unit.question, (unit, answers))
        return unit, answers

    def _hand_out(self, todo: _Todo) -> None:
        for depth in range(UNITS_A_WORKER):
            for place in self._places:
                if not place.up or place.trial is not None or len(place.flying) > depth:
                    continue
                if todo.question in place.proven:
                    if (unit := todo.next()) is not None:
                        place.flying[self._send(place, unit)] = unit
                elif todo.question in self._known:
                    known, expected = self._known[todo.question]
                    place.trial = _Trial(self._send(place, known), known, expected)

    def _send(self, place: _Place, unit: Unit) -> int:
        ticket = next(self._tickets)
        place.hand.ask(ticket, Parcel.of(unit), Findings.of(self._forward))
        return ticket

    def _take(self, hand: Hand, reply: Reply, todo: _Todo) -> _Outcome | None:
        """Note what a worker replied; return the unit that it answered, if anybody waits for that."""
        place = next((place for place in self._places if place.hand is hand), None)
        if place is None:
            return None
        match reply:
            case Up():
                place.up = True
            case Unfit(reason):
                raise WorkerError(
                    f"a worker could not take the model over ({reason}); see that what it needs is to be had there, or "
                    "use workers=1"
                )
            case Gone():
                todo.back(place.awaited())
                self._fill_again(place, reply)
            case Answer(ticket, outcome) if place.trial is not None and place.trial.ticket == ticket:
                trial, place.trial = place.trial, None
                if outcome is None:
                    return trial.unit, None
                self._judge(place, trial, outcome)
            case Answer(ticket, outcome):
                unit = place.flying.pop(ticket)
                if unit is not None:
                    return unit, outcome.answers() if isinstance(outcome, Sheaf) else outcome
        return None

    def _judge(self, place: _Place, trial: _Trial, outcome: Sheaf | Fault) -> None:
        if isinstance(outcome, Sheaf) and _same(outcome.answers(), trial.expected):
            place.proven.add(trial.unit.question)
            return
        fault = f"raised {type(outcome.error).__name__}" if isinstance(outcome, Fault) else ""
        what = fault or "has other bits there"
        self._events.append(f"{place.name} was not used: a unit that was answered in this process {what}.")
        place.hand.dismiss()
        how = f"{fault} for a row that this process answers" if fault else "gives other numbers than this process"
        self._leave(place, f"{how}; its hardware or software is another")

    def _fill_again(self, place: _Place, end: Gone) -> None:
        place.ends += 1
        if place.ends > RESTARTS:
            self._events.append(f"{place.name} {end.reason} and was not started again.")
            self._leave(place, f"{end.reason}{': ' * bool(end.details)}{end.details}")
            return
        self._events.append(f"{place.name} {end.reason} and was started again; what it had not answered was done anew.")
        place.hand, place.up = self._crew.hire(place.number), False
        place.flying, place.trial = {}, None
        place.proven.clear()

    def _leave(self, place: _Place, reason: str) -> None:
        self._places.remove(place)
        if not self._places:
            raise WorkerError(
                f"none of {self._crew.size} workers could be kept (the last one {reason}); use fewer workers, each of "
                "which needs memory of its own, or workers=1"
            )


def _same(one: Sequence[Floats], other: Sequence[Floats]) -> bool:
    return [(a.shape, a.tobytes()) for a in one] == [(b.shape, b.tobytes()) for b in other]
