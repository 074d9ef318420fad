"""What needs a process of its own: the peak of its memory, and how waiting threads behave, which torch reads once.

python -m engine.alone memory|waiting ARGUMENTS      (in the folder benchmarks; prints JSON)
"""

from __future__ import annotations

import json
import os
import resource
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import torch
from study import Figure, at_most

from engine.classifier import Classifier, real, tiny
from engine.clock import Clock
from engine.ours import Ours
from engine.turns import ratio_of
from engine.work import masks_tasks, mixed_texts, texts_task

GIB = 1 << 30
POLICIES = ("PASSIVE", "ACTIVE")
STATUS = Path("/proc/self/status")


def memory(*, size: str, device: str, folder: Path | None, target: float | None) -> list[Figure]:
    """Return how much memory the engine's work takes beyond the process that has just loaded the model."""
    told = _child("memory", size, device, folder)
    name = "memory: peak of the engine's work over the process with the model loaded"
    over = told["over"] / GIB
    return [
        Figure(name, over, "GiB") if target is None else at_most(name, over, target, unit="GiB"),
        Figure("memory: the process with the model loaded", told["model"] / GIB, "GiB"),
    ]


def waiting(*, size: str, folder: Path | None, rounds: int) -> list[Figure]:
    """Return how waiting threads fare that give their core up (the library's choice) against threads that spin."""
    walls: dict[str, list[float]] = {policy: [] for policy in POLICIES}
    for _ in range(rounds):
        for policy in POLICIES:
            walls[policy].append(_child("waiting", size, "cpu", folder, OMP_WAIT_POLICY=policy)["wall"])
    ratios = [spinning / giving for giving, spinning in zip(*walls.values(), strict=True)]
    name = "waiting threads: OMP_WAIT_POLICY passive against active, engine at 2 threads"
    return [
        ratio_of(ratios).figure(name, unit="times as fast, wall seconds at 2 threads"),
        *(
            Figure(f"waiting threads: {policy.lower()}", statistics.median(walls[policy]), "wall seconds at 2 threads")
            for policy in POLICIES
        ),
    ]


def _child(part: str, size: str, device: str, folder: Path | None, **variables: str) -> dict[str, float]:
    here = Path(__file__).parent.parent
    command = [sys.executable, "-m", "engine.alone", part, size, device, str(folder.resolve()) if folder else ""]
    paths = os.pathsep.join(str(Path(path).resolve()) for path in sys.path if path)
    environment = os.environ | {"PYTHONPATH": paths} | variables
    run = subprocess.run(command, cwd=here, env=environment, check=True, stdout=subprocess.PIPE, text=True)
    answer: dict[str, float] = json.loads(run.stdout.splitlines()[-1])
    return answer


def _memory(classifier: Classifier, *, small: bool) -> dict[str, Any]:
    rows, masked = (10, 10) if small else (240, 10)
    mixed = texts_task(classifier, mixed_texts(classifier, rows, seed=3), seed=3)
    longest = texts_task(classifier, [" ".join(classifier.words[:60] * 8)], seed=3)
    [variants] = masks_tasks(classifier, rows=masked, masks=500, turns=1, sampled=5, seed=3)
    held = _begin(classifier.device)
    ours = Ours(classifier)
    ours.texts(mixed)
    ours.texts(longest)
    ours.masked(variants)
    return {"model": held, "over": max(0, _peak(classifier.device) - held)}


def _begin(device: str) -> int:
    """Return the memory held now, and start the peak anew where the system allows it."""
    if device != "cpu":
        torch.cuda.reset_peak_memory_stats(device)
        return torch.cuda.memory_allocated(device)
    try:
        Path("/proc/self/clear_refs").write_text("5")
    except OSError:
        return _peak(device)
    return _status("VmRSS")


def _peak(device: str) -> int:
    """Return the peak in bytes. `ru_maxrss` of a child starts at its parent's, so the system's own count goes first."""
    if device != "cpu":
        return torch.cuda.max_memory_allocated(device)
    return _status("VmHWM") if STATUS.exists() else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def _status(field: str) -> int:
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith(field))
    return int(line.split()[1]) * 1024


def _waiting(classifier: Classifier, *, small: bool) -> dict[str, Any]:
    clock = Clock(threads=2)
    task = texts_task(classifier, mixed_texts(classifier, 10 if small else 200, seed=5), seed=5)
    walls = []
    with clock.running():
        ours = Ours(classifier)
        for _ in range(4):
            ours.forget()
            walls.append(clock.time(lambda: ours.texts(task))[1].wall)
    return {"wall": statistics.median(walls[1:])}


def main(arguments: Sequence[str]) -> None:
    part, size, device, folder = arguments
    classifier = tiny(device) if size == "tiny" else real(device, Path(folder) if folder else None)
    print(json.dumps({"memory": _memory, "waiting": _waiting}[part](classifier, small=size == "tiny")))


if __name__ == "__main__":
    main(sys.argv[1:])
