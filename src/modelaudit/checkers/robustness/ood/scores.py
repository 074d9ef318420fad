"""Scores that may tell texts of the model's data from others; higher stands for its own data."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.spatial.distance import cdist
from scipy.special import logsumexp, xlogy

from modelaudit.checker import Predictions

Floats = NDArray[np.float64]

CONFIDENCE = "confidence"
NEIGHBOURS = 10


def of_answers(answers: Predictions, *, logits: bool) -> dict[str, Floats]:
    """Return for each row (shape (rows,)) its confidence, margin, negative entropy and negative energy.

    The confidence is the probability of the predicted class (Hendrycks and Gimpel 2017), the energy -log sum exp of
    the logits (Liu et al. 2020), which a function has none of. Of tags each is the mean over the words that have an
    answer; a row without any has NaN.
    """
    chances = answers.probabilities
    ordered = np.sort(chances, axis=1)
    found = {
        CONFIDENCE: ordered[:, -1],
        "margin of the first class over the second": ordered[:, -1] - ordered[:, -2],
        "negative entropy": xlogy(chances, chances).sum(axis=1),
    }
    if logits:
        found["negative energy"] = np.asarray(logsumexp(answers.logits, axis=1))
    if answers.offsets is None:
        return found
    offsets = answers.offsets
    return {name: _means(values, offsets) for name, values in found.items()}


@dataclass(frozen=True, slots=True, eq=False)
class Known:
    """The reference rows as distances need them, made once for all texts that are held against them.

    `whiten` (H, r) turns states so that Mahalanobis' distance becomes the plain one, `means` (classes, r) are the
    turned class means, `directions` (rows, H) the states at length 1.
    """

    whiten: Floats
    means: Floats
    directions: Floats

    @classmethod
    def of(cls, states: Floats, classes: NDArray[np.int64]) -> Known:
        """Take the states (rows, H) of the reference rows and their predicted classes (rows,)."""
        from sklearn.covariance import LedoitWolf

        _, code = np.unique(classes, return_inverse=True)
        code = code.reshape(-1)
        counts = np.bincount(code)
        sums = np.zeros((len(counts), states.shape[1]))
        np.add.at(sums, code, states)
        means = sums / counts[:, None]
        precision = LedoitWolf(assume_centered=True).fit(states - means[code]).precision_
        values, vectors = np.linalg.eigh(precision)
        whiten = vectors * np.sqrt(np.maximum(values, 0.0))
        return cls(whiten, means @ whiten, _unit(states))


def of_distances(states: Floats, known: Known) -> dict[str, Floats]:
    """Return negative distances of hidden states (rows, H) from those of the reference rows.

    Mahalanobis' from the nearest class mean, with one covariance shrunk towards its diagonal (Lee et al. 2018; Ledoit
    and Wolf 2004); and the cosine likeness to the tenth neighbour (Sun et al. 2022).
    """
    nearest = cdist(states @ known.whiten, known.means, "sqeuclidean").min(axis=1)
    likeness = np.sort(_unit(states) @ known.directions.T, axis=1)
    return {
        "negative Mahalanobis distance": -nearest,
        "likeness to the tenth neighbour": likeness[:, -min(NEIGHBOURS, len(known.directions))],
    }


def _means(values: Floats, offsets: NDArray[np.int64]) -> Floats:
    known = ~np.isnan(values)
    row = np.repeat(np.arange(len(offsets) - 1), np.diff(offsets))
    sums = np.bincount(row[known], weights=values[known], minlength=len(offsets) - 1)
    counts = np.bincount(row[known], minlength=len(offsets) - 1)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)


def _unit(states: Floats) -> Floats:
    norms = np.linalg.norm(states, axis=1, keepdims=True)
    return np.asarray(states / np.where(norms > 0.0, norms, 1.0))
