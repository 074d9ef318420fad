"""An audit's process that asks an engine for many rows and tells how many it has; it waits to be killed."""

import sys
import time

from engine_models import build, engine_for, rows_of

from modelaudit.inference import Journal

ROWS = 1000


def main(folder):
    engine = engine_for(build("bert"), journal=Journal(folder))
    had = 0

    def tell(done):
        nonlocal had
        had += done
        print(had, flush=True)
        time.sleep(0.02)

    engine.on_progress = tell
    engine.logits(rows_of(ROWS))


if __name__ == "__main__":
    main(sys.argv[1])
