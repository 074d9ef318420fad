"""Does a confidence of .8 mean right four times in five?

The plain expected calibration error (ECE) of a perfectly calibrated model is far from 0: the gaps of its bins are
noise, and their absolute values add up. At 200 rows and 15 bins it averages .04. So three things stand beside it here:

- a p-value of the plain ECE under perfect calibration, by simulating right and wrong answers from the confidences;
- an interval that allows for the bias instead of guessing it. With noise s the absolute gap of a bin is too large by
  between 0 and s sqrt(2/pi), so the upper end leaves the bias in. The lower end takes off s c exp(-(gap/s)^2 / 2 t^2),
  which on average is at least the bias for any true gap, and equals it where the gap is 0. The value is the lower
  end's centre: unbiased for a calibrated model, and leaning low where gaps are about as large as their noise;
- the signed gap, which says whether the model is over- or underconfident, and has no such bias.

`confidence` (shape [n]) is the probability given to the answer, `correct` (shape [n], bool) whether it was right.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.special import ndtri
from scipy.stats import rankdata

from .arrays import Codes, Vector, booleans, vector
from .confidence import Estimate, on_grid
from .influence import influence_of
from .paired import mean_difference
from .resample import permutation_p

EQUAL_MASS_BINS = 10
"""Bins of the interval: fewer than the plain ECE's 15, since the bias that it must allow for grows with their root."""

_WIDTH = 0.7
"""t of the module's text: narrower corrects less where gaps are real, and varies more where they are not."""
_HEIGHT = math.sqrt(2.0 / math.pi) * math.sqrt(_WIDTH**2 + 1.0) / _WIDTH
"""c of the module's text, such that the mean correction at a true gap of 0 is exactly s sqrt(2/pi)."""
_NODES, _WEIGHTS = np.polynomial.hermite_e.hermegauss(60)
_WEIGHTS = _WEIGHTS / _WEIGHTS.sum()


@dataclass(frozen=True)
class CalibrationBin:
    """One bar of a reliability diagram: answers with a confidence in (low, high], the first bin from 0 on."""

    low: float
    high: float
    n: int
    mean_confidence: float
    accuracy: float


@dataclass(frozen=True, kw_only=True)
class CalibrationError:
    """The calibration error with its interval, the plain ECE with its null, the signed gap and the diagram's bins.

    `signed_gap` is mean confidence minus accuracy: above 0 is overconfident. `null_q95` is the 95th percentile of the
    plain ECE of a perfectly calibrated model with these confidences, and `null_p` the p-value against it.
    """

    estimate: Estimate
    plain: float
    null_p: float
    null_q95: float
    signed_gap: Estimate
    bins: tuple[CalibrationBin, ...]


def expected_calibration_error(confidence: ArrayLike, correct: ArrayLike, *, bins: int = 15) -> float:
    """Return the plain ECE over bins of equal width (Naeini et al. 2015; Guo et al. 2017): biased upward, see above.

    Args:
        confidence, correct: one number and one bool an answer, [n].
    """
    score, right = _answers(confidence, correct)
    code = _equal_width(score, bins)
    return _absolute_gap(code, score, right.astype(np.float64), bins)


def debiased_squared_error(confidence: ArrayLike, correct: ArrayLike, *, bins: int = 15) -> float:
    """Return the squared (l2) calibration error over bins of equal mass, less its bias; it may fall below 0.

    From each bin's squared gap accuracy (1 - accuracy) / (n - 1) is taken off (Broecker 2012; Ferro and Fricker 2012).
    ValueError below two answers a bin.
    """
    score, right = _answers(confidence, correct)
    if len(score) < 2 * bins:
        raise ValueError(f"{bins} bins need at least {2 * bins} answers; {len(score)} given.")
    count, mean, accuracy = _binned(_equal_mass(score, bins), score, right.astype(np.float64))
    squared = (accuracy - mean) ** 2 - accuracy * (1.0 - accuracy) / np.maximum(count - 1, 1)
    return float(squared @ count / len(score))


def ece_estimate(
    confidence: ArrayLike, correct: ArrayLike, *, bins: int = 15, rng: np.random.Generator, draws: int = 1000
) -> CalibrationError:
    """Return the calibration error with interval, null and bins, as the module's text describes.

    `bins` is the number of equal-width bins of the plain ECE and the diagram; empty ones are left out of `bins` of the
    result. ValueError without answers.

    Args:
        confidence, correct: one number and one bool an answer, [n].
    """
    score, right = _answers(confidence, correct)
    n = len(score)
    code = _equal_width(score, bins)
    plain = _absolute_gap(code, score, right.astype(np.float64), bins)
    null = np.array(
        [_absolute_gap(code, score, (rng.random(n) < score).astype(np.float64), bins) for _ in range(draws)]
    )
    return CalibrationError(
        estimate=_interval(score, right),
        plain=plain,
        null_p=permutation_p(plain, null),
        null_q95=float(np.quantile(null, 0.95)),
        signed_gap=mean_difference(score - right),
        bins=_table(code, score, right, bins),
    )


def clustered_ece(confidence: ArrayLike, correct: ArrayLike, *, design_effect: float) -> Estimate:
    """Return the calibration error and its interval for answers of which some are alike (words of one row).

    `design_effect` (1 at the least) says how much likeness raises the variance of the mean gap. Each bin's answers
    count as so many times fewer wherever noise is reckoned: in the correction for bias as in the standard error, since
    alike answers make a calibrated model's gaps larger and not only less certain. At 1 it is `ece_estimate`'s own.

    Args:
        confidence, correct: one number and one bool an answer, [n].

    Raises:
        ValueError: `design_effect` is below 1.
    """
    if not 1.0 <= design_effect < math.inf:
        raise ValueError(f"A design effect is 1 at the least, not {design_effect}.")
    return _interval(*_answers(confidence, correct), design_effect=design_effect)


def _interval(score: Vector, right: NDArray[np.bool_], *, design_effect: float = 1.0) -> Estimate:
    n = len(score)
    method = "bias-aware-ece" if design_effect == 1.0 else "bias-aware-ece, with the design effect in its noise"
    if n < 5 * EQUAL_MASS_BINS:
        reason = f"Calibration needs at least {5 * EQUAL_MASS_BINS} answers; {n} given."
        return Estimate(value=None, n=n, method=method, reason=reason)
    code = _equal_mass(score, EQUAL_MASS_BINS)
    count, mean, accuracy = _binned(code, score, right.astype(np.float64))
    share, gap = count / n, np.abs(accuracy - mean)
    # One right and one wrong answer more a bin: a bin without mistakes is not a bin without noise.
    worth = count / design_effect
    smoothed = (accuracy * worth + 1.0) / (worth + 2.0)
    noise = np.sqrt(smoothed * (1.0 - smoothed) / worth)
    uncorrected = float(share @ gap)
    corrected = uncorrected - float(share @ (noise * _HEIGHT * np.exp(-((gap / noise) ** 2) / (2.0 * _WIDTH**2))))
    se = float(np.sqrt((share * noise) @ (share * noise)))
    # Each answer leans to its bin's side; the bins are taken as they are.
    parts = (np.sign(mean - accuracy)[code] * (score - right) - uncorrected) / n

    def interval(level: float) -> tuple[float, float]:
        half = float(ndtri((1.0 + level) / 2.0)) * se
        return corrected - half, uncorrected + half

    return Estimate(
        value=max(0.0, corrected),
        n=n,
        method=method,
        bounds=on_grid(interval, support=(0.0, 1.0)),
        smallest_detectable=_smallest_detectable(share, noise),
        influence=influence_of(parts, curved=True),
    )


def _smallest_detectable(share: Vector, noise: Vector) -> float:
    """Return the error that is found, the lower end above 0 at 95%, in 80% of samples where all bins' gaps are equal.

    That is the hardest case: a gap as large as its noise is corrected for as noise, and one that stands out is not. The
    moments of a bin's corrected gap are taken over its normal noise by quadrature.
    """
    se = float(np.sqrt((share * noise) @ (share * noise)))

    def surplus(gap: float) -> float:
        at = gap / noise[:, None] + _NODES
        corrected = np.abs(at) - _HEIGHT * np.exp(-(at**2) / (2.0 * _WIDTH**2))
        mean = corrected @ _WEIGHTS
        variance = np.maximum((corrected**2) @ _WEIGHTS - mean**2, 0.0)
        spread = math.sqrt(float((share * noise) ** 2 @ variance))
        return float((share * noise) @ mean) - float(ndtri(0.975)) * se - float(ndtri(0.8)) * spread

    return float(brentq(surplus, 0.0, 1.0, xtol=1e-6)) if surplus(1.0) > 0.0 else 1.0


def _answers(confidence: ArrayLike, correct: ArrayLike) -> tuple[Vector, NDArray[np.bool_]]:
    score = vector(confidence, "confidence")
    if len(score) == 0:
        raise ValueError("A calibration error needs at least one answer.")
    if ((score < 0.0) | (score > 1.0)).any():
        raise ValueError("confidence must hold probabilities between 0 and 1; give probabilities, not logits.")
    return score, booleans(correct, "correct", length=len(score))


def _equal_width(score: Vector, bins: int) -> Codes:
    if bins < 1:
        raise ValueError(f"At least one bin is needed, not {bins}.")
    return np.clip(np.ceil(score * bins).astype(np.intp) - 1, 0, bins - 1)


def _equal_mass(score: Vector, bins: int) -> Codes:
    """Return bins of about equal size by rank.

    Equal confidences share a bin, so that the order of rows says nothing; with many ties there are fewer bins.
    """
    code = ((rankdata(score) - 0.5) * bins / len(score)).astype(np.intp)
    return np.unique(code, return_inverse=True)[1].reshape(-1)


def _absolute_gap(code: Codes, score: Vector, right: Vector, bins: int) -> float:
    return float(np.abs(np.bincount(code, weights=right - score, minlength=bins)).sum() / len(score))


def _binned(code: Codes, score: Vector, right: Vector) -> tuple[Vector, Vector, Vector]:
    """Return the size, the mean confidence and the accuracy of each bin; no code up to the largest may be unused."""
    count = np.bincount(code).astype(np.float64)
    return count, np.bincount(code, weights=score) / count, np.bincount(code, weights=right) / count


def _table(code: Codes, score: Vector, right: NDArray[np.bool_], bins: int) -> tuple[CalibrationBin, ...]:
    table = []
    for index in np.unique(code):
        inside = code == index
        table.append(
            CalibrationBin(
                low=float(index / bins),
                high=float((index + 1) / bins),
                n=int(inside.sum()),
                mean_confidence=float(score[inside].mean()),
                accuracy=float(right[inside].mean()),
            )
        )
    return tuple(table)
