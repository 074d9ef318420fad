"""The tasks that can be audited; another comes by adding a module here and its task to `TASKS`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from modelaudit.errors import ModelInputError
from modelaudit.inference.families import IDS, reads
from modelaudit.subject.task import Task
from modelaudit.subject.tasks.audio_classification import AudioClassification
from modelaudit.subject.tasks.fill_mask import FillMask
from modelaudit.subject.tasks.image_classification import ImageClassification
from modelaudit.subject.tasks.multi_label import MultiLabelClassification
from modelaudit.subject.tasks.question_answering import QuestionAnswering
from modelaudit.subject.tasks.speech_ctc import SpeechCTC
from modelaudit.subject.tasks.speech_seq2seq import SpeechSeq2Seq
from modelaudit.subject.tasks.text2text_generation import Text2TextGeneration
from modelaudit.subject.tasks.text_classification import TextClassification
from modelaudit.subject.tasks.text_generation import TextGeneration
from modelaudit.subject.tasks.text_regression import TextRegression
from modelaudit.subject.tasks.token_classification import TokenClassification

if TYPE_CHECKING:
    from transformers import PreTrainedModel

TASKS: tuple[Task, ...] = (
    TextClassification(),
    MultiLabelClassification(),
    TextRegression(),
    TokenClassification(),
    TextGeneration(),
    FillMask(),
    QuestionAnswering(),
    Text2TextGeneration(),
    ImageClassification(),
    AudioClassification(),
    SpeechCTC(),
    SpeechSeq2Seq(),
)


def task_named(class_name: str) -> Task | None:
    """Return the first task of a model class by its name (`BertForTokenClassification`), or None.

    Tasks that share a head share the way in which it is loaded; `task_of` tells them apart.
    """
    ending = [task for task in TASKS if class_name.endswith(task.suffixes)]
    main = main_input(class_name) if len({task.reads for task in ending}) > 1 else None
    return next((task for task in ending if main is None or main in task.reads), None)


def main_input(class_name: str) -> str:
    """Return what models of a class read, by its name; a class that is not one of transformers reads text."""
    import transformers

    return str(getattr(getattr(transformers, class_name, None), "main_input_name", IDS))


def is_of(model: PreTrainedModel, task: Task) -> bool:
    """Whether a model in memory has the head and the configuration of a task."""
    return type(model).__name__.endswith(task.suffixes) and reads(model) in task.reads and task.fits(model.config)


def task_of(model: PreTrainedModel) -> Task:
    """Return the task of a model in memory; raise ModelInputError where its head belongs to none."""
    task = next((task for task in TASKS if is_of(model, task)), None)
    if task is not None:
        return task
    name = type(model).__name__
    named = task_named(name)
    if named is None:
        raise unknown_head(name)
    if named.masks:
        raise ModelInputError(
            f"a {name} that is_decoder or is_encoder_decoder makes read one way is no masked language model; correct "
            "config.json, or load it as what it was trained to be"
        )
    raise ModelInputError(
        f"a {name} with {model.config.num_labels} output(s) and problem_type {model.config.problem_type!r} is of no "
        "task that is known; correct num_labels or problem_type in config.json"
    )


def unknown_head(class_name: str) -> ModelInputError:
    """Return the error for a model whose head belongs to no task."""
    works = "; ".join(f"{task.name} (...{', ...'.join(task.suffixes)})" for task in TASKS)
    return ModelInputError(f"a {class_name} can't be audited; what works now is {works}: load it as one of these")
