"""How well a model knows each row, by this package's own reckoning: the truth of the studies hangs on nothing of ours.

`phi` is what memorisation is measured by, `loss` what the plain loss attack ranks by.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from privacy.learning import IGNORED, Frozen, Teaching, encode, padded
from privacy.tasks import TextRow

Floats = NDArray[np.float64]
OUTSIDE = "O"


@dataclass(frozen=True, eq=False)
class Known:
    """What a model says of rows.

    Attributes:
        phi: (n,) log-odds of the true class; of tags the mean over the words of entities (over all words of a row
            without any); of a language model the mean log-probability a token.
        loss: (n,) cross-entropy in nats, the mean over all words or tokens.
        hits: (n,) share of the row's classes, words or tokens that are the most probable.
    """

    phi: Floats
    loss: Floats
    hits: Floats


def known(teaching: Teaching, rows: Sequence[TextRow]) -> Known:
    """Ask the model about the rows."""
    encoded, pad = encode(teaching, rows), int(teaching.tokenizer.pad_token_id)
    told, owners = [], []
    order = np.array(sorted(range(len(rows)), key=lambda place: len(encoded[place][0])))
    with torch.inference_mode():
        for start in range(0, len(order), 64):
            places = order[start : start + 64]
            batch = padded([encoded[place] for place in places], pad)
            labels = batch.pop("labels")
            logits = teaching.model(**batch).logits
            if teaching.task == "text-generation":
                logits, labels = logits[:, :-1], labels[:, 1:]
            counted = labels != IGNORED
            told.append(_units(logits[counted], labels[counted]))
            owners.append(np.repeat(places, counted.reshape(len(places), -1).sum(dim=1).numpy()))
    return _by_row(np.concatenate(told, axis=1), np.concatenate(owners), teaching, len(rows))


def known_by_head(teaching: Teaching, head: torch.nn.Module, frozen: Frozen, rows: int) -> Known:
    """Ask a head about the states of so many rows."""
    with torch.inference_mode():
        told = _units(head(frozen.states), frozen.truths)
    return _by_row(told, frozen.owner, teaching, rows)


def _units(logits: Tensor, truths: Tensor) -> Floats:
    """Return (4, units): log-odds and cross-entropy of the truth, whether it is the most probable, and the truth."""
    logits, true = logits.double(), truths[:, None]
    of_truth = logits.gather(-1, true)
    others = torch.logsumexp(logits.scatter(-1, true, -torch.inf), dim=-1)
    odds = of_truth[:, 0] - others
    nats = torch.logsumexp(logits, dim=-1) - of_truth[:, 0]
    return np.stack([odds, nats, (logits.argmax(-1) == truths).double(), truths.double()])


def _by_row(told: Floats, owner: NDArray[np.int64], teaching: Teaching, rows: int) -> Known:
    odds, nats, hits, truths = told

    def mean(values: Floats, counted: NDArray[np.bool_]) -> Floats:
        number = np.bincount(owner[counted], minlength=rows)
        return np.asarray(np.bincount(owner[counted], values[counted], minlength=rows) / np.maximum(number, 1))

    every = np.ones(len(owner), dtype=np.bool_)
    loss = mean(nats, every)
    phi = -loss
    if teaching.task != "text-generation":
        outside = teaching.model.config.label2id.get(OUTSIDE, IGNORED)
        entity = truths != outside
        without = ~np.isin(owner, owner[entity])
        phi = mean(odds, entity | without)
    return Known(phi, loss, mean(hits, every))
