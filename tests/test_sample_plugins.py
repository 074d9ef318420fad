"""Real plugin packages, installed into an environment of their own, beside the bundled checkers."""

from __future__ import annotations

import json
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from modelaudit.testing.planted import planted_rows
from modelaudit.training.compact import compact_model

HERE = Path(__file__).parent
PACKAGES = ("sample_plugin", "sample_plugin_broken", "sample_plugin_failing")


@pytest.fixture(scope="module")
def environment(tmp_path_factory):
    """An environment that sees the libraries of this one and has the three plugins installed."""
    folder = tmp_path_factory.mktemp("plugins") / "env"
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin" / "python"
    where = [sys.executable, "-m", "pip", "--python", str(python), "install", "--quiet", "--no-deps"]
    sources = [str(HERE / package) for package in PACKAGES]
    site = next(folder.glob("lib/python*/site-packages"))
    (site / "libraries.pth").write_text(f"import site; site.addsitedir({sysconfig.get_paths()['purelib']!r})\n")
    subprocess.run([*where, "--no-build-isolation", *sources], check=True, timeout=300)
    return python


@pytest.fixture(scope="module")
def report(environment, tmp_path_factory):
    folder = tmp_path_factory.mktemp("audit")
    rows = planted_rows(55, seed=4, words={"good": 2.0, "bad": -2.0}, numbered=True)
    model, tokenizer = compact_model(
        [row["text"] for row in rows], labels=["0", "1"], task="text-classification", seed=0
    )
    model.save_pretrained(folder / "model")
    tokenizer.save_pretrained(folder / "model")
    (folder / "rows.jsonl").write_text("\n".join(json.dumps(row) for row in rows))
    only = "sample/shouting,sample/failing,modelaudit/perturbation"
    command = ["run", "model", "rows.jsonl", "--preset", "quick", "--only", only, "--out", "r.json"]
    done = subprocess.run(
        [environment, "-m", "modelaudit", *command],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 4, done.stderr
    return json.loads((folder / "r.json").read_text())


def test_a_strangers_finding_is_in_the_report(report):
    result = next(result for result in report["results"] if result["checker"]["id"] == "sample/shouting")
    assert (result["status"], result["plugin"]) == ("completed", "shouting")
    assert result["findings"][0]["metric"]["n"] == 50
    verdict = next(v for v in report["judgement"]["verdicts"] if v["checker"] == "sample/shouting")
    assert verdict["reason"] == "The policy sets no limit on this metric."


def test_a_plugin_that_raises_at_load_is_named(report):
    plugins = {plugin["name"]: plugin for plugin in report["provenance"]["plugins"]}
    assert plugins["shouting"]["version"] == "1.2.3"
    assert plugins["broken"]["status"] == "failed"
    assert "this plugin can't be loaded" in plugins["broken"]["reason"]


def test_a_checker_that_raises_while_running_is_an_error_and_the_rest_is_whole(report):
    states = {result["checker"]["id"]: result["status"] for result in report["results"]}
    assert states["sample/failing"] == "errored"
    assert states["modelaudit/perturbation"] == "completed"
    reason = next(r["reason"] for r in report["results"] if r["checker"]["id"] == "sample/failing")
    assert "this checker fails while it runs" in reason
    assert report["judgement"]["gate"]["exit_code"] == 4
