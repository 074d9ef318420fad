"""Temperature scaling: one number, fitted on rows that are held back, by which all logits are divided.

Guo et al. 2017 (arXiv 1706.04599), section 4.2. It is taken only where it pays on rows that it was not fitted on: the
held-back rows are cut into folds, and the temperature of all other folds has to lower the log-loss of each fold's
answers on average.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.special import log_softmax

from modelaudit.statistics.temperature import cross_fitted, temperature_estimate
from modelaudit.training.examples import Step, TrainingData
from modelaudit.training.features import IGNORED, Collator, dev_features
from modelaudit.training.loop import MODEL_INPUTS
from modelaudit.training.measures.last_layer import write_temperature

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerFast

__all__ = ["TemperatureFit", "fit_temperature", "write_temperature"]

NAME = "temperature-scaling"
FOLDS = 5
FEWEST = 20
"""Held-back rows below which no temperature is fitted."""
BATCH = 32
LEVEL = 0.95


@dataclass(frozen=True, slots=True)
class TemperatureFit:
    """A temperature, or why there is none.

    Attributes:
        value: to divide all logits by, or None.
        step: what was done, for the record.
    """

    value: float | None
    step: Step


@dataclass(frozen=True, slots=True)
class _Answers:
    """What the model said: logits [n, C], the true class of each answer [n], and the row that it is of [n]."""

    logits: NDArray[np.float64]
    truth: NDArray[np.intp]
    rows: NDArray[np.intp]


def fit_temperature(
    model: PreTrainedModel, tokenizer: PreTrainedTokenizerFast, data: TrainingData, *, limit: int
) -> TemperatureFit:
    """Return the temperature that fits the model's answers on the rows that are held back; the model stays as it is.

    Args:
        data: its `dev` rows are asked about; of a word in pieces the first piece answers.
        limit: the most tokens of a row.
    """
    if len(data.dev) < FEWEST:
        return _none(len(data.dev), f"{len(data.dev)} rows are held back, and {FEWEST} are the least.")
    answers = _asked(model, tokenizer, data, limit=limit)
    if len(np.unique(answers.rows)) < FEWEST:
        return _none(len(data.dev), f"Fewer than {FEWEST} of the rows that are held back have a labelled word.")
    estimate = temperature_estimate(answers.logits, answers.truth, clusters=answers.rows)
    if estimate.value is None or not estimate.bounds:
        return _none(len(data.dev), estimate.reason or "The rows that are held back tell nothing of one.")
    gain = _gain(answers)
    if gain <= 0:
        return _none(
            len(data.dev), "On held-back rows that it was not fitted on, a temperature does not lower the loss."
        )
    low, high = estimate.interval(LEVEL)
    notes = [
        f"Logits are divided by {estimate.value:.3f} (95% interval {low:.3f} to {high:.3f}); on rows that it was not "
        f"fitted on, this lowers the log-loss by {gain:.4f} nats an answer.",
        "It is fitted on the rows that are held back: their own calibration is better than that of new rows.",
    ]
    if low <= 1 <= high:
        notes.append("The interval holds 1: that the model was badly calibrated before is not shown.")
    counts = {"rows asked": len(data.dev), "answers": len(answers.truth)}
    return TemperatureFit(estimate.value, Step(NAME, counts, tuple(notes)))


def _none(rows: int, reason: str) -> TemperatureFit:
    return TemperatureFit(None, Step(NAME, {"rows asked": rows}, (f"No temperature was written. {reason}",)))


def _gain(answers: _Answers) -> float:
    """How much a temperature lowers the mean log-loss of answers that it was not fitted on, in nats."""
    _, row = np.unique(answers.rows, return_inverse=True)
    scaled, _ = cross_fitted(answers.logits, answers.truth, row % FOLDS)
    place = np.arange(len(answers.truth))
    plain = log_softmax(answers.logits, axis=1)[place, answers.truth]
    return float((log_softmax(scaled, axis=1)[place, answers.truth] - plain).mean())


def _asked(model: Any, tokenizer: Any, data: TrainingData, *, limit: int) -> _Answers:
    features = dev_features(data, tokenizer, limit=limit)
    collate = Collator(tokenizer)
    logits, truth, rows = [], [], []
    with _asking(model):
        for start in range(0, len(features), BATCH):
            places = range(start, min(start + BATCH, len(features)))
            batch = collate([features[place] for place in places])
            labels = batch["labels"].numpy()
            inputs = {name: batch[name].to(model.device) for name in MODEL_INPUTS if name in batch}
            said = model(**inputs).logits.double().cpu().numpy()
            known = labels != IGNORED
            logits.append(said[known])
            truth.append(labels[known])
            rows.append(
                np.broadcast_to(np.array(places).reshape((-1,) + (1,) * (labels.ndim - 1)), labels.shape)[known]
            )
    return _Answers(np.concatenate(logits), np.concatenate(truth).astype(np.intp), np.concatenate(rows).astype(np.intp))


@contextmanager
def _asking(model: torch.nn.Module) -> Iterator[None]:
    """Ask without dropout and gradients, and leave the mode as it was."""
    training = model.training
    model.eval()
    try:
        with torch.inference_mode():
            yield
    finally:
        model.train(training)
