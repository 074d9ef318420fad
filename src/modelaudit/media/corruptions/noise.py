"""Noise: of the sensor, of too little light, of broken pixels."""

from __future__ import annotations

import numpy as np

from modelaudit.media.corruptions.canvas import Canvas, Floats
from modelaudit.media.corruptions.corruption import Corruption, Level

FAMILY = "noise"


def _gaussian(pixels: Floats, level: Level, canvas: Canvas) -> Floats:
    (sigma,) = level

    def noisy(light: Floats) -> Floats:
        return light + np.float32(sigma * canvas.grain) * canvas.rng.standard_normal(light.shape, dtype=np.float32)

    return canvas.grained(pixels, noisy)


def _shot(pixels: Floats, level: Level, canvas: Canvas) -> Floats:
    (photons,) = level
    # The noise falls with the root of the light, so the light grows with the square of what the grain falls by.
    counted = photons / canvas.grain**2

    def noisy(light: Floats) -> Floats:
        return (canvas.rng.poisson(np.clip(light, 0.0, 1.0) * counted) / counted).astype(np.float32)

    return canvas.grained(pixels, noisy)


def _impulse(pixels: Floats, level: Level, canvas: Canvas) -> Floats:
    (share,) = level

    def noisy(light: Floats) -> Floats:
        draw = canvas.rng.random(light.shape, dtype=np.float32)
        hit = share * canvas.grain
        return np.where(draw < hit / 2, np.float32(0), np.where(draw < hit, np.float32(1), light))

    return canvas.grained(pixels, noisy)


KINDS = (
    Corruption("gaussian noise", FAMILY, _gaussian, ((0.08,), (0.12,), (0.18,), (0.26,), (0.38,))),
    Corruption("shot noise", FAMILY, _shot, ((60,), (25,), (12,), (5,), (3,))),
    Corruption("impulse noise", FAMILY, _impulse, ((0.03,), (0.06,), (0.09,), (0.17,), (0.27,))),
)
