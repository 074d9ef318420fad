"""An audit's process that asks an engine for many rows and tells how many it has; it waits to be killed."""

import sys
import time

import numpy as np
from plain_model import Plain

from modelaudit.inference import Engine, Journal, ModelInput

ROWS = 1000


def engine_of(journal=None):
    """Return the engine of the audit; it loads in half the time that one of transformers would take."""
    return Engine(Plain(), model_id="tiny", device="cpu", batch_tokens=128, journal=journal)


def rows():
    """Return the rows that are asked for, each of its own tokens."""
    draw = np.random.default_rng(0)
    return [ModelInput(draw.integers(5, 200, length).astype(np.int32)) for length in draw.integers(3, 41, ROWS)]


def main(folder):
    engine = engine_of(Journal(folder))
    had = 0

    def tell(done):
        nonlocal had
        had += done
        print(had, flush=True)
        time.sleep(0.02)

    engine.on_progress = tell
    engine.logits(rows())


if __name__ == "__main__":
    main(sys.argv[1])
