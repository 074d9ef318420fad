"""The page of the kit names what the code has."""

from __future__ import annotations

import re
from pathlib import Path

import modelaudit.testing
from modelaudit.testing import DEFECTS, FakeModel
from modelaudit.testing.contract import CHECKS
from modelaudit.testing.contract.asking import OVER, SLACK, UNDER
from modelaudit.testing.contract.findings import MOST_EVIDENCE

PAGE = (Path(__file__).parents[2] / "docs" / "reference" / "testing.md").read_text(encoding="utf-8")
BLOCKS = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)


def table(*heads):
    """The rows of the table with these heads, as cells without marks of code."""
    below = PAGE.split("| " + " | ".join(heads) + " |\n", 1)[1].split("\n\n", 1)[0].splitlines()[1:]
    return [[cell.strip().replace("`", "") for cell in line.strip("|").split(" | ")] for line in below]


def test_the_page_lists_each_check_and_since_when():
    assert [tuple(cells[:2]) for cells in table("check", "since", "what it asks")] == [
        (check.name, check.since) for check in CHECKS
    ]


def test_the_page_tells_the_bounds_of_the_checks():
    cells = {cells[0]: cells[2] for cells in table("check", "since", "what it asks")}
    assert f"at most {OVER} times, and for at least a {UNDER}th" in cells["cost"]
    assert f"{SLACK} evaluations" in cells["cost"]
    assert f"{MOST_EVIDENCE // 1024} KB" in cells["evidence-size"]


def test_the_page_lists_each_defect():
    listed = {cells[1]: cells[0] for cells in table("name", "in `DEFECTS`", "family", "what is planted", "strength")}
    assert set(listed) == set(DEFECTS)
    assert all(getattr(modelaudit.testing, listed[name]) is defect for name, defect in DEFECTS.items())


def test_the_page_says_which_verbs_follow_from_a_function():
    given = {
        "predict": {"labels": ("a", "b"), "predict": lambda row: (0, 1)}, "embed": {"embed": lambda row: [1.0]},
        "generate": {"generate": lambda row: "a"}, "answers": {"answers": lambda row: "a"},
        "token_statistics": {"token_statistics": lambda row: [0.0]},
    }  # fmt: skip
    for function, _, verbs in table("function", "returns", "verbs that follow"):
        named = set(re.sub(r"\(.*?\)", "", verbs).replace(" ", "").split(","))
        assert named == FakeModel(**given[function]).capabilities, function


def test_the_checker_of_the_page_passes_the_suite_of_the_page(run_checker, planted):
    names = {}
    for block in (BLOCKS[0], BLOCKS[-1]):
        exec(compile(block, "docs/reference/testing.md", "exec"), names)
    parameters = names["test_conformance"].pytestmark[0].args[1]
    assert [parameter.id for parameter in parameters] == [check.name for check in CHECKS]
    for parameter in parameters:
        parameter.values[0]()
    names["test_it_finds_brittleness"](run_checker, planted)
