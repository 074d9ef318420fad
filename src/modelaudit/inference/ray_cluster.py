"""The connection of this process to a Ray cluster."""

from __future__ import annotations

import os
import shutil
import socket
import tempfile
from pathlib import Path
from typing import Any, ClassVar

from modelaudit.errors import WorkerError

__all__ = ["RayCluster"]

SECONDS_TO_ANSWER = 20


class RayCluster:
    """The cluster that RAY_ADDRESS names, or that this process is connected to already, else a local one.

    All crews of the process share it, since Ray knows one connection a process; the last that leaves ends what was
    begun here.
    """

    _current: ClassVar[RayCluster | None] = None

    def __init__(self, ray: Any) -> None:
        self._ray = ray
        self._owner = os.getpid()
        self._users = 0
        self._ours = not ray.is_initialized()
        self._folder: str | None = None
        if self._ours:
            self._connect(os.environ.get("RAY_ADDRESS") or "local")

    @classmethod
    def join(cls, ray: Any) -> RayCluster:
        """Return the cluster, connected; `leave` it once for each time.

        Raises:
            WorkerError: it can't be reached or started.
        """
        if cls._current is None or not ray.is_initialized():
            cls._current = None  # also where the new one can't be had
            cls._current = cls(ray)
        cls._current._users += 1
        return cls._current

    def leave(self) -> None:
        """Let go of it."""
        # A fork of this process has inherited the connection and, if it exits, must not end it.
        if os.getpid() != self._owner:
            return
        self._users -= 1
        if not self._users:
            self._end()

    def of(self, resource: str) -> list[float]:
        """Return how much of a resource ("CPU", "GPU") each node has."""
        return [node["Resources"].get(resource, 0.0) for node in self._ray.nodes() if node["Alive"]]

    def _connect(self, address: str) -> None:
        options: dict[str, Any] = {}
        if address == "local":
            # Nothing is ever sent anywhere: a cluster that is started here does not report its use to Ray's makers.
            os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
            # Ray leaves its own folder behind and opens it to all, which is of no use inside one that is not open.
            # Sockets lie in it, whose paths have to be short.
            self._folder = tempfile.mkdtemp(prefix="modelaudit-", dir="/tmp" if os.name == "posix" else None)
            options = {"include_dashboard": False, "_temp_dir": str(Path(self._folder, "ray"))}
        try:
            _knock(address)
            # An address is given, since by default Ray takes any cluster that it finds running on this machine.
            self._ray.init(address=address, configure_logging=False, log_to_driver=False, **options)
        except (OSError, RuntimeError, ValueError, ImportError, self._ray.exceptions.RayError) as error:
            self._end()
            raise WorkerError(
                f"Ray could not be reached at {address!r} ({error}); set RAY_ADDRESS to the address of your cluster, "
                "or give a number of workers"
            ) from error

    def _end(self) -> None:
        # Where the user has ended the connection, another may have been made since, which is not this one's to end.
        if self._ours and RayCluster._current in (self, None):
            self._ray.shutdown()
            RayCluster._current = None
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)


def _knock(address: str) -> None:
    """Raise OSError where nobody answers at this address; Ray itself would go on trying for many minutes."""
    host, _, port = address.rpartition("//")[2].rpartition(":")
    if port.isdecimal():
        socket.create_connection((host.strip("[]"), int(port)), timeout=SECONDS_TO_ANSWER).close()
