"""The tasks that can be audited; another comes by adding a module here and its task to `TASKS`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modelaudit.errors import ModelInputError
from modelaudit.subject.task import Task
from modelaudit.subject.tasks.text_classification import TextClassification
from modelaudit.subject.tasks.token_classification import TokenClassification

if TYPE_CHECKING:
    from transformers import PreTrainedModel

TASKS: tuple[Task, ...] = (TextClassification(), TokenClassification())


def task_named(class_name: str) -> Task | None:
    """Return the task of a model class by its name (`BertForTokenClassification`), or None."""
    return next((task for task in TASKS if class_name.endswith(task.suffix)), None)


def task_of(model: PreTrainedModel) -> Task:
    """Return the task of a model in memory; raise ModelInputError where its head belongs to none."""
    task = task_named(type(model).__name__)
    if task is None:
        raise unknown_head(type(model).__name__)
    return task


def unknown_head(class_name: str) -> ModelInputError:
    """Return the error for a model whose head belongs to no task."""
    works = " and ".join(f"{task.name} (...{task.suffix})" for task in TASKS)
    return ModelInputError(f"a {class_name} can't be audited; what works now is {works}: load it as one of these")
