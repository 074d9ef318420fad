"""Progress: what is watched while a model is trained, the user's bar and the loss that must stay a number."""

from __future__ import annotations

import importlib.util
import json
import math
import os
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from transformers import EarlyStoppingCallback, TrainerCallback

from modelaudit.errors import InputError

__all__ = ["Bar", "Clock", "FiniteLoss", "Patience", "check_reports", "reporters", "seconds_until"]

SPENT = "seconds.json"
"""In a checkpoint: how long the training took until then, all its parts together."""


class Bar(TrainerCallback):  # type: ignore[misc]
    """A bar on stderr that counts updates and shows the last dev score; nothing on stdout."""

    def __init__(self) -> None:
        self._bar: Any = None

    def on_train_begin(self, args: Any, state: Any, control: Any, **rest: Any) -> None:
        """Begin where the training goes on."""
        from tqdm.auto import tqdm  # type: ignore[import-untyped]

        self._bar = tqdm(total=state.max_steps, initial=state.global_step, desc="training", unit="update")

    def on_step_end(self, args: Any, state: Any, control: Any, **rest: Any) -> None:
        """Count one update."""
        self._bar.update(1)

    def on_evaluate(self, args: Any, state: Any, control: Any, metrics: Mapping[str, float], **rest: Any) -> None:
        """Show the dev score of the epoch."""
        self._bar.set_postfix({"dev score": f"{metrics['eval_score']:.3f}", "dev loss": f"{metrics['eval_loss']:.3f}"})

    def on_train_end(self, args: Any, state: Any, control: Any, **rest: Any) -> None:
        """Leave the bar as it stands."""
        self._bar.close()


class Patience(EarlyStoppingCallback):  # type: ignore[misc]
    """Early stopping that begins to count one whole epoch behind the warm-up: until then a score says little."""

    def on_evaluate(self, args: Any, state: Any, control: Any, metrics: Mapping[str, float], **rest: Any) -> None:
        """Count a dev score that is no better, and end the training behind too many."""
        an_epoch = state.global_step / state.epoch
        if state.global_step > args.warmup_steps + an_epoch:
            super().on_evaluate(args, state, control, metrics, **rest)


class Clock(TrainerCallback):  # type: ignore[misc]
    """Writes into each checkpoint how long the training took until then.

    Args:
        start: when it began, on `time.monotonic`; of one that goes on, earlier by what its first parts took.
    """

    def __init__(self, start: float) -> None:
        self.start = start

    def on_save(self, args: Any, state: Any, control: Any, **rest: Any) -> None:
        """Write it beside the weights."""
        folder = Path(args.output_dir) / f"checkpoint-{state.global_step}"
        (folder / SPENT).write_text(json.dumps(time.monotonic() - self.start), encoding="utf-8")


def seconds_until(checkpoint: Path | None) -> float:
    """Return how long a training took until its checkpoint; 0 where there is none, or it does not say."""
    try:
        said = 0.0 if checkpoint is None else float(json.loads((checkpoint / SPENT).read_bytes()))
    except (OSError, ValueError, TypeError):
        return 0.0
    return said if math.isfinite(said) and said > 0 else 0.0


class FiniteLoss(TrainerCallback):  # type: ignore[misc]
    """Ends a training whose loss is no number any more, with what to do about it."""

    def on_log(self, args: Any, state: Any, control: Any, logs: Mapping[str, float], **rest: Any) -> None:
        """Look at each loss that Trainer has fetched from the device.

        Raises:
            InputError: the loss is NaN or infinite.
        """
        losses = [logs[name] for name in ("loss", "train_loss", "eval_loss") if name in logs]
        if not all(map(math.isfinite, losses)):
            raise InputError(
                f"the loss is no number any more by update {state.global_step:,} of {state.max_steps:,}; train again "
                f"with a lower learning rate (it was {args.learning_rate:g}), or with precision float32"
            )


def check_reports(names: Sequence[str]) -> None:
    """Raise InputError for a name that training can't be reported to, or whose package is not installed."""
    for name in names:
        if name not in _MAKERS:
            raise InputError(f"training can't be reported to {name!r:.60}; it can to {' and '.join(_MAKERS)}")
        if importlib.util.find_spec(name) is None:
            raise InputError(f"reporting to {name} needs another package; run pip install {name}")


def reporters(names: Sequence[str], folder: Path) -> list[TrainerCallback]:
    """Return the callbacks that report to what is named; what they write goes into the folder."""
    return [_MAKERS[name](folder) for name in dict.fromkeys(names)]


def _tensorboard(folder: Path) -> TrainerCallback:
    from torch.utils.tensorboard import SummaryWriter
    from transformers.integrations import TensorBoardCallback

    return TensorBoardCallback(SummaryWriter(log_dir=str(folder)))


def _wandb(folder: Path) -> TrainerCallback:
    from transformers.integrations import WandbCallback

    folder.mkdir(parents=True, exist_ok=True)
    os.environ.setdefault("WANDB_DIR", str(folder))
    return WandbCallback()


_MAKERS: dict[str, Callable[[Path], TrainerCallback]] = {"tensorboard": _tensorboard, "wandb": _wandb}
