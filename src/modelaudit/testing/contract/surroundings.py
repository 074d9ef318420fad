"""What a checker leaves alone while it runs: the user's random numbers, terminal, network and folder."""

from __future__ import annotations

from collections.abc import Iterator

from modelaudit.testing.contract.runs import Runs
from modelaudit.testing.contract.watch import Watch


def randomness_faults(runs: Runs) -> Iterator[str]:
    """Which global generators were drawn from."""
    for name in dict.fromkeys(_watched(runs).disturbed):
        yield f"run() changes the global generator of {name}: draw from ctx.rng, or from a generator made of ctx.seed."


def output_faults(runs: Runs) -> Iterator[str]:
    """Whether anything was printed."""
    if printed := _watched(runs).printed:
        yield (
            f"run() writes {len(printed)} characters to standard output or error: say what the reader needs with "
            "ctx.note, switch progress bars off, and leave the terminal to whoever runs the audit."
        )


def network_faults(runs: Runs) -> Iterator[str]:
    """Whether the network was asked."""
    for event in dict.fromkeys(_watched(runs).network):
        yield (
            f"run() asks the network ({event}): bring what you need in your package, or take a path as an option; "
            "nothing of the user's may leave the machine."
        )


def files_faults(runs: Runs) -> Iterator[str]:
    """Which files of the working folder were written."""
    for name in list(dict.fromkeys(_watched(runs).written))[:3]:
        yield f"run() writes {name} into the working folder: return evidence, or write to a temporary folder."


def _watched(runs: Runs) -> Watch:
    # Also where the checker did not complete: what it asked the network may be why.
    if runs.result.status in {"not applicable", "skipped"} and not runs.watch.network:
        _ = runs.completed
    return runs.watch
