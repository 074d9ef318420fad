"""The subject: everything that an audit asks about, in one value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from modelaudit.audit_report import Declared, ModelInfo, Preset, SubjectInfo
from modelaudit.checker import Data
from modelaudit.errors import DataInputError, ModelInputError, WorkerError
from modelaudit.inference.engine import Engine
from modelaudit.inference.precision import spread
from modelaudit.inference.standard import Standard
from modelaudit.inference.weights import weights_sha256
from modelaudit.subject.callable_model import CallableModel
from modelaudit.subject.chat import own_template
from modelaudit.subject.dataset import likeness, prepare_rows
from modelaudit.subject.describe import callable_info, model_info
from modelaudit.subject.examples import examples
from modelaudit.subject.limits import check_fit, check_numbers, check_vocabulary
from modelaudit.subject.model import Model
from modelaudit.subject.opened import OpenedCallable, OpenedModel
from modelaudit.subject.task import ColumnChoice, Task
from modelaudit.subject.tasks import task_of

PAIRED = ("text-classification", "multi-label-classification", "text-regression", "question-answering")
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
    model: Model | CallableModel
    base_model: Model | None
    engines: tuple[Engine, ...]


def build_subject(
    opened: OpenedModel | OpenedCallable,
    *,
    data: Any,
    train_data: Any = None,
    heldout_data: Any = None,
    base: OpenedModel | OpenedCallable | None = None,
    text_column: str | None = None,
    label_column: str | None = None,
    group_column: str | None = None,
    pair_column: str | None = None,
    chat: bool | None = None,
    train_columns: ColumnChoice | None = None,
    sample: int | None = None,
    seed: int = 0,
    preset: Preset = "standard",
    declared: Declared = Declared(),  # noqa: B008
    device: str = "auto",
    batch_tokens: int | None = None,
    workers: int | str = 1,
    backend: str = "auto",
    numerics: str | Standard = "auto",
) -> Subject:
    """Return the subject of an audit: the model behind its engine, and rows with labels matched to the model's.

    Before any checker can ask, the model is asked some of its evaluation rows. A function: to see whether it keeps to
    its answers. A model where `numerics` and the device have half precision: to certify that, on 256 rows that hang on
    the table alone. A base model, which gives states above all, always runs in float32. `train_columns` are the columns
    of `train_data`, where they are called otherwise than those of `data`.

    Raises ModelInputError for a model, tokenizer, device or function that can't be used, or a base model with another
    vocabulary; DataInputError for a table.
    """
    check_device(device)
    run = {
        "device": device,
        "batch_tokens": batch_tokens,
        "workers": workers,
        "backend": backend,
        "numerics": numerics,
    }
    model: Model | CallableModel
    if isinstance(opened, OpenedCallable):
        _refuse_for_function(opened, base, run)
        model = CallableModel(opened, batch_tokens=batch_tokens)
    else:
        model, info = _handle(opened, task_of(opened.model), run)
    columns = ColumnChoice(text_column, label_column, group_column, pair_column, chat)
    _refuse_columns(columns, model.task.name)
    rows = prepare_rows(
        model,
        data,
        train_data=train_data,
        heldout_data=heldout_data,
        columns=columns,
        train_columns=train_columns,
        sample=sample,
        seed=seed,
    )
    if isinstance(model, CallableModel):
        model.engine.meet([encoding.input for encoding in model.encodings(rows.data.evaluation)])
        info = callable_info(model)
    else:
        if model.task.medium == "text" or model.engine.device != "cpu":
            # By what they say and not by where they stand: the order of a table may change nothing.
            said = sorted(rows.data.evaluation, key=likeness)
            model.engine.certify([encoding.input for encoding in model.encodings(spread(said))])
    base_model, base_info = (
        _handle(base, model.task, {**run, "numerics": "strict"}) if isinstance(base, OpenedModel) else (None, None)
    )
    if isinstance(model, Model) and base_model is not None and model.task.name == "text-generation":
        # Both read the same chats; most base models have no template of their own.
        base_model.encoder = replace(base_model.encoder, template=own_template(model.opened.tokenizer))
    for handle in (model, base_model):
        if isinstance(handle, Model):
            handle.settle(rows.data.evaluation)
    if isinstance(base, OpenedModel) and isinstance(opened, OpenedModel):
        _check_base(base, opened)
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


def _refuse_columns(columns: ColumnChoice, task: str) -> None:
    """Raise where a way to read rows was asked for that a task does not have."""
    if columns.chat and task != "text-generation":
        raise DataInputError(f"chat was asked for, but {task} reads no chats; leave chat= (--chat) out")
    if columns.pair and task not in PAIRED:
        raise DataInputError(
            f"a column of second texts was named, but {task} reads one text a row; leave pair_column= (--pair-column) "
            "out"
        )


def _refuse_for_function(
    opened: OpenedCallable, base: OpenedModel | OpenedCallable | None, run: Mapping[str, Any]
) -> None:
    """Raise where something was asked for that takes the model itself."""
    if base is not None:
        raise ModelInputError(
            f"{opened.name} is a function, and nothing in it can be compared with a base model; leave base_model= out"
        )
    if run["device"] == "cuda":
        raise ModelInputError(
            f"device 'cuda' was asked for, but {opened.name} is a function, which runs where it runs; leave device= out"
        )
    if str(run["workers"]) not in {"1", "auto"}:
        raise WorkerError(
            f"workers={run['workers']} was asked for, but {opened.name} is a function, which can't be sent to other "
            "processes; leave workers= out. It is called with many texts at once, and may use processes of its own"
        )
    for name in ("backend", "numerics"):
        if run[name] != "auto":
            raise ModelInputError(
                f"{name}={run[name]!r} was asked for, but {opened.name} is a function, which runs as it runs; "
                f"leave {name}= out"
            )


def _check_base(base: OpenedModel, opened: OpenedModel) -> None:
    """Raise ModelInputError for a base model that can't be what the audited model was fine-tuned from."""
    if base.tokenizer is not None and opened.tokenizer is not None:
        check_vocabulary(base.tokenizer, opened.tokenizer, name=base.name, target=opened.name)
    if base.model is opened.model and opened.adapter is not None:
        raise ModelInputError(
            f"{base.name}: base_model= is the very model that carries the adapter, since PEFT puts an adapter's layers "
            "into the model that it is given; load the base model once more and hand in that, or name its folder"
        )


def _engine(opened: OpenedModel, task: Task, weights: str, run: Mapping[str, Any]) -> Engine:
    """Return the engine of a model; raise ModelInputError where it can't take what its own processor makes."""
    try:
        return Engine(opened.model, model_id=weights, like=examples(opened, task), **run)
    except (ValueError, RuntimeError, TypeError, AttributeError) as error:
        if task.medium == "text":
            raise
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise ModelInputError(
            f"{opened.name}: the model can't take what its processor ({type(opened.processor).__name__}) makes "
            f"({reason:.200}); save the processor that it was trained with beside it"
        ) from error


def _handle(opened: OpenedModel, task: Task, run: Mapping[str, Any]) -> tuple[Model, ModelInfo]:
    """Return the model behind an engine that is made with the options `run`."""
    if opened.tokenizer is not None and task.medium == "text":
        check_fit(opened.model, opened.tokenizer, name=opened.name)
    check_numbers(opened.model, name=opened.name)
    weights = weights_sha256(opened.model)
    wanted = run["numerics"]
    if not task.argmax:
        # Half precision is certified by the answers that stay the same, which is no question to a number.
        run = {**run, "numerics": "strict"}
    engine = _engine(opened, task, weights, run)
    if engine.generates and task.asks == "log_probs" and not task.masks and engine.looks_ahead:
        raise ModelInputError(
            f"{opened.name}: this {type(opened.model).__name__} reads what stands behind a token, so it would judge an "
            "answer by the answer itself; set is_decoder in config.json if it was trained to write from left to right"
        )
    if not task.argmax and wanted == "standard":
        engine.events.append(
            f"Standard numerics were asked for and strict ones used: {task.name} decides nothing that could be held."
        )
    model = Model(opened, task, engine)
    return model, model_info(model, weights_sha256=weights)
