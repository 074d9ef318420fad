"""Probabilities that a user's function hands back, checked before anything is computed from them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray

from modelaudit.errors import ModelInputError

__all__ = ["FLOOR", "log_probabilities", "numbers_of"]

Table = NDArray[np.float64]
Floats = NDArray[np.float32]

FLOOR = 1e-12
"""What a smaller probability counts as, 0 among them, so that every loss is finite: at most 27.6 nats.

A function that says 0 has most often rounded; what it rounded away is beyond what float32 (6e-8) or a printed number
carries.
"""

TOLERANCE = 1e-3
"""How far a row's sum may be from 1: probabilities that were printed with three digits still pass."""

SHOWN = 6


def numbers_of(answer: Any, labels: Sequence[str]) -> Table:
    """Return an answer as float64: a numpy array, nested lists, a torch tensor or a DataFrame.

    Columns of a DataFrame that are called as the labels are put in the labels' order; numbered ones are taken as they
    stand.

    Raises:
        ValueError: it holds no numbers, or a DataFrame's columns have other names.
        Exception: whatever a stranger's type raises while it is converted.
    """
    if isinstance(answer, torch.Tensor):
        answer = answer.detach().to("cpu", torch.float64).numpy()
    elif hasattr(answer, "columns") and hasattr(answer, "to_numpy"):
        answer = _by_name(answer, labels).to_numpy()
    array = np.asarray(answer)
    if array.dtype.kind not in "fiub":
        names = ", such as the names of classes that predict gives; hand in predict_proba" * (array.dtype.kind in "UO")
        raise ValueError(f"it is a {type(answer).__name__} that holds something else than numbers{names}")
    return array.astype(np.float64)


def log_probabilities(table: Table, *, rows: int, labels: Sequence[str], name: str) -> Floats:
    """Return (rows, C) float32 natural logarithms of probabilities, each row divided by its sum.

    Args:
        table: what the function `name` answered to so many texts; one column for each label.

    Raises:
        ModelInputError: another shape, NaN or infinity, or numbers that are no probabilities; the message says which
            mistake it looks like and what to hand over instead.
    """
    if table.ndim == 1 and len(table) == rows:
        raise ModelInputError(
            f"{name} gives one value a text; give one probability for each of the {len(labels)} labels (with "
            "scikit-learn: predict_proba, not predict)"
        )
    if table.ndim != 2:
        raise ModelInputError(f"{name} gives an array of shape {table.shape}; give one row a text, one column a label")
    if len(table) != rows:
        raise ModelInputError(
            f"{name} gives {len(table)} rows for {rows} texts; give one row for each text, in the order of the texts"
        )
    if table.shape[1] != len(labels):
        raise ModelInputError(
            f"{name} gives {table.shape[1]} classes for {rows} texts, but labels= names {len(labels)} "
            f"({_listed(labels)}); name each class once, in the order of the columns"
        )
    if not np.isfinite(table).all():
        raise ModelInputError(
            f"{name} gives NaN or infinity in {_where(~np.isfinite(table).all(axis=1))}; give probabilities"
        )
    sums = table.sum(axis=1)
    _refuse_other_scales(table, sums, name)
    scaled = table / sums[:, None]
    logs: Floats = np.log(np.maximum(scaled, FLOOR)).astype(np.float32)
    return logs


def _refuse_other_scales(table: Table, sums: Table, name: str) -> None:
    outside = (table < 0).any(axis=1) | (table > 1 + TOLERANCE).any(axis=1)
    if outside.any():
        # Logarithms may lie so low that their exponential is 0; they are no reason for a warning.
        with np.errstate(over="ignore"):
            logarithms = (table <= 0).all() and bool((abs(np.exp(table).sum(axis=1) - 1) <= TOLERANCE).all())
        looks, step = (
            ("logarithms of probabilities", "give their exponential")
            if logarithms
            else ("logits or scores", "put a softmax over the classes and give its probabilities")
        )
        raise ModelInputError(
            f"{name} gives numbers from {table.min():.3g} to {table.max():.3g}, which are no probabilities and look "
            f"like {looks}; {step}"
        )
    off = abs(sums - 1) > TOLERANCE
    if off.any():
        raise ModelInputError(
            f"{name} gives probabilities that do not sum to 1: {sums[off][0]:.4g} in {_where(off)}; divide each row "
            "by its sum. Where several labels may be right at once, the model can't be audited"
        )


def _where(bad: Any) -> str:
    """The first row of a call that is bad, given bool (rows,)."""
    return f"row {int(np.flatnonzero(bad)[0]) + 1} of a call of {len(bad)} texts"


def _by_name(frame: Any, labels: Sequence[str]) -> Any:
    names = [str(column) for column in frame.columns]
    if sorted(names) == sorted(labels):
        return frame.iloc[:, [names.index(label) for label in labels]]
    if names == [str(place) for place in range(len(names))]:
        return frame
    raise ValueError(f"its columns are called {_listed(names)}, and labels= has {_listed(labels)}")


def _listed(names: Sequence[str]) -> str:
    return ", ".join(name[:30] for name in names[:SHOWN]) + (" …" if len(names) > SHOWN else "")
