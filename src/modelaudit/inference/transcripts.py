"""Transcripts: what a model with connectionist temporal classification (CTC, Graves et al. 2006) hears in a sound."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from modelaudit.inference.inputs import ModelInput
from modelaudit.inference.tokens import NoToken

__all__ = ["TOO_SHORT", "ctc_log_probs", "heard"]

Floats = NDArray[np.float32]

TOO_SHORT = -1e9
"""The log-probability of a transcript for which a sound has too few frames; no float has a probability but 0 there."""


def ctc_log_probs(logits: Any, rows: Sequence[ModelInput], *, blank: int) -> list[Floats]:
    """Return (1,) for each row: the natural log of the probability of its transcript, summed over all alignments.

    `logits` are (rows or more, frames, vocabulary); the labels of a row are its targets. In float64.

    Raises:
        NoToken: a row names no labels, or a label that is blank or outside the vocabulary.
    """
    found = []
    for table, row in zip(logits, rows, strict=False):
        labels = row.targets
        if labels is None or not ((labels >= 0) & (labels < table.shape[-1]) & (labels != blank)).all():
            raise NoToken("a row names no labels of a transcript, or labels that the model does not have")
        chances = table.double().log_softmax(dim=-1)
        loss = torch.nn.functional.ctc_loss(
            chances[:, None].cpu(),
            torch.from_numpy(labels.astype(np.int64))[None],
            torch.tensor([len(chances)]),
            torch.tensor([len(labels)]),
            blank=blank,
            reduction="sum",
        )
        found.append(np.array([max(-float(loss), TOO_SHORT)], dtype=np.float32))
    return found


def heard(logits: Any, rows: Sequence[ModelInput], *, blank: int) -> list[Floats]:
    """Return (k, 2) for each row: the labels heard, each with the log p of its best frame, in their order.

    The most probable label of each frame is taken; equal ones that follow each other are one, and blanks none.
    """
    found = []
    for table, _row in zip(logits, rows, strict=False):
        chances, labels = table.double().log_softmax(dim=-1).max(dim=-1)
        if not bool(chances.isfinite().all()):
            # NaN has a largest label too, which is the blank: the row would be silent.
            found.append(np.full((1, 2), np.nan, dtype=np.float32))
            continue
        best, place = _array(chances), _array(labels).astype(np.int64)
        starts = np.flatnonzero(np.r_[True, place[1:] != place[:-1]])
        # A label lasts as long as its frames follow each other; the surest of them speaks for it.
        peaks = np.maximum.reduceat(best, starts)
        kept = place[starts] != blank
        found.append(np.stack([place[starts][kept], peaks[kept]], axis=1).astype(np.float32))
    return found


def _array(tensor: Any) -> NDArray[Any]:
    return np.asarray(tensor.cpu().numpy())
