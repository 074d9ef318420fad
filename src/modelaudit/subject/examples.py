"""Examples: rows that are no text, of nothing, for what needs to know in which shapes a model's rows will come."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from modelaudit.inference.inputs import ModelInput
from modelaudit.media.picture import Picture
from modelaudit.media.sound import Sound
from modelaudit.rows import Row

if TYPE_CHECKING:
    from modelaudit.subject.opened import OpenedModel
    from modelaudit.subject.task import Task

__all__ = ["examples"]

SIDE = 224
RATE = 16_000
SECONDS = (1, 3)


def examples(opened: OpenedModel, task: Task) -> list[ModelInput]:
    """Return a grey picture, or low noise of one and of three seconds, as the model takes it; none for a text."""
    if task.medium == "text":
        return []
    encoder = task.encoder(opened, length=0)
    if task.medium == "picture":
        rows = [Row("example", "", picture=Picture.of_array(np.full((SIDE, SIDE, 3), 127, dtype=np.uint8)))]
    else:
        noise = np.random.default_rng(0).normal(scale=0.01, size=max(SECONDS) * RATE).astype(np.float32)
        rows = [Row("example", "", sound=Sound.of_array(noise[: count * RATE], RATE)) for count in SECONDS]
    return [encoding.input for encoding in task.encode([task.content(row) for row in rows], encoder)]
