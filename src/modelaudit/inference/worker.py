"""A worker: answers units with a copy of the model of its own. `python -m modelaudit.inference.worker` is one process.

The process is started by `modelaudit.inference.workers` with the numbers of two open file descriptors: the socket
that it is spoken to over, and the model. It holds nothing that would have to be put in order, so that its end may be
as sudden as one likes.
"""

from __future__ import annotations

import mmap
import os
import sys
import threading
from collections import deque
from collections.abc import Callable
from contextlib import AbstractContextManager
from multiprocessing.connection import Connection
from pathlib import Path
from queue import SimpleQueue
from typing import TYPE_CHECKING, Any

import torch

from modelaudit.inference import numerics
from modelaudit.inference.exchange import Fault, Findings, Outcome, Parcel, Sheaf
from modelaudit.inference.executor import UNITS_IN_FLIGHT
from modelaudit.inference.forward import Answers, Forward, is_out_of_memory
from modelaudit.inference.parting import introduce

if TYPE_CHECKING:
    from transformers import PreTrainedModel

__all__ = ["Worker", "load_model"]

Asked = tuple[int, Parcel, Findings]
Begun = Callable[[], Outcome]


class Worker:
    """A model on a device, and the units that it is asked.

    Args:
        model: moved to the device. threads: of the processor, for all of this process; 0 leaves them as they are.
    """

    def __init__(self, model: PreTrainedModel, device: str, threads: int) -> None:
        if threads:
            torch.set_num_threads(threads)
        self.device = device
        self._model = model
        introduce(model)
        model.to(device=device)
        self._forward = Forward(model, device)

    def answer(self, parcel: Parcel, findings: Findings) -> Outcome:
        """Return one unit's outcome."""
        with self.strict():
            begun = self.begin(parcel, findings)
            return None if begun is None else begun()

    def strict(self) -> AbstractContextManager[None]:
        """Return the surroundings in which units have to run."""
        return numerics.strict(self._model, self.device)

    def begin(self, parcel: Parcel, findings: Findings) -> Begun | None:
        """Ask the model, and return a function that waits for the outcome; None where memory ran out."""
        try:
            findings.apply(self._forward, self._model)
            answers = self._forward.start(parcel.unit())
        except Exception as error:  # noqa: BLE001  whatever a model raises is raised again where the unit came from
            if isinstance(error, RuntimeError) and is_out_of_memory(error):
                return None
            fault = Fault.of(error)
            return lambda: fault
        return lambda: _landed(answers)


def _landed(answers: Answers) -> Outcome:
    try:
        return Sheaf.of(answers())
    except Exception as error:  # noqa: BLE001  as above; a device tells of some faults only when it is waited for
        return None if isinstance(error, RuntimeError) and is_out_of_memory(error) else Fault.of(error)


def serve(worker: Worker, asked: SimpleQueue[Asked], tell: Callable[[int, Outcome], None], *, in_flight: int) -> None:
    """Answer units for ever, in order, with up to `in_flight` of them begun at once.

    Where memory runs out the others are waited for, and the unit is tried alone before it is given up.
    """
    flying: deque[tuple[int, Begun]] = deque()

    def land(most: int) -> None:
        while len(flying) > most:
            ticket, begun = flying.popleft()
            tell(ticket, begun())

    with worker.strict():
        while True:
            land(in_flight - 1)
            if asked.empty():
                land(0)
            ticket, parcel, findings = asked.get()
            begun = worker.begin(parcel, findings)
            if begun is None and flying:
                land(0)
                in_flight = 1
                begun = worker.begin(parcel, findings)
            flying.append((ticket, begun or (lambda: None)))


def load_model(descriptor: int, *, shared: bool) -> PreTrainedModel:
    """Return the model in an open file; `shared` leaves its weights in the file's pages, one copy for all workers.

    This unpickles, which the library refuses for what a user hands in. Here the pickle is a moment old and our own:
    the parent wrote it to a file that never had a name, and no other process was given its descriptor.
    """
    if shared:
        model: Any = torch.load(f"/proc/self/fd/{descriptor}", map_location="cpu", weights_only=False, mmap=True)
    else:
        with mmap.mmap(descriptor, 0, access=mmap.ACCESS_READ) as file:
            readable: Any = file
            model = torch.load(readable, map_location="cpu", weights_only=False)
    return model


def main(socket: int, file: int, device: str, threads: int) -> None:
    """Be a worker until the parent is gone."""
    connection = Connection(socket)
    asked: SimpleQueue[Asked] = SimpleQueue()
    # Read by a thread of its own: the parent's sending never waits for a unit to end, and its death is heard at once.
    threading.Thread(target=_listen, args=(connection, asked), daemon=True).start()
    try:
        worker = Worker(load_model(file, shared=Path("/proc/self/fd").is_dir()), device, threads)
    except Exception as error:  # noqa: BLE001  the parent says what it was
        connection.send(f"{type(error).__name__}: {error}")
        return
    connection.send(None)
    in_flight = 1 if device == "cpu" else UNITS_IN_FLIGHT
    serve(worker, asked, lambda ticket, outcome: connection.send((ticket, outcome)), in_flight=in_flight)


def _listen(connection: Connection[Any, Asked], asked: SimpleQueue[Asked]) -> None:
    try:
        while True:
            asked.put(connection.recv())
    except (EOFError, OSError):
        os._exit(0)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), sys.argv[3], int(sys.argv[4]))
