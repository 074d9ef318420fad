"""The GitHub action and the GitLab job: their shell runs here, with what a user may write into their inputs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
KINDS = ["report.html", "report.json", "report.junit.xml", "report.md", "report.sarif"]


def ran(script: str, folder: Path, **variables: str) -> subprocess.CompletedProcess[str]:
    """Run a step's script as a runner would, with a command `modelaudit` that writes down its arguments."""
    bin_ = folder / "bin"
    bin_.mkdir(exist_ok=True)
    stand_in = bin_ / "modelaudit"
    stand_in.write_text(
        f"#!{sys.executable}\nimport os, pathlib, sys\npathlib.Path('asked').write_text('\\0'.join(sys.argv[1:]))\n"
        "for place, name in zip(sys.argv, sys.argv[1:]):\n"
        "    if place == '--out':\n"
        "        pathlib.Path(name).parent.mkdir(exist_ok=True); pathlib.Path(name).write_text('words')\n"
        "sys.exit(int(os.environ.get('ENDS', 0)))\n"
    )
    stand_in.chmod(0o755)
    given = {
        "PATH": f"{bin_}{os.pathsep}{os.environ['PATH']}",
        "GITHUB_OUTPUT": str(folder / "output"),
        "GITHUB_STEP_SUMMARY": str(folder / "summary"),
        **variables,
    }
    return subprocess.run(["bash", "-c", script], cwd=folder, env=given, capture_output=True, text=True, check=False)


def asked(folder: Path) -> list[str]:
    return (folder / "asked").read_text().split("\0")


def action() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())
    return loaded


def step() -> tuple[str, dict[str, str]]:
    """The audit's script, with its variables as the inputs' defaults set them."""
    found = action()
    audit = next(one for one in found["runs"]["steps"] if one.get("id") == "audit")
    defaults = {
        name: str(found["inputs"][value.split("inputs.")[1].split(" ")[0]].get("default", ""))
        for name, value in audit["env"].items()
    }
    return audit["run"], defaults


def test_the_action_asks_for_every_format_and_hands_the_exit_code_on(tmp_path: Path) -> None:
    script, defaults = step()
    given = {"MODEL": "models/a b", "DATA": "rows.csv", "POLICY": "p.toml", "ARGUMENTS": "--sample 9 --seed '7'"}
    done = ran(script, tmp_path, **(defaults | given), ENDS="1")
    assert done.returncode == 1, done.stderr
    assert asked(tmp_path)[:3] == ["run", "models/a b", "rows.csv"]
    assert asked(tmp_path)[-6:] == ["--policy", "p.toml", "--sample", "9", "--seed", "7"]
    assert "--train-data" not in asked(tmp_path)
    assert sorted(path.name for path in (tmp_path / defaults["REPORTS"]).iterdir()) == KINDS
    assert (tmp_path / "output").read_text() == "exit-code=1\n"
    assert (tmp_path / "summary").read_text() == "words"


@pytest.mark.parametrize(
    ("ends", "code"), [("0", 0), ("1", 0), ("3", 0), ("4", 0), ("2", 2), ("127", 127), ("134", 134), ("137", 137)]
)
def test_without_a_gate_only_what_is_no_answer_fails_the_step(tmp_path: Path, ends: str, code: int) -> None:
    script, defaults = step()
    assert ran(script, tmp_path, **defaults, ENDS=ends).returncode == int(ends)
    given = defaults | {"GATE": "false"}
    assert ran(script, tmp_path, **given, ENDS=ends).returncode == code


@pytest.mark.parametrize("hostile", ["$(touch owned)", "`touch owned`", '"; touch owned; "', "a'b", "--help"])
def test_nothing_in_an_input_runs(tmp_path: Path, hostile: str) -> None:
    script, defaults = step()
    ran(script, tmp_path, **(defaults | {"MODEL": hostile, "DATA": hostile}))
    assert asked(tmp_path)[1:3] == [hostile, hostile]
    ran(script, tmp_path, **(defaults | {"MODEL": "m", "DATA": "d", "ARGUMENTS": hostile}))
    assert not (tmp_path / "owned").exists()


@pytest.mark.parametrize("gate", ["True", "yes", "", "0"])
def test_a_gate_that_is_neither_on_nor_off_is_an_error(tmp_path: Path, gate: str) -> None:
    script, defaults = step()
    assert ran(script, tmp_path, **(defaults | {"GATE": gate}), ENDS="0").returncode == 2


def test_arguments_that_can_not_be_split_are_an_error_and_not_left_out(tmp_path: Path) -> None:
    script, defaults = step()
    done = ran(script, tmp_path, **(defaults | {"MODEL": "m", "DATA": "d", "ARGUMENTS": "--only 'bias"}))
    assert done.returncode == 2
    assert "quote" in done.stdout
    assert not (tmp_path / "asked").exists()


def test_inputs_reach_the_shell_as_variables_alone() -> None:
    for one in action()["runs"]["steps"]:
        assert "${{" not in one.get("run", "")


def test_the_gitlab_job_asks_for_every_format_too(tmp_path: Path) -> None:
    job = yaml.safe_load((ROOT / "integrations" / "gitlab" / "modelaudit.gitlab-ci.yml").read_text())[".modelaudit"]
    given = job["variables"] | {"MODEL": "m", "DATA": "d $(touch owned)", "BASELINE": "b.json", "ARGUMENTS": "--seed 7"}
    done = ran(job["script"][0], tmp_path, **given)
    assert done.returncode == 0, done.stderr
    assert asked(tmp_path)[:3] == ["run", "m", "d $(touch owned)"]
    assert asked(tmp_path)[-4:] == ["--baseline", "b.json", "--seed", "7"]
    assert sorted(path.name for path in (tmp_path / given["REPORTS"]).iterdir()) == KINDS
    assert not (tmp_path / "owned").exists()
