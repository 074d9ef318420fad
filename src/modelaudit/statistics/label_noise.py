"""The share of wrong labels, told from the mistakes of the model that contradicts them.

A wrong label and a wrong answer look alike in one row. Over many rows they differ: a model errs less the surer it is,
a wrong label does not care how sure the model is. So the chance that answer and label differ at margin m (the log-odds
of the predicted class) is

    q(m) = (1 - e) w(m) + e (1 - w(m)) + e w(m) (1 - 1 / (C - 1)),    w(m) = 1 / (1 + exp(a_k + b m)),

where w is the model's own error, calibrated on these rows (Platt 1999, with an intercept for each predicted class k and
a slope b > 0), C the number of classes and e the share of wrong labels, drawn from the other classes. It is the
curve of a psychometric function with a lapse rate (Wichmann and Hill 2001, Perception & Psychophysics 63:1293). A model
that is confidently wrong about some right labels raises e as wrong labels do: no data of this kind can tell them apart.

The interval inverts the profile likelihood ratio of e. Half a contradicted row is added for its upper end and taken
away for its lower one, which makes of it nearly the exact interval where the model never errs. a, b and the
differences between classes have weak normal priors, so that a model which is always right, or equally sure of all
rows, has a fit.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import minimize_scalar
from scipy.special import expit, ndtr, ndtri

from .arrays import Vector, booleans, codes, vector
from .confidence import LEVELS, Estimate, on_grid, quantile

MOST = 0.5
"""The largest share of wrong labels that is looked for; beyond it labels would tell more when read the wrong way."""
METHOD = "lapse-profile-likelihood"
_LEAST = 1e-9
_DEEPEST = 16.0
"""Log-odds beyond which a model is as good as certain; more would only be rounding."""
_OWN_INTERCEPTS = 10
"""Predicted classes, the most frequent ones, that get an intercept of their own."""
_PRIOR_A, _PRIOR_LOG_B, _PRIOR_CLASS = 3.0, 1.0, 1.0
"""Standard deviations of the priors of the intercept, the slope's logarithm, and a class's difference."""
SPREAD = 1.75
"""Standard deviation of the ratio's signed root against no wrong label, 1.3 to 1.5 simulated, and of its forecast."""
_STEPS, _TOLERANCE = 40, 1e-7


@dataclass(frozen=True, slots=True, eq=False)
class LabelNoise:
    """The share of wrong labels, and what the fit says of each row.

    Attributes:
        estimate: the share with its interval.
        fitted: float64 (n,), chance that label and answer differ. without: the same of the best fit without wrong
            labels. blamed: chance that the label is the wrong one, given whether label and answer differ.
    """

    estimate: Estimate
    fitted: Vector
    without: Vector
    blamed: Vector


def label_noise(
    margin: ArrayLike,
    contradicted: ArrayLike,
    predicted: ArrayLike | None = None,
    *,
    classes: int = 2,
    design_effect: float = 1.0,
    detectable: bool = True,
) -> LabelNoise:
    """Return the share of wrong labels among n rows.

    Args:
        margin: log-odds of the predicted class, from a model that was not trained on these labels. (n,)
        contradicted: whether the label is another class than the predicted one. bool (n,)
        predicted: the predicted class of each row, any sortable kind; None where all share one intercept. (n,)
        classes: how many classes there are, 2 or more.
        design_effect: by how much likeness within documents raises the variance; the likelihood is divided by it.
        detectable: whether the smallest detectable share is worked out, which takes as long as all the rest.

    ValueError where an argument has the wrong shape or is out of range, or there is no row.
    """
    depth = np.clip(vector(margin, "margin"), -_DEEPEST, _DEEPEST)
    differs = booleans(contradicted, "contradicted", length=len(depth)).astype(np.float64)
    if not len(depth) or classes < 2 or not design_effect >= 1.0:
        raise ValueError("Label noise needs a row, two classes, and a design effect of 1 or more.")
    fit = _Fit(depth, _design(predicted, len(depth)), classes)
    profile = _Profile(fit, differs, design_effect)
    best = profile.best
    at_best, at_none = fit.at(best, differs), fit.at(0.0, differs)
    wrong, q = at_best.wrong, at_best.q
    kept = best * (1.0 - wrong)
    moved = best * wrong
    blamed = np.where(
        differs > 0.0,
        (kept + moved * (1.0 - 1.0 / (classes - 1))) / q,
        moved / (classes - 1) / np.maximum(1.0 - q, _LEAST),
    )
    return LabelNoise(
        Estimate(
            value=best,
            n=len(depth),
            method=METHOD if design_effect == 1.0 else f"{METHOD}, at the effective size",
            bounds=on_grid(profile.interval, support=(0.0, MOST)),
            smallest_detectable=_detectable(fit, wrong, design_effect) if detectable else None,
        ),
        fitted=q,
        without=at_none.q,
        blamed=blamed,
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Point:
    """The best fit at one share of wrong labels: its penalised log-likelihood, errors w and chances q (both (n,))."""

    log_likelihood: float
    wrong: Vector
    q: Vector


class _Fit:
    """The model's error curve at a given share of wrong labels, by Fisher scoring from where the last one ended."""

    def __init__(self, depth: Vector, groups: NDArray[np.float64], classes: int) -> None:
        self._depth, self._groups, self._others = depth, groups, classes - 1
        spread = [_PRIOR_A, _PRIOR_LOG_B, *([_PRIOR_CLASS] * groups.shape[1])]
        self._precision = 1.0 / np.square(spread)
        self._start: Vector = np.zeros(len(spread))

    def at(self, share: float, differs: Vector) -> _Point:
        """Return the best fit; `differs` may be expected values between 0 and 1."""
        theta = self._start.copy()
        now = self._point(theta, share, differs)
        for _ in range(_STEPS):
            step = self._step(theta, now, share, differs)
            length = 1.0
            while True:
                new = self._point(theta + length * step, share, differs)
                if new.log_likelihood >= now.log_likelihood or length < 1e-3:
                    break
                length /= 2.0
            gained = new.log_likelihood - now.log_likelihood
            if gained > 0.0:
                theta, now = np.asarray(theta + length * step, dtype=np.float64), new
            if gained < _TOLERANCE:
                break
        self._start = theta
        return now

    def chances(self, wrong: Vector, share: float) -> Vector:
        """Return q, the chance that label and answer differ, of rows (n,) where the model errs with chance w."""
        found: Vector = np.clip(share + wrong * self._contrast(share), _LEAST, 1.0 - _LEAST)
        return found

    def _point(self, theta: Vector, share: float, differs: Vector) -> _Point:
        slope = math.exp(min(theta[1], 6.0))
        wrong = expit(-(theta[0] + slope * self._depth + self._groups @ theta[2:]))
        q = self.chances(wrong, share)
        value = float(differs @ np.log(q) + (1.0 - differs) @ np.log1p(-q))
        return _Point(value - 0.5 * float(self._precision @ np.square(theta)), wrong, q)

    def _step(self, theta: Vector, now: _Point, share: float, differs: Vector) -> Vector:
        down = -self._contrast(share) * now.wrong * (1.0 - now.wrong)
        spread = now.q * (1.0 - now.q)
        by = np.column_stack([np.ones(len(down)), math.exp(min(theta[1], 6.0)) * self._depth, self._groups])
        gradient = by.T @ (down * (differs - now.q) / spread) - self._precision * theta
        information = (by * (down * down / spread)[:, None]).T @ by + np.diag(self._precision)
        return np.clip(np.asarray(np.linalg.solve(information, gradient), dtype=np.float64), -2.0, 2.0)

    def _contrast(self, share: float) -> float:
        """Return how much surer a contradiction is where the model errs than where it is right."""
        return 1.0 - share - share / self._others


class _Profile:
    """The profile likelihood of the share of wrong labels, as a function of its square root."""

    def __init__(self, fit: _Fit, differs: Vector, design_effect: float, *, best: float | None = None) -> None:
        self._fit, self._differs, self._effect = fit, differs, design_effect
        self._known: dict[float, float] = {}
        self._top = math.sqrt(MOST)
        self.best = self._likeliest() if best is None else best

    def interval(self, level: float) -> tuple[float, float]:
        """Return the shares whose likelihood ratio is not rejected."""
        return self.lower(level), self.upper(level)

    def lower(self, level: float) -> float:
        """Return the lower end of the interval."""
        return self._end(level, self._below)

    def upper(self, level: float) -> float:
        """Return the upper end of the interval."""
        return self._end(level, self._above)

    @cached_property
    def _below(self) -> tuple[list[float], list[float]]:
        return self._walk(-1)

    @cached_property
    def _above(self) -> tuple[list[float], list[float]]:
        return self._walk(+1)

    def _likeliest(self) -> float:
        found = minimize_scalar(lambda root: -self._at(root), bounds=(0.0, self._top), method="bounded")
        root = float(found.x)
        return root**2 if self._at(root) > self._at(0.0) else 0.0

    def _at(self, root: float) -> float:
        if root not in self._known:
            self._known[root] = self._fit.at(root**2, self._differs).log_likelihood / self._effect
        return self._known[root]

    def _walk(self, sign: int) -> tuple[list[float], list[float]]:
        """Return roots of shares from the best one down (-1) or up (+1), and the signed root of the ratio at each.

        For the upper end half a contradicted row is added, for the lower end taken away: half a log of the share.
        """
        wanted = quantile(LEVELS[-1])
        end = 0.0 if sign < 0 else self._top
        step = 0.25 * math.sqrt(self._effect / len(self._differs))
        root, top = math.sqrt(self.best), -math.inf
        roots: list[float] = []
        signed: list[float] = []
        while True:
            value = self._at(root) + sign * math.log(max(root, _LEAST))
            if value > top and not any(signed):
                roots, signed, top = [root], [0.0], value
            else:
                roots.append(root)
                signed.append(max(signed[-1], math.sqrt(2.0 * max(top - value, 0.0))))
            if signed[-1] >= wanted or root == end:
                return roots, signed
            root = max(root - step, end) if sign < 0 else min(root + step, end)
            step *= 1.15

    def _end(self, level: float, walked: tuple[list[float], list[float]]) -> float:
        roots, signed = walked
        z = quantile(level)
        return roots[-1] ** 2 if z > signed[-1] else float(np.interp(z, signed, roots)) ** 2


def _detectable(fit: _Fit, wrong: Vector, design_effect: float) -> float | None:
    """Return the share that is told from none in 80% of tables, found on the tables that are expected of it; or None.

    There is none where the model is never sure enough to tell its own mistakes from wrong labels.
    """
    level = 2.0 * float(ndtr(quantile(0.95) + SPREAD * float(ndtri(0.8)))) - 1.0
    share = 2.0 * design_effect / len(wrong)
    while share < MOST:
        expected = fit.chances(wrong, share)
        if _Profile(fit, expected, design_effect, best=share).lower(level) > 0.0:
            return share
        share *= 1.2
    return None


def _design(predicted: ArrayLike | None, n: int) -> NDArray[np.float64]:
    """Return which row was predicted which class (n, classes with an intercept of their own)."""
    if predicted is None:
        return np.zeros((n, 0))
    code, count = codes(predicted, "predicted", length=n)
    often = np.argsort(-np.bincount(code, minlength=count), kind="stable")[:_OWN_INTERCEPTS]
    chosen: NDArray[np.float64] = (code[:, None] == often[None, :]).astype(np.float64)
    return chosen
