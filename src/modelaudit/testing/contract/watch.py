"""The watch: what a checker does to its surroundings while it runs, seen through Python's audit events."""

from __future__ import annotations

import io
import os
import random
import socket
import sys
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from modelaudit.audit_report import SubjectInfo
from modelaudit.checker import Checker, Context, Cost
from modelaudit.results import Finding

NETWORK = frozenset({"socket.connect", "socket.sendto", "socket.getaddrinfo", "socket.gethostbyname"})
STARTS = frozenset({"subprocess.Popen", "os.system", "os.posix_spawn", "os.exec"})
MOVES = frozenset({"os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.link", "os.symlink"})
WEIGHTS = (".safetensors", ".bin", ".pt", ".pth", ".gguf", ".onnx")
WRITES = os.O_WRONLY | os.O_RDWR | os.O_CREAT


class NetworkRefusedError(OSError):
    """A checker asked the network while the conformance suite was watching."""


@dataclass(slots=True, eq=False)
class Watch:
    """What was seen.

    Attributes:
        printed: what was written to standard output and standard error.
        network: what was asked of the network, which refused; programs: what was started.
        written: files of the working folder that were written, made, moved or removed.
        weights: files of weights that were opened.
        disturbed: global generators of random numbers that were drawn from.
    """

    printed: str = ""
    network: list[str] = field(default_factory=list)
    programs: list[str] = field(default_factory=list)
    written: list[str] = field(default_factory=list)
    weights: list[str] = field(default_factory=list)
    disturbed: list[str] = field(default_factory=list)
    _opened_here: list[str] = field(default_factory=list)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """See what the body does."""
        _start_hearing()
        said, before = io.StringIO(), _generators()
        with redirect_stdout(said), redirect_stderr(said):
            _watches.append(self)
            try:
                yield
            finally:
                _watches.remove(self)
                here = Path.cwd()
                self.written += [name for name in self._opened_here if (here / name).exists()]
                self.printed += said.getvalue()
                after = _generators()
                self.disturbed += [name for name, state in before.items() if after[name] != state]

    def heard(self, event: str, arguments: tuple[Any, ...]) -> None:
        """Note an audit event; raise NetworkRefusedError where it asks the network."""
        if event == "open":
            self._opened(*arguments)
        elif event in MOVES and arguments[-1] in (-1, None):
            # With a folder in the last place, the path is one of that folder, which nobody can tell.
            self.written += _in_working_folder(arguments[: 2 if event in {"os.rename", "os.link", "os.symlink"} else 1])
        elif event in STARTS:
            self.programs.append(event)
        elif event in NETWORK and not _is_local(arguments):
            self.network.append(event)
            raise NetworkRefusedError(f"the conformance suite refuses {event}: a checker asks nothing of the network")

    def _opened(self, path: Any, mode: Any, flags: Any) -> None:
        if isinstance(path, int) or path is None:
            return
        if isinstance(path, str | os.PathLike) and os.fspath(path).endswith(WEIGHTS):
            self.weights.append(Path(path).name)
        writes = any(sign in mode for sign in "wax+") if isinstance(mode, str) else bool((flags or 0) & WRITES)
        if writes:
            self._opened_here += _in_working_folder([path])


class Watched:
    """A checker that is watched while it runs."""

    def __init__(self, checker: Checker, watch: Watch) -> None:
        self.info = checker.info
        self._checker = checker
        self._watch = watch

    def applies(self, subject: SubjectInfo) -> str | None:
        """Ask the checker."""
        return self._checker.applies(subject)

    def cost(self, subject: SubjectInfo) -> Cost:
        """Ask the checker."""
        return self._checker.cost(subject)

    def run(self, ctx: Context) -> list[Finding]:
        """Run the checker to its end."""
        with self._watch.watching():
            return list(self._checker.run(ctx))


_watches: list[Watch] = []
_hearing = threading.Event()


def _start_hearing() -> None:
    # A hook can't be taken away again, so there is one, which does nothing while nobody watches.
    if not _hearing.is_set():
        _hearing.set()
        sys.addaudithook(_hear)


def _hear(event: str, arguments: tuple[Any, ...]) -> None:
    for watch in tuple(_watches):
        watch.heard(event, arguments)


def _is_local(arguments: tuple[Any, ...]) -> bool:
    """Whether a socket is one between processes of this machine, which files name."""
    first = arguments[0] if arguments else None
    return isinstance(first, socket.socket) and first.family == getattr(socket, "AF_UNIX", None)


def _in_working_folder(paths: Iterable[Any]) -> list[str]:
    """Return those paths that lie in the working folder, named from there; caches of Python and of audits are none."""
    here, kept = Path.cwd(), _cache()
    places = [Path(os.path.abspath(os.fsdecode(path))) for path in paths if not isinstance(path, int)]  # noqa: PTH100
    return [
        str(place.relative_to(here))
        for place in places
        if place.is_relative_to(here) and "__pycache__" not in place.parts and not place.is_relative_to(kept)
    ]


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")


def _generators() -> dict[str, Any]:
    kind, keys, *rest = np.random.get_state(legacy=True)  # noqa: NPY002  the global generator is what is watched
    states: dict[str, Any] = {"random": random.getstate(), "numpy.random": (kind, np.asarray(keys).tobytes(), *rest)}
    if "torch" in sys.modules:
        states["torch"] = sys.modules["torch"].get_rng_state().numpy().tobytes()
    return states
