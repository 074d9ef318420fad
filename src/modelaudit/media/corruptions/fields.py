"""Random fields: smooth displacements, clouds and crystals, made by filtering noise in the frequency domain."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from modelaudit.media.corruptions.canvas import Floats


def smooth_field(rng: np.random.Generator, size: tuple[int, int], sigma: float) -> Floats:
    """Return noise (h, w) of mean 0 and standard deviation 1, smoothed by a Gaussian of `sigma` pixels."""
    down, across = _frequencies(size)
    return _filtered(rng, size, np.exp(-2.0 * (np.pi * sigma) ** 2 * (down**2 + across**2)))


def clouds(rng: np.random.Generator, size: tuple[int, int], decay: float) -> Floats:
    """Return clouds (h, w) from 0 to 1: each halving of their size divides their height by `decay`.

    That is the fractal of the diamond-square algorithm (Fournier, Fussell and Carpenter 1982), here by its spectrum.
    """
    down, across = _frequencies(size)
    frequency = np.hypot(down, across)
    frequency[0, 0] = 1.0
    power = frequency ** -(1.0 + np.log2(decay))
    power[0, 0] = 0.0
    field = _filtered(rng, size, power)
    low, high = float(field.min()), float(field.max())
    return (field - low) / (high - low) if high > low else np.zeros_like(field)


def _frequencies(size: tuple[int, int]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    down: NDArray[np.float64] = np.fft.fftfreq(size[0])[:, None].astype(np.float64)
    across: NDArray[np.float64] = np.fft.rfftfreq(size[1])[None, :].astype(np.float64)
    return down, across


def _filtered(rng: np.random.Generator, size: tuple[int, int], response: NDArray[np.float64]) -> Floats:
    spectrum = np.fft.rfft2(rng.standard_normal(size)) * response
    field = np.fft.irfft2(spectrum, s=size)
    field -= field.mean()
    spread = float(field.std())
    return (field / spread if spread > 1e-12 else field).astype(np.float32)
