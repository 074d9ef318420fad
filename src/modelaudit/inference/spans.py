"""Spans: how probable the start and the end of an answer are among the tokens of a row."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import log_softmax

from modelaudit.inference.inputs import ModelInput
from modelaudit.inference.tokens import NoToken

__all__ = ["span_log_probs", "span_logits"]

Floats = NDArray[np.float32]


def span_logits(output: Any) -> Any:
    """Return (n, L, 2): the logits of each token as the start, and as the end; None where the output has none."""
    start, end = getattr(output, "start_logits", None), getattr(output, "end_logits", None)
    return None if start is None or end is None else torch.stack([start, end], dim=-1)


def span_log_probs(logits: Floats, rows: Sequence[ModelInput]) -> list[Floats]:
    """Return (k,) for each row: the natural log of the probability of each gathered place as what its target says.

    `logits` are (rows or more, L, 2); target 0 is the start, 1 the end. Each is normalised over the tokens of its row,
    as the loss is that these models are trained with (Devlin et al. 2019, section 4.2).

    Raises:
        NoToken: a row names no places, or a target that is neither.
    """
    found = []
    for table, row in zip(logits, rows, strict=False):
        if row.gather is None or row.targets is None or not np.isin(row.targets, (0, 1)).all():
            raise NoToken("a row names no places that are the start or the end of a span")
        chances = log_softmax(table.astype(np.float64), axis=0)
        found.append(chances[row.gather, row.targets].astype(np.float32))
    return found
