"""Worker processes on this machine.

A worker is started as a program of its own and not as a copy of this process: nothing of the user's main script runs
twice, and it makes no difference whether this is a script, a notebook or a thread. It is handed two open file
descriptors, one end of a socket pair and a file without a name that holds the model. So nobody else can speak to it or
read the model, and whatever way this process ends, the worker hears of it and nothing is left on the disk.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
import weakref
from collections.abc import Callable
from contextlib import suppress
from multiprocessing.connection import Connection, Pipe, wait
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

import torch

from modelaudit.errors import WorkerError
from modelaudit.inference.crew import Answer, Gone, Hand, Reply, Unfit, Up
from modelaudit.inference.exchange import Findings, Parcel
from modelaudit.inference.parting import check_sendable, write_model

if TYPE_CHECKING:
    from transformers import PreTrainedModel

__all__ = ["ProcessCrew", "cores"]

_LAST_WORDS = 4096
_SECONDS_TO_END = 10


class ProcessHand:
    """One worker process.

    Args:
        file: the model, open for reading.
    """

    def __init__(self, file: IO[bytes], device: str, threads: int) -> None:
        self.connection, theirs = Pipe()
        self._said = tempfile.TemporaryFile()  # noqa: SIM115  it is read when the process has ended
        descriptors = theirs.fileno(), file.fileno()
        spoken = [*map(str, descriptors), device, str(threads)]
        try:
            self.process = subprocess.Popen(
                # -P: a file torch.py in the working folder, beside the user's data, is not to be imported.
                [sys.executable, "-P", "-m", "modelaudit.inference.worker", *spoken],
                pass_fds=descriptors,
                stdin=subprocess.DEVNULL,
                stdout=self._said,
                stderr=self._said,
                # A process group of its own: Ctrl-C is for this process, which then ends its workers.
                process_group=0,
                env=os.environ | {"PYTHONPATH": os.pathsep.join(path or str(Path.cwd()) for path in sys.path)},
            )
        except OSError as error:
            self.connection.close()
            self._said.close()
            raise WorkerError(f"a worker process could not be started ({error}); use fewer workers") from error
        finally:
            theirs.close()

    def ask(self, ticket: int, parcel: Parcel, findings: Findings) -> None:
        """Send a unit; to a process that has ended, nothing."""
        with suppress(OSError):
            self.connection.send((ticket, parcel, findings))

    def hear(self) -> Reply:
        """Return what has come in, or how the process ended."""
        try:
            message = self.connection.recv()
        except Exception:  # noqa: BLE001  half a message of a process that was killed can raise anything
            return self._gone()
        match message:
            case None:
                return Up()
            case str(reason):
                return Unfit(reason)
            case ticket, outcome:
                return Answer(ticket, outcome)
        return self._gone()

    def dismiss(self) -> None:
        """End the process, however busy it is: it holds nothing that has to be put in order."""
        self.connection.close()
        self.process.kill()
        self.process.wait()
        self._said.close()

    def _gone(self) -> Gone:
        with suppress(subprocess.TimeoutExpired):
            # It is ending by itself, and its exit code says more than that of a kill.
            self.process.wait(_SECONDS_TO_END)
        self.process.kill()
        code = self.process.wait()
        self._said.seek(max(0, self._said.seek(0, os.SEEK_END) - _LAST_WORDS))
        lines = self._said.read().decode(errors="replace").strip().splitlines()
        self.dismiss()
        how = f"was ended by {signal.Signals(-code).name}" if code < 0 else f"ended with exit code {code}"
        return Gone(how, lines[-1] if lines else "")


class ProcessCrew:
    """Worker processes on this machine: one a CUDA device where there are several, else each with a share of the cores.

    Args:
        model: sent once, at the first hiring. device: where the engine runs. size: number of processes.

    Raises:
        WorkerError: the model can't be sent.
    """

    def __init__(self, model: PreTrainedModel, device: str, size: int) -> None:
        if os.name != "posix":
            raise WorkerError("several worker processes need Linux or macOS; use workers=1 here")
        check_sendable(model)
        self.size = size
        self._model = model
        self._devices = [f"cuda:{i}" for i in range(torch.cuda.device_count())] if device == "cuda" else [device]
        self._threads = max(1, min(cores() // size, torch.get_num_threads())) if device == "cpu" else 0
        self._hands: dict[Connection[Any, Any], ProcessHand] = {}
        self._file: IO[bytes] | None = None
        self._end: Callable[[], object] = lambda: None

    def hire(self, place: int) -> Hand:
        """Start a process; it is up some seconds later."""
        if self._file is None:
            self._file = _saved(self._model)
            # Runs at the exit of this process, or when nobody holds the crew any more.
            self._end = weakref.finalize(self, _end, os.getpid(), self._hands, self._file)
        hand = ProcessHand(self._file, self._devices[place % len(self._devices)], self._threads)
        self._hands[hand.connection] = hand
        return hand

    def hear(self, timeout: float | None) -> list[tuple[Hand, Reply]]:
        """Return one message of each process that has one."""
        heard: list[tuple[Hand, Reply]] = []
        for connection in wait([c for c in self._hands if not c.closed], timeout):
            hand = self._hands[connection]  # type: ignore[index]
            heard.append((hand, hand.hear()))
        return heard

    def close(self) -> None:
        """End every process and give the model's file back."""
        self._end()
        self._file = None


def cores() -> int:
    """Return the number of cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _saved(model: PreTrainedModel) -> IO[bytes]:
    """Return a file that holds the model. It has no name, so that it goes with the last process that has it open."""
    file = tempfile.TemporaryFile()  # noqa: SIM115  it stays open while there are workers
    try:
        write_model(model, file)
    except OSError as error:
        file.close()
        raise WorkerError(
            f"the model could not be written to {tempfile.gettempdir()} for the workers ({error.strerror}); set TMPDIR "
            "to a folder with more room, or use workers=1"
        ) from error
    return file


def _end(owner: int, hands: dict[Connection[Any, Any], ProcessHand], file: IO[bytes]) -> None:
    # A fork of this process inherits the finalizer and, if it exits, must not take the workers along.
    if os.getpid() != owner:
        return
    for hand in hands.values():
        hand.dismiss()
    hands.clear()
    file.close()
