"""What pytest offers to authors of checkers where modelaudit is installed."""

from __future__ import annotations

import subprocess
import sys

from wrong_checkers import Right

from modelaudit.testing import DEFECTS


def test_a_checker_is_run_on_a_fake_model_made_of_fixtures(run_checker, fake_model):
    model = fake_model(labels=("no", "yes"), predict=lambda row: (0.0, 1.0 if "!" in row.text else -1.0))
    result = run_checker(Right(), {"model": model, "data": [{"text": "a"}, {"text": "b"}]})
    assert result.findings[0].statement == "2 of 2 answers changed."


def test_planted_defects_are_at_hand_by_name(planted):
    assert planted == DEFECTS
    assert set(planted) == {"biased", "brittle", "memorising", "overconfident", "opaque"}


def test_loading_the_plugin_loads_nothing_heavy():
    code = (
        "import sys, modelaudit.integrations.pytest_plugin\n"
        "print(sorted({'torch', 'numpy', 'pydantic', 'modelaudit.testing.contract'} & set(sys.modules)))\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
