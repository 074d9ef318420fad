"""`modelaudit new-plugin`: what it writes, what it refuses, and whether the package that it writes passes its tests."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import tomllib
from importlib.resources import files
from pathlib import Path

import pytest
import typer
from typer.testing import CliRunner

from modelaudit.cli_new_plugin import new_plugin
from modelaudit.errors import InputError, OutputError
from modelaudit.hookspecs import hookspec
from modelaudit.policy_file import load_policy
from modelaudit.results import Risk
from modelaudit.testing.scaffold import PluginName, planned, write_plugin
from modelaudit.testing.scaffold.writing import FILES

APP = typer.Typer()
APP.command()(new_plugin)
HEADINGS = ["What it measures", "Why it matters", "Method and sources", "How to read it", "When it misleads", "Example"]


def asked(*arguments):
    return CliRunner().invoke(APP, [str(argument) for argument in arguments])


def test_a_package_with_all_its_parts_is_written(tmp_path):
    done = asked("tone-of-voice", "--out", tmp_path / "made", "--vendor", "acme", "--risk", "bias")
    assert done.exit_code == 0, done.output
    folder = tmp_path / "made" / "modelaudit-tone-of-voice"
    assert str(folder) in done.output.replace("\n", "")
    project = tomllib.loads((folder / "pyproject.toml").read_text())["project"]
    assert project["name"] == "modelaudit-tone-of-voice"
    assert project["entry-points"] == {"modelaudit": {"tone-of-voice": "modelaudit_tone_of_voice"}}
    assert project["dependencies"][0].startswith("modelaudit-core>=")
    assert "license" not in project  # that is the author's choice
    checker = (folder / "src/modelaudit_tone_of_voice/checker.py").read_text()
    assert 'id="acme/tone-of-voice"' in checker
    assert "risk=Risk.BIAS" in checker
    page = (folder / "docs/tone-of-voice.md").read_text()
    assert [line[3:] for line in page.splitlines() if line.startswith("## ")] == [*HEADINGS, "Options"]
    assert "python" in (folder / ".github/workflows/ci.yml").read_text()
    assert not list((tmp_path / "made").glob(".*"))  # nothing half done is left


@pytest.mark.parametrize("risk", list(Risk))
def test_nothing_is_left_to_fill_in_and_all_python_can_be_read(tmp_path, risk):
    plan = planned(PluginName.of("a1-b"), risk=risk, folder=tmp_path)
    assert len(plan.files) == len(FILES)
    for place, text in plan.files.items():
        assert "<<" not in text, place
        assert ">>" not in text, place
        if place.endswith(".py"):
            ast.parse(text)
        if place.endswith(".toml"):
            tomllib.loads(text)


def test_the_limit_for_its_users_is_a_policy_that_can_be_used(tmp_path):
    write_plugin(planned(PluginName.of("tone"), risk=Risk.ROBUSTNESS, folder=tmp_path))
    policy = load_policy(tmp_path / "modelaudit-tone" / "policy.toml")
    assert [limit.metric for limit in policy.limit if limit.checker == "tone/tone"] == ["flip_rate"]


def test_every_template_is_used_and_comes_with_the_package():
    folder = files("modelaudit.testing.scaffold") / "package"
    there = {str(path.relative_to(str(folder))) for path in Path(str(folder)).rglob("*") if path.is_file()}
    assert there == set(FILES.values())


@pytest.mark.parametrize(
    "name",
    [
        "",
        "-",
        "-a",
        "a-",
        "a--b",
        "a_b",
        "a.b",
        "A",
        "1a",
        "..",
        "../../evil",
        "/etc/evil",
        "a/b",
        "a\\b",
        "a b",
        "a\n",
        "a\x00b",
        "a\x1b[31m",
        "é",
        "ａ",
        "<<name>>",
        'a"]',
        "a" * 41,
        "core",
        "modelaudit",
        "modelaudit-core",
        "modelaudit-",
    ],
)
def test_a_name_that_can_not_be_one_is_refused(tmp_path, name):
    done = asked("--out", tmp_path, "--", name)
    assert done.exit_code == 2
    assert "new-plugin" in done.output or "taken" in done.output
    assert done.output.isascii()
    assert "\x1b" not in done.output
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("vendor", ["", "a/b", "A", '"', "modelaudit", "x" * 41, "a\n"])
def test_a_vendor_that_can_not_be_one_is_refused(vendor):
    with pytest.raises(InputError, match="vendor"):
        PluginName.of("tone", vendor)


def test_the_prefix_may_be_typed_or_not():
    assert PluginName.of("modelaudit-tone") == PluginName.of("tone")


@pytest.mark.parametrize("kind", ["folder", "file", "link"])
def test_nothing_is_overwritten(tmp_path, kind):
    place = tmp_path / "modelaudit-tone"
    if kind == "folder":
        place.mkdir()
    elif kind == "file":
        place.write_text("mine")
    else:
        place.symlink_to(tmp_path / "nowhere")
    before = sorted(tmp_path.iterdir())
    plan = planned(PluginName.of("tone"), risk=Risk.BIAS, folder=tmp_path)
    with pytest.raises(OutputError, match="there already"):
        write_plugin(plan)
    assert sorted(tmp_path.iterdir()) == before
    if kind == "file":
        assert place.read_text() == "mine"


def test_a_place_that_can_not_be_written_is_said(tmp_path):
    (tmp_path / "file").write_text("")
    done = asked("tone", "--out", tmp_path / "file")
    assert done.exit_code == 2
    assert "can't be written" in done.output


@pytest.mark.heavy
def test_the_tests_of_a_new_plugin_pass_where_it_is_installed(tmp_path):
    done = asked("tone-of-voice", "--out", tmp_path)
    assert done.exit_code == 0, done.output
    folder, target = tmp_path / "modelaudit-tone-of-voice", tmp_path / "installed"
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-build-isolation", "--target", target]
    subprocess.run([*pip, folder], check=True, timeout=300)
    ran = subprocess.run(
        [
            sys.executable,
            "-m",
            "pytest",
            "-q",
            "-p",
            "no:cacheprovider",
            "--override-ini=pythonpath=",
        ],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(target), "OMP_NUM_THREADS": "1", "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-4_000:]
    assert "skipped" not in ran.stdout  # modelaudit found the plugin by its entry point


def test_the_hooks_that_it_implements_are_hooks(tmp_path):
    plan = planned(PluginName.of("tone"), risk=Risk.BIAS, folder=tmp_path)
    tree = ast.parse(plan.files["src/modelaudit_tone/__init__.py"])
    hooks = {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}
    import modelaudit.hookspecs as specs

    assert hooks == {"modelaudit_checkers", "modelaudit_cards"}
    assert all(hasattr(getattr(specs, hook), f"{hookspec.project_name}_spec") for hook in hooks)
