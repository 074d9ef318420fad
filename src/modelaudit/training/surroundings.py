"""The surroundings of a training: what `transformers.Trainer` changes beside the model, put back at the end."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
import torch

__all__ = ["left_as_they_were"]


@contextmanager
def left_as_they_were() -> Iterator[None]:
    """Put back the generators of Python, numpy and torch, which Trainer seeds, and settings in the environment."""
    python, legacy = random.getstate(), np.random.get_state()  # noqa: NPY002
    settings = _settings()
    try:
        with torch.random.fork_rng():
            yield
    finally:
        random.setstate(python)
        np.random.set_state(legacy)  # noqa: NPY002
        for name in _settings():
            del os.environ[name]
        os.environ.update(settings)


def _settings() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name.startswith(("ACCELERATE_", "WANDB_"))}
