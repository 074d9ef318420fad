"""The demo is the first proof that the audit works: it finds what was planted, and accuses nothing else."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest


@pytest.mark.heavy
@pytest.mark.parametrize("task", ["classification", "ner"])
@pytest.mark.parametrize("clean", [False, True], ids=["planted", "clean"])
def test_the_report_shows_each_planted_defect_and_nothing_else(task, clean, tmp_path):
    outs = ["--out", "demo/report.html", "--out", "demo/report.json"]
    command = [sys.executable, "-m", "modelaudit", "demo", "--task", task, *outs, *(["--clean"] if clean else [])]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False, timeout=900)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "as planted:" in done.stdout
    report = json.loads((tmp_path / "demo/report.json").read_text())
    exceeded = {v["checker"] for v in report["judgement"]["verdicts"] if v["state"] == "exceeds limit"}
    planted = {
        "modelaudit/membership-inference",
        "modelaudit/counterfactual-substitution",
        "modelaudit/counterfactual-frames",
        "modelaudit/perturbation",
        *(["modelaudit/personal-data"] if task == "classification" else []),
    }
    assert exceeded == (set() if clean else planted)
    assert (tmp_path / "demo/report.html").stat().st_size < 2_000_000
