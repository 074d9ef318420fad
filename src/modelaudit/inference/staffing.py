"""How many workers, and of which kind."""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch

from modelaudit.errors import WorkerError
from modelaudit.inference.crew import Crew

if TYPE_CHECKING:
    from transformers import PreTrainedModel

__all__ = ["crew_for"]

CORES_A_WORKER = 4


def crew_for(workers: int | str, model: PreTrainedModel, device: str) -> Crew | None:
    """Return the crew that `workers` asks for, or None for none: all work is done in this process.

    Args:
        workers: a number of processes; "auto", one a CUDA device or, on a processor, one for every 4 cores; "ray" or
            "ray:N", actors on a Ray cluster.

    Raises:
        WorkerError: it is none of these, Ray is not installed, or the model can't be sent to another process.
    """
    match str(workers).split(":"):
        case ["ray"]:
            from modelaudit.inference.ray_workers import RayCrew

            return RayCrew(model, device, None)
        case ["ray", number] if number.isdecimal() and int(number) > 0:
            from modelaudit.inference.ray_workers import RayCrew

            return RayCrew(model, device, int(number))
        case ["auto"]:
            size = _automatic(device)
        case [number] if number.isdecimal() and int(number) > 0 and not isinstance(workers, bool):
            size = int(number)
        case _:
            raise WorkerError(f"workers={workers!r} is not known; give a number from 1 up, auto, ray or ray:N")
    if size == 1:
        return None
    from modelaudit.inference.workers import ProcessCrew

    return ProcessCrew(model, device, size)


def _automatic(device: str) -> int:
    from modelaudit.inference.workers import cores

    if device == "cuda":
        return torch.cuda.device_count()
    return max(1, cores() // CORES_A_WORKER) if device == "cpu" else 1
