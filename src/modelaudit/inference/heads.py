"""Reference heads: many linear classifiers on the same features, trained as one matrix product.

Head k minimises the mean cross-entropy over its own rows plus a ridge penalty. All heads share the features and differ
in which rows count, so one product gives the logits of all and another the gradients of all. Steps are Nesterov's with
restarts (O'Donoghue and Candes 2015, Found. Comput. Math. 15:715), preconditioned by a bound on the curvature that
holds for every head: the Hessian of a multinomial logistic regression lies below X'X / 2 (Bohning 1992, Ann. Inst.
Stat. Math. 44:197), and each head's rows are some of all rows. Nothing that one head does hangs on the others.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

__all__ = ["REACH", "STEPS", "Heads", "train_heads", "true_label_scores"]

Floats = NDArray[np.float64]
Features = NDArray[np.float32]
Labels = NDArray[np.int64]

STEPS = 30
"""After so many, no log-odds of 4,000 rows on a real encoder moves by more than 0.01 (2 classes) or 0.1 (15)."""
REACH = 3.0
"""What one row in the training set adds to its own logit, at most, in nats: by the optimum's own equation a row adds
|x|^2 / (n ridge) times its residual, and the ridge is set by that. Smaller sets get a stronger ridge, and no head
learns its rows by heart: over-trained references are harmful where under-trained ones are fine."""
ROWS_AT_ONCE = 1024
NUMBERS_AT_ONCE = 1 << 22
"""Logits that are held at once."""


@dataclass(frozen=True, slots=True, eq=False)
class Heads:
    """K linear classifiers of C classes over d features.

    Attributes:
        weights: float32 (d + 1, C, K), the last row the bias; for features that are centred and scaled.
        centre, scale: float32 (d,), what is taken off the features, and what they are divided by then.
    """

    weights: torch.Tensor
    centre: Features
    scale: Features

    def scores(self, features: Features, labels: Labels) -> tuple[Floats, Floats]:
        """Return log-odds and log-probabilities (nats) of the true labels under each head, each (K, n).

        Args:
            features: (n, d). labels: (n,) class indices.
        """
        depth, classes, heads = self.weights.shape
        odds, probs = np.empty((heads, len(features))), np.empty((heads, len(features)))
        flat = self.weights.reshape(depth, classes * heads)
        with one_thread(), torch.inference_mode():
            for start in range(0, len(features), ROWS_AT_ONCE):
                rows = slice(start, start + ROWS_AT_ONCE)
                inputs = _inputs(features[rows], self.centre, self.scale)
                logits = (inputs @ flat).view(len(inputs), classes, heads).double().numpy()
                found = true_label_scores(logits, labels[rows])
                odds[:, rows], probs[:, rows] = found[0].T, found[1].T
        return odds, probs


def train_heads(
    features: Features, labels: Labels, trained_on: NDArray[np.bool_], *, classes: int, steps: int = STEPS
) -> Heads:
    """Return one head for each row of `trained_on`; the same bits for the same arrays, however many threads there are.

    The order of the rows is part of the numbers: sort them by content.

    Args:
        features: (n, d), of rows that at least one head is trained on.
        labels: (n,), class indices below `classes`.
        trained_on: (K, n), the rows of each head; none without a row.
        steps: of the optimiser.
    """
    count = trained_on.sum(axis=1)
    centre = features.mean(axis=0, dtype=np.float64).astype(np.float32)
    spread = features.std(axis=0, dtype=np.float64)
    # A feature that never moves tells nothing and must not be blown up.
    scale = np.where(spread > 1e-6, spread, 1.0).astype(np.float32)
    with one_thread(), torch.inference_mode():
        problem = _Problem.of(features, labels, trained_on, centre, scale, classes)
        weights = _minimised(problem, float(len(features) / count.min()), steps)
    return Heads(weights.view(-1, classes, len(trained_on)), centre, scale)


def true_label_scores(logits: Floats, labels: Labels) -> tuple[Floats, Floats]:
    """Return log-odds and log-probabilities (nats) of the true labels, each (n, K), from logits (n, C, K).

    The log-odds are the true logit less the log-sum-exp of the others, which does not saturate where p rounds to 1.
    Rows with NaN logits give NaN.
    """
    index = labels[:, None, None]
    true = np.take_along_axis(logits, index, axis=1)[:, 0]
    others = logits.copy()
    np.put_along_axis(others, index, -np.inf, axis=1)
    top = others.max(axis=1)
    with np.errstate(invalid="ignore"):
        odds = true - top - np.log(np.exp(others - top[:, None]).sum(axis=1))
        return odds, -np.logaddexp(0.0, -odds)


@dataclass(frozen=True, slots=True, eq=False)
class _Problem:
    """The training rows as tensors.

    Attributes:
        inputs: (n, d + 1), scaled, the last column 1. labels: (n,). shares: (n, K), 1 / n_k for the rows of head k.
        ridge: (d + 1, K), the penalty's weight; next to none on the bias.
    """

    inputs: torch.Tensor
    labels: torch.Tensor
    shares: torch.Tensor
    ridge: torch.Tensor
    classes: int

    @classmethod
    def of(
        cls,
        features: Features,
        labels: Labels,
        trained_on: NDArray[np.bool_],
        centre: Features,
        scale: Features,
        classes: int,
    ) -> _Problem:
        inputs = _inputs(features, centre, scale)
        count = trained_on.sum(axis=1)
        size = float((inputs[:, :-1].double() ** 2).sum()) / len(inputs)
        ridge = np.full((inputs.shape[1], len(trained_on)), max(size, 1.0) / (REACH * count))
        ridge[-1] = 1e-6
        shares = np.ascontiguousarray(trained_on.T) / count
        return cls(
            inputs,
            torch.from_numpy(labels.copy()),
            torch.from_numpy(shares.astype(np.float32)),
            torch.from_numpy(ridge.astype(np.float32)),
            classes,
        )

    def gradient(self, weights: torch.Tensor) -> torch.Tensor:
        """Return the gradient of all heads' losses, (d + 1, C * K), at weights of that shape."""
        heads = self.shares.shape[1]
        total = (weights.view(-1, self.classes, heads) * self.ridge[:, None]).view(weights.shape)
        at_once = max(1, min(ROWS_AT_ONCE, NUMBERS_AT_ONCE // weights.shape[1]))
        for start in range(0, len(self.inputs), at_once):
            rows = slice(start, start + at_once)
            inputs = self.inputs[rows]
            # Classes before heads: sums over classes then run along whole vectors of heads.
            wrong = (inputs @ weights).view(len(inputs), self.classes, heads)
            wrong -= wrong.amax(dim=1, keepdim=True)
            wrong.exp_()
            wrong /= wrong.sum(dim=1, keepdim=True)
            wrong[torch.arange(len(inputs)), self.labels[rows]] -= 1.0
            wrong *= self.shares[rows, None]
            total += inputs.T @ wrong.view(len(inputs), -1)
        return total


def _minimised(problem: _Problem, excess: float, steps: int) -> torch.Tensor:
    """Return the weights (d + 1, C * K) after so many steps from zero.

    `excess` is n over the fewest rows of a head: its X'X / n_k is at most that times X'X / n.
    """
    depth, heads = problem.ridge.shape
    bound = (problem.inputs.T @ problem.inputs).double() * (excess / (2 * len(problem.inputs)))
    bound += torch.diag(problem.ridge.double().amax(dim=1))
    inverse = torch.cholesky_inverse(torch.linalg.cholesky(bound)).float()
    weights = torch.zeros(depth, problem.classes * heads)
    ahead, pace = weights, torch.ones(heads)
    for _ in range(steps):
        slope = problem.gradient(ahead)
        stepped = ahead - inverse @ slope
        move = stepped - weights
        # Where the step runs against the slope, momentum has overshot, and that head begins anew without any.
        against = (slope * move).view(depth, problem.classes, heads).sum(dim=(0, 1)) > 0
        pace = torch.where(against, 1.0, pace)
        faster = (1.0 + (1.0 + 4.0 * pace**2).sqrt()) / 2.0
        momentum = ((pace - 1.0) / faster).repeat(problem.classes)
        ahead, weights, pace = stepped + momentum * move, stepped, faster
    return weights


def _inputs(features: Features, centre: Features, scale: Features) -> torch.Tensor:
    """Return (n, d + 1) inputs, scaled, with a column of ones."""
    inputs = torch.ones(len(features), features.shape[1] + 1)
    inputs[:, :-1] = torch.from_numpy((features - centre) / scale)
    return inputs


@contextmanager
def one_thread() -> Iterator[None]:
    """Run torch in one thread: how sums are shared out among threads is part of their last bits."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
