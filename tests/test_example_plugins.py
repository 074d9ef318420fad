"""The example plugins: their own tests pass, and they use what any stranger's plugin may use."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import tomllib
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path

import pytest

from modelaudit.plugins import Plugins
from modelaudit.policy_file import load_policy

FOLDER = Path(__file__).parent.parent / "examples" / "plugins"
PLUGINS = {"modelaudit-fairlearn": "fairlearn", "modelaudit-deepwordbug": "OpenAttack"}
PUBLIC = {
    "modelaudit.checker",
    "modelaudit.drawing",
    "modelaudit.errors",
    "modelaudit.evidence",
    "modelaudit.hookspecs",
    "modelaudit.results",
    "modelaudit.rows",
    "modelaudit.statistics",
    "modelaudit.testing",
    "modelaudit.text",
}
HEADINGS = ("What it measures", "Why it matters", "Method and sources", "How to read it", "When it misleads", "Example")


def test_every_plugin_is_tried():
    assert {path.name for path in FOLDER.iterdir() if (path / "pyproject.toml").exists()} == set(PLUGINS)


@pytest.mark.parametrize("plugin", PLUGINS)
def test_it_imports_the_public_surface_alone(plugin):
    for file in (FOLDER / plugin).rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            ours = {name for name in names if name.split(".")[0] == "modelaudit"}
            assert ours <= PUBLIC, f"{file.name} imports {ours - PUBLIC}"


@pytest.mark.parametrize("plugin", PLUGINS)
def test_it_has_all_that_a_package_needs(plugin):
    project = tomllib.loads((FOLDER / plugin / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert project["name"] == plugin
    assert PLUGINS[plugin].lower() in " ".join(project["dependencies"]).lower()
    page = next((FOLDER / plugin / "docs").glob("*.md")).read_text(encoding="utf-8")
    assert tuple(line[3:] for line in page.splitlines() if line.startswith("## "))[:6] == HEADINGS
    checkers = {limit.checker for limit in load_policy(FOLDER / plugin / "policy.toml").limit}
    assert page.split("`")[1] in checkers


@pytest.mark.parametrize("plugin", PLUGINS)
def test_its_card_is_one_that_reports_show(plugin, monkeypatch):
    monkeypatch.syspath_prepend(str(FOLDER / plugin / "src"))
    plugins = Plugins(extra={plugin: import_module(plugin.replace("-", "_"))}, installed=False)
    mine = [item.info for item in plugins.checkers() if item.plugin == plugin]
    cards = {card.checker: card for card in plugins.cards(info.id for info in mine)}
    assert [record.reason for record in plugins.records() if record.status == "failed"] == []
    for info in mine:
        card = cards[info.id]
        # Numbers of another version of the check would be shown as if they were of this one.
        assert card.version == info.version
        assert card.false_alarms[0].k <= 18  # of 200, at 5%
        assert card.power[-1].rate > 0.9
    assert len(mine) == 1
    assert PLUGINS[plugin] not in sys.modules  # what lists plugins loads no library of theirs


@pytest.mark.heavy
@pytest.mark.parametrize("plugin", PLUGINS)
def test_its_own_tests_pass(plugin):
    if find_spec(PLUGINS[plugin]) is None:
        pytest.skip(f"{PLUGINS[plugin]} is not installed here; make wheel-check installs it and runs these tests")
    ran = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider"],
        cwd=FOLDER / plugin,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTEST_ADDOPTS": ""},
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )
    assert ran.returncode == 0, ran.stdout[-4_000:]
