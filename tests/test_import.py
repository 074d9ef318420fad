"""What `import modelaudit` does to the process that imports it."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest


def printed(code: str, **environment: str) -> str:
    inherited = {name: value for name, value in os.environ.items() if name != "OMP_WAIT_POLICY"}
    done = subprocess.run([sys.executable, "-c", code], env=inherited | environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def test_importing_it_does_not_load_torch():
    assert (
        printed("import modelaudit, sys; print('torch' in sys.modules, 'transformers' in sys.modules)") == "False False"
    )


@pytest.mark.parametrize(("chosen", "stands"), [({}, "PASSIVE"), ({"OMP_WAIT_POLICY": "ACTIVE"}, "ACTIVE")])
def test_waiting_threads_give_the_cores_up_unless_the_user_says_otherwise(chosen, stands):
    assert printed("import modelaudit, os; print(os.environ['OMP_WAIT_POLICY'])", **chosen) == stands
