"""Resuming: going on from a checkpoint so that the final weights are those of a training that was never killed."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import torch
from transformers import TrainerState

from modelaudit.errors import InputError
from modelaudit.training.loop import Loop

__all__ = ["Checkpoint", "run"]

_STATE = "trainer_state.json"


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """A whole checkpoint of the loop.

    Attributes:
        folder: where it lies. best: the one with the best weights so far; itself where none are chosen.
        ended: whether the training had ended with it, so that nothing is left but to take the best weights.
    """

    folder: Path
    best: Path
    ended: bool

    @classmethod
    def of(cls, folder: Path) -> Checkpoint:
        """Read what a whole checkpoint says of itself."""
        state = json.loads((folder / _STATE).read_bytes())
        control = state.get("stateful_callbacks", {}).get("TrainerControl", {}).get("args", {})
        named = state.get("best_model_checkpoint")
        # By its name alone: the folder may have been moved since.
        best = folder.parent / Path(named).name if named else folder
        return cls(folder, best if best.is_dir() else folder, bool(control.get("should_training_stop")))


def run(loop: Loop, checkpoint: Checkpoint | None) -> None:
    """Train, from the beginning or from a checkpoint; of a training that had ended its weights are taken.

    Raises:
        InputError: a batch does not fit into the memory.
    """
    try:
        if checkpoint is None:
            loop.train()
        elif checkpoint.ended:
            loop.state = TrainerState.load_from_json(str(checkpoint.folder / _STATE))
            loop.take_weights(checkpoint.best)
        else:
            loop.train(resume_from_checkpoint=str(checkpoint.folder))
    except (RuntimeError, MemoryError) as error:
        if not _is_out_of_memory(error):
            raise
        args = loop.args
        raise InputError(
            f"a batch of {args.per_device_train_batch_size:,} rows does not fit into the memory of the "
            f"{args.device.type}; halve batch_size and double accumulate (now {args.gradient_accumulation_steps:,}), "
            "or lower max_length"
        ) from error


def _is_out_of_memory(error: Exception) -> bool:
    """Whether memory ran out: on a CPU torch raises a plain RuntimeError, from its allocator."""
    return isinstance(error, MemoryError | torch.cuda.OutOfMemoryError) or "DefaultCPUAllocator" in str(error)
