"""The subject: everything that an audit asks about, in one value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from modelaudit.audit_report import Declared, ModelInfo, Preset, SubjectInfo
from modelaudit.checker import Data
from modelaudit.errors import ModelInputError
from modelaudit.inference.engine import Engine
from modelaudit.inference.precision import spread
from modelaudit.inference.standard import Standard
from modelaudit.inference.weights import weights_sha256
from modelaudit.subject.dataset import prepare_rows
from modelaudit.subject.describe import model_info
from modelaudit.subject.limits import check_fit, check_numbers
from modelaudit.subject.model import Model
from modelaudit.subject.opened import OpenedModel
from modelaudit.subject.task import ColumnChoice, Task
from modelaudit.subject.tasks import task_of

DEVICES = ("auto", "cpu", "cuda")


@dataclass(frozen=True, slots=True)
class Subject:
    """What is audited.

    Attributes:
        info: what checkers, plan and report know of it.
        data: the rows.
        model, base_model: the handles; the base model's is None where there is none.
        engines: the target's engine and, where there is a base model, its engine.
    """

    info: SubjectInfo
    data: Data
    model: Model
    base_model: Model | None
    engines: tuple[Engine, ...]


def build_subject(
    opened: OpenedModel,
    *,
    data: Any,
    train_data: Any = None,
    heldout_data: Any = None,
    base: OpenedModel | None = None,
    text_column: str | None = None,
    label_column: str | None = None,
    group_column: str | None = None,
    sample: int | None = None,
    seed: int = 0,
    preset: Preset = "standard",
    declared: Declared = Declared(),  # noqa: B008
    device: str = "auto",
    batch_tokens: int | None = None,
    workers: int | str = 1,
    numerics: str | Standard = "auto",
) -> Subject:
    """Return the subject of an audit: the model behind its engine, and rows with labels matched to the model's.

    Half precision, where `numerics` and the device have it, is certified here on 256 evaluation rows, before anybody
    can ask: which rows they are hangs on the table alone. A base model, which gives states above all, always runs in
    float32.

    Raises ModelInputError for a model, tokenizer or device that can't be used, DataInputError for a table.
    """
    check_device(device)
    options: dict[str, Any] = {"device": device, "batch_tokens": batch_tokens, "workers": workers}
    model, info = _handle(opened, task_of(opened.model), numerics=numerics, **options)
    columns = ColumnChoice(text_column, label_column, group_column)
    rows = prepare_rows(
        model,
        data,
        train_data=train_data,
        heldout_data=heldout_data,
        columns=columns,
        sample=sample,
        seed=seed,
    )
    base_model, base_info = (
        _handle(base, model.task, numerics="strict", **options) if base is not None else (None, None)
    )
    compared = spread(rows.data.evaluation)
    model.engine.certify([encoding.input for encoding in model.encodings(compared)])
    return Subject(
        info=SubjectInfo(
            task=model.task.name,
            model=info,
            base_model=base_info,
            capabilities=tuple(sorted(model.capabilities)),
            evaluation=rows.evaluation,
            members=rows.members,
            heldout=rows.heldout,
            heldout_is_evaluation=rows.heldout_is_evaluation,
            preset=preset,
            declared=declared,
        ),
        data=rows.data,
        model=model,
        base_model=base_model,
        engines=(model.engine,) if base_model is None else (model.engine, base_model.engine),
    )


def check_device(device: str) -> None:
    """Raise ModelInputError for a device that is unknown or not there."""
    import torch

    if device not in DEVICES:
        raise ModelInputError(f"the device {device!r} is not known; use one of {', '.join(DEVICES)}")
    if device == "cuda" and not torch.cuda.is_available():
        raise ModelInputError("device 'cuda' was asked for, but torch finds no CUDA device here; use 'auto' or 'cpu'")


def _handle(
    opened: OpenedModel,
    task: Task,
    *,
    device: str,
    batch_tokens: int | None,
    workers: int | str,
    numerics: str | Standard,
) -> tuple[Model, ModelInfo]:
    check_fit(opened.model, opened.tokenizer, name=opened.name)
    check_numbers(opened.model, name=opened.name)
    weights = weights_sha256(opened.model)
    engine = Engine(
        opened.model,
        model_id=weights,
        device=device,
        batch_tokens=batch_tokens,
        workers=workers,
        numerics=numerics,
    )
    model = Model(opened, task, engine)
    return model, model_info(model, weights_sha256=weights)
