"""Whether work grows with the length of a text and not with its square, told by two lengths on one machine."""

from __future__ import annotations

import gc
import time

_LENGTHS = (25_000, 100_000)
# Four times the text is 4 times the work where it is linear and 16 times where it is quadratic; a busy machine's caches
# add up to twice as much. Below the floor (seconds of processor time) the clock tells nothing.
_FACTOR, _FLOOR = 10, 0.005


def takes_linear_time(work, piece):
    """Whether ``work(text)`` is linear in texts that repeat ``piece``."""
    short, long = (_least_seconds(work, piece, length) for length in _LENGTHS)
    return long < _FACTOR * max(short, _FLOOR)


def _least_seconds(work, piece, length):
    seconds = []
    gc.disable()
    try:
        for run in range(2):
            # Another end each time, since the words of a text are remembered.
            text = piece * (length // len(piece)) + " " * run
            started = time.process_time()
            work(text)
            seconds.append(time.process_time() - started)
    finally:
        gc.enable()
    return min(seconds)
