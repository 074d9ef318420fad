"""The pages on training and mending say what the code does: measures, console lines, figures of the studies."""

from __future__ import annotations

import re
import shlex

import pytest
import typer
from pages import PAGES, ROOT, blocks, name_of, section, table

from modelaudit import cli
from modelaudit.plugins import Plugins
from modelaudit.training import MEASURES

PAGE = ROOT / "docs" / "training.md"
RESULTS = ROOT / "benchmarks" / "results"
FOR = {
    ("text-classification", "token-classification"): "both",
    ("token-classification",): "entities",
    ("text-classification",): "classification",
}
STUDIED = "What each measure buys, and what it costs"
TIMED = "Against a plain Trainer script"
CHECKERS = [registered.checker.info for registered in Plugins(installed=False).checkers()]
LINES = [
    (name_of(page), line)
    for page in PAGES
    if page.name != "command-line.md"
    for block in blocks(page, "console")
    for line in block.text.replace("\\\n", " ").splitlines()
    if line.startswith("$ modelaudit ") and "…" not in line
]


def test_the_measures_of_the_page_are_those_of_the_catalogue():
    named = table(section(PAGE, "Measures"), "measure")
    assert list(named) == list(MEASURES)
    for name, cells in named.items():
        measure = MEASURES[name]
        assert cells == [
            f"`{measure.flag}`", measure.risk.value, FOR[measure.tasks], measure.does, measure.price,
        ]  # fmt: skip


@pytest.mark.parametrize("info", CHECKERS, ids=lambda info: info.id)
def test_the_measures_of_a_checkers_page_are_those_that_it_names(info):
    page = ROOT / "docs" / "checkers" / f"{info.id.partition('/')[2]}.md"
    said = [line for line in section(page, "How to read it").splitlines() if "(../training.md#measures)" in line]
    assert tuple(re.findall(r"`([^`]+)`", "".join(said))) == info.measures
    assert len(said) == bool(info.measures)


@pytest.mark.parametrize(("page", "line"), LINES)
def test_a_console_line_names_commands_and_options_that_there_are(page, line):
    # A comment behind the line is for the reader; an apostrophe in it would open a quote.
    words = shlex.split(line[2:].partition("  #")[0])[1:]
    command = typer.main.get_command(cli.app)
    while words and words[0] in getattr(command, "commands", {}):
        command = command.commands[words.pop(0)]
    known = {option for parameter in command.params for option in (*parameter.opts, *parameter.secondary_opts)}
    assert not hasattr(command, "commands"), f"{page}: no command is named"
    assert {word for word in words if word.startswith("-")} <= known


@pytest.mark.parametrize(
    ("heading", "studies"),
    [
        (STUDIED, ("calibration_mending",)),
        (TIMED, ("bench_training", "bench_training_gpu", "bench_training_compact")),
    ],
)
def test_the_figures_of_the_page_stand_in_the_results(heading, studies):
    """Rows of the page's tables are rows of a committed study's page, word for word."""
    said = section(PAGE, heading)
    files = [RESULTS / f"{name}.md" for name in studies]
    rows = [line for line in said.splitlines() if line.startswith("|")]
    measured = {line for file in files for line in file.read_text(encoding="utf-8").splitlines()}
    assert [row for row in rows if row not in measured] == []
    assert rows


def test_the_study_of_the_page_leaves_no_measure_out():
    said = section(PAGE, STUDIED)
    assert set(table(said, "measure")) == {measure.title for measure in MEASURES.values()}
