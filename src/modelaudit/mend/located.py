"""Located: the model and the rows that a report is of, found again and held against what the report says of them."""

from __future__ import annotations

import ast
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from modelaudit.audit_report import AuditReport, SubjectInfo, TableInfo
from modelaudit.errors import InputError, PolicyError
from modelaudit.mend.command_read import CommandRead, read_command
from modelaudit.plugins import Plugins
from modelaudit.policy_file import load_policy
from modelaudit.training.record import RECORD, TrainingRecord
from modelaudit.verdicts import Policy

TASKS = ("text-classification", "token-classification")
COMPACT = "compact"
"""The base model that the trainer makes from the rows; no audit can be given it."""
COLUMNS = ("text_column", "label_column", "group_column")
WRITTEN_PATH = re.compile(r"(?:Posix|Windows)?Path\((.*)\)", re.DOTALL)
"""How a report writes an option that is a path."""
UNREAD = object()
"""Stands for an option whose text says no value."""
SHORT = 12
"""So many digits of a hash stand in a message."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Given:
    """What the user gives beside the report; None is found by the report itself.

    Attributes:
        model, data, heldout_data, base_model, dev_data, tokenizer: as `Audit` and `ReferenceTrainer` take them.
        text_column, label_column, group_column: names of columns that are not found by themselves.
        policy: another policy than the report's, for both sides. device: to train and to audit on.
        trust_remote_code, allow_pickle: what a report can't allow.
    """

    model: str | Path | None = None
    data: str | Path | None = None
    heldout_data: str | Path | None = None
    base_model: str | Path | None = None
    dev_data: str | Path | None = None
    tokenizer: str | Path | None = None
    text_column: str | None = None
    label_column: str | None = None
    group_column: str | None = None
    policy: str | Path | Policy | None = None
    device: str = "auto"
    trust_remote_code: bool = False
    allow_pickle: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Located:
    """Where everything lies that one audit is made of, but for its model.

    Attributes:
        model: the audited one. data, train_data, heldout_data: rows, as paths.
        members: the training rows as `Audit` takes them; None where each model's own record names them.
        base_model: that the audits were given, as the report's command says; not what is trained from.
        record: how the audited model was trained, where its folder says so.
        columns: text_column, label_column, group_column, as the audits take them; trained_columns: as trainings do, by
            the audited model's record.
        settings: further arguments of `Audit`, the same for all models. unlike: which checks of the report can't be
            done here as they were, in words.
    """

    model: str | Path
    data: str | Path
    train_data: str | Path
    members: str | Path | None
    heldout_data: str | Path | None
    base_model: str | Path | None
    record: TrainingRecord | None
    columns: Mapping[str, str | None]
    trained_columns: Mapping[str, str | None]
    settings: Mapping[str, Any] = field(default_factory=dict)
    unlike: tuple[str, ...] = ()


def locate(report: AuditReport, train_data: str | Path, given: Given, plugins: Plugins) -> Located:
    """Find the model and the rows by what the user gives, else by the report's own command.

    Raises:
        InputError: the report is of something that can't be trained, or a place is named nowhere.
    """
    _check_trainable(report)
    command = read_command(report.run.command)
    model = _place(given.model, command.model, what="the audited model", flag="--model")
    options = command.options
    record = training_record(model)
    found_by_itself = record is not None and "--train-data" not in {*options, *command.in_python}
    columns = {name: getattr(given, name) or options.get(f"--{name.replace('_', '-')}") for name in COLUMNS}
    recorded = {name: None if record is None else getattr(record.train, name) for name in COLUMNS}
    return Located(
        model=model,
        data=_place(given.data, command.data, what="the rows that it was judged on", flag="--data"),
        train_data=train_data,
        members=None if found_by_itself else train_data,
        heldout_data=_optional(given.heldout_data, options.get("--heldout"), "--heldout"),
        base_model=_base(given, options.get("--base-model")),
        record=record,
        columns=columns,
        trained_columns={name: getattr(given, name) or recorded[name] or columns[name] for name in COLUMNS},
        settings=_settings(report, given, command, plugins),
        unlike=_unlike(report, plugins),
    )


def differences(report: AuditReport, found: SubjectInfo) -> list[str]:
    """Return in words what of a subject is not what the report is of; empty where all is the same."""
    first = report.subject
    pairs = [
        ("the model's weights", first.model.weights_sha256, found.model.weights_sha256),
        ("the model's tokenizer", first.model.tokenizer_sha256, found.model.tokenizer_sha256),
        ("the rows judged on", first.evaluation.sha256, found.evaluation.sha256),
    ]
    if first.members is not None:
        pairs.append(("the training rows", first.members.sha256, _sha256(found.members)))
    if not first.heldout_is_evaluation:
        pairs.append(("the held-out rows", _sha256(first.heldout), _sha256(found.heldout)))
    return [
        f"{what} (sha256 {_short(before)} in the report, {_short(now)} here)"
        for what, before, now in pairs
        if before != now
    ]


def training_record(folder: str | Path) -> TrainingRecord | None:
    """Return the record of the training that made a model, None where its folder has none that can be read."""
    try:
        return TrainingRecord.model_validate_json((Path(folder) / RECORD).read_bytes())
    except (OSError, ValueError):
        return None


def _check_trainable(report: AuditReport) -> None:
    subject = report.subject
    if subject.model.kind == "function":
        raise InputError("the report is of a function, which can't be trained; give the report of a model")
    if subject.task not in TASKS:
        raise InputError(f"the report's model does {subject.task}, and there is training for {' and '.join(TASKS)}")
    if subject.evaluation.pair_column is not None:
        raise InputError(
            "the report's model reads pairs of texts, and the reference trainer teaches texts that stand alone; train "
            "it again yourself, and audit that"
        )
    if subject.evaluation.labelled is False:
        raise InputError(
            "the rows that the report's model was judged on have no labels, so nobody could say what a measure costs; "
            "audit it on labelled rows first"
        )


def _place(given: str | Path | None, named: str | None, *, what: str, flag: str) -> str | Path:
    """Return what the user gives; what the report alone names has to lie here, for nothing is fetched on its word."""
    if given is not None:
        return given
    if named is None:
        raise InputError(f"the report does not say where {what} lies; name it with {flag}")
    if not _exists(named):
        raise InputError(f"the report names {named!r:.80} as {what}, and it is not here; name its place with {flag}")
    return named


def _optional(given: str | Path | None, named: str | None, flag: str) -> str | Path | None:
    if given is None and named is not None and not _exists(named):
        raise InputError(f"the report names {named!r:.80} for {flag}, and it is not here; name its place with {flag}")
    return given if given is not None else named


def _base(given: Given, named: str | None) -> str | Path | None:
    """Return the base model that the report's audit was given, if it was given any."""
    if named is None or _exists(named):
        return named
    return _optional(None if given.base_model == COMPACT else given.base_model, named, "--base-model")


def _exists(name: str) -> bool:
    try:
        return os.path.exists(os.path.expanduser(name))  # noqa: PTH110, PTH111  a name may be none that a path can hold
    except ValueError:
        return False


def _settings(report: AuditReport, given: Given, command: CommandRead, plugins: Plugins) -> dict[str, Any]:
    chosen, options = report.settings, command.options
    declared = report.subject.declared.model_dump(exclude_none=True)
    return {
        "tokenizer": _optional(given.tokenizer, options.get("--tokenizer"), "--tokenizer"),
        "policy": given.policy if given.policy is not None else _policy(report, options.get("--policy")),
        "preset": chosen.preset,
        "sample": chosen.sample,
        "seed": chosen.seed,
        "show_text": chosen.show_text,
        "mask_personal_data": chosen.mask_personal_data,
        "declared": {name: value for name, value in declared.items() if value != ()},
        "options": _options(chosen.checker_options, plugins),
        "device": given.device,
        "numerics": options.get("--numerics", "auto"),
        "backend": options.get("--backend", "auto"),
        "trust_remote_code": given.trust_remote_code,
        "allow_pickle": given.allow_pickle,
    }


def _policy(report: AuditReport, named: str | None) -> str | Policy:
    """Return the policy's file where it still says the same, so that the new reports name it; else the report's."""
    if named is not None:
        try:
            if load_policy(named) == report.policy:
                return named
        except PolicyError:
            pass
    return report.policy


def _options(recorded: Mapping[str, Mapping[str, str]], plugins: Plugins) -> dict[str, dict[str, Any]]:
    """Return the options of checkers that a report records as text, those that can be read and are not the default."""
    usual = {item.info.id: item.options for item in plugins.checkers()}
    found: dict[str, dict[str, Any]] = {}
    for checker, name, text in _unusual(recorded, usual):
        if name in usual[checker] and (value := _read_option(text)) is not UNREAD:
            found.setdefault(checker, {})[name] = value
    return found


def _unlike(report: AuditReport, plugins: Plugins) -> tuple[str, ...]:
    """Return in words which checks of the report can't be done here as they were."""
    usual = {item.info.id: item.options for item in plugins.checkers()}
    ran = [result.checker.id for result in report.results if result.status == "completed"]
    recorded = {name: options for name, options in report.settings.checker_options.items() if name in ran}
    return (
        *(f"{name:.80} is not installed" for name in ran if name not in usual),
        *(
            f"{checker:.80} is done without the report's option {name:.40}"
            for checker, name, text in _unusual(recorded, usual)
            if name not in usual[checker] or _read_option(text) is UNREAD
        ),
    )


def _unusual(
    recorded: Mapping[str, Mapping[str, str]], usual: Mapping[str, Mapping[str, str]]
) -> Iterator[tuple[str, str, str]]:
    """Yield checker, name and text of each recorded option that is not the default, of checkers that are installed."""
    for checker, options in recorded.items():
        for name, text in options.items():
            if checker in usual and usual[checker].get(name) != text:
                yield checker, name, text


def _read_option(text: str) -> Any:
    path = WRITTEN_PATH.fullmatch(text)
    try:
        return ast.literal_eval(text if path is None else path[1])
    except (ValueError, SyntaxError, MemoryError, RecursionError):
        return UNREAD


def _sha256(table: TableInfo | None) -> str | None:
    return None if table is None else table.sha256


def _short(digest: str | None) -> str:
    return "none" if digest is None else digest[:SHORT]
