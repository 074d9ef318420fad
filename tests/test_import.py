"""What `import modelaudit` does to the process that imports it."""

from __future__ import annotations

import os
import subprocess
import sys
from importlib.util import find_spec

import pytest


def printed(code: str, **environment: str) -> str:
    inherited = {
        name: value for name, value in os.environ.items() if name not in {"OMP_WAIT_POLICY", "ORT_DISABLE_TELEMETRY"}
    }
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


@pytest.mark.skipif(find_spec("onnxruntime") is None, reason="needs ONNX Runtime")
def test_onnx_runtime_writes_nothing_down_about_the_machine(tmp_path):
    code = "import modelaudit, onnxruntime, pathlib; print(len(list(pathlib.Path({!r}).rglob('*'))))"
    kept = {"HOME": str(tmp_path), "XDG_CACHE_HOME": str(tmp_path)}
    assert printed(code.format(str(tmp_path)), **kept) == "0"
