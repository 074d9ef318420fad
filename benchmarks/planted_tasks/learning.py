"""Training of tiny models: mini-batches of a table, or batches that are drawn anew each step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

Batch = Mapping[str, Tensor]
Draw = Callable[[np.random.Generator], Batch]


def trained(
    model: Any, draw: Draw, *, steps: int, rate: float, seed: int, loss: Callable[..., Tensor] | None = None
) -> Any:
    """Train a model in place and return it in evaluation mode; the rate rises for a tenth and falls to 0."""
    torch.manual_seed(seed)
    rng = np.random.default_rng([seed, steps])
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=0.0)
    model.train()
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = rate * min(1.0, 10 * (step + 1) / steps) * (1.0 - step / steps)
        batch = draw(rng)
        found = model(**batch).loss if loss is None else loss(model, **batch)
        optimizer.zero_grad()
        found.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
    return model.eval()


def batches(table: Batch, size: int) -> Draw:
    """Return how batches of a table are drawn: whole epochs, each in an order of its own."""
    waiting: list[int] = []
    count = len(next(iter(table.values())))

    def draw(rng: np.random.Generator) -> Batch:
        if len(waiting) < size:
            waiting.extend(rng.permutation(count).tolist())
        chosen = [waiting.pop(0) for _ in range(min(size, count))]
        return {name: values[chosen] for name, values in table.items()}

    return draw
