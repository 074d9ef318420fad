"""The page of the tasks says of each check and each task what the code says."""

from __future__ import annotations

from tasks_table import PAGE, SHORT, table

from modelaudit.subject.tasks import TASKS


def test_the_table_of_checks_is_what_the_checks_say() -> None:
    assert table() in PAGE.read_text(), "run `python tests/docs/tasks_table.py`, and read what changed"


def test_each_task_and_each_head_has_its_row() -> None:
    page = PAGE.read_text()
    assert {task.name for task in TASKS} == set(SHORT)
    for task in TASKS:
        assert f"`{task.name}`" in page
        for suffix in task.suffixes:
            assert f"`...{suffix}`" in page
        for verb in task.verbs:
            assert f"`{verb}`" in page
