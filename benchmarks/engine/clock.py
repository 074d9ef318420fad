"""What a second is: CPU time of this process at one thread, wall time of the machine's cores or of its card."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TypeVar

import torch

Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Spent:
    """What something took: CPU seconds of all threads of this process, and wall seconds."""

    cpu: float
    wall: float


@dataclass(frozen=True)
class Clock:
    """CPU seconds at one thread on a CPU, since wall time on a shared machine measures its neighbours; else wall."""

    threads: int = 1
    device: str = "cpu"

    @property
    def hardware(self) -> str:
        """The card's name, or what the processor's instructions allow."""
        return torch.backends.cpu.get_cpu_capability() if self.device == "cpu" else torch.cuda.get_device_name()

    @property
    def mode(self) -> str:
        if self.device != "cpu":
            return "wall seconds"
        return "CPU seconds at 1 thread" if self.threads == 1 else f"wall seconds at {self.threads} threads"

    def seconds(self, spent: Spent) -> float:
        """Return the seconds that count in this mode."""
        return spent.cpu if self.device == "cpu" and self.threads == 1 else spent.wall

    @contextmanager
    def running(self) -> Iterator[None]:
        """Give every arm the same threads. Left alone, the pipeline would set the tokenizers of all to one thread."""
        before, told = torch.get_num_threads(), os.environ.get("TOKENIZERS_PARALLELISM")
        torch.set_num_threads(self.threads)
        os.environ["TOKENIZERS_PARALLELISM"] = "false" if self.threads == 1 else "true"
        try:
            yield
        finally:
            torch.set_num_threads(before)
            if told is None:
                del os.environ["TOKENIZERS_PARALLELISM"]
            else:
                os.environ["TOKENIZERS_PARALLELISM"] = told

    def time(self, act: Callable[[], Answer]) -> tuple[Answer, Spent]:
        """Return what `act` returns, and what it took; a card is waited for before the clocks are read."""
        cpu, wall = self._now()
        answer = act()
        cpu_end, wall_end = self._now()
        return answer, Spent(cpu_end - cpu, wall_end - wall)

    def _now(self) -> tuple[float, float]:
        if self.device != "cpu":
            torch.cuda.synchronize(self.device)
        return time.process_time(), time.perf_counter()
