"""Audit wires the rooms together and computes nothing."""

from __future__ import annotations

import datetime as dt
import os
import platform
import shlex
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib import metadata
from pathlib import Path
from typing import Any

from modelaudit._version import __version__
from modelaudit.audit_report import AuditReport, Declared, Preset, Provenance, Run, Settings
from modelaudit.errors import OutputError, RiskGateError
from modelaudit.plugins import Plugins
from modelaudit.policy import judge, load_policy
from modelaudit.project_file import read_project_file
from modelaudit.runner import Listener, PlanLine, configured, options_of, plan, run_checks, selected
from modelaudit.subject.opened import OpenOptions
from modelaudit.subject.source import open_base_model
from modelaudit.subject.subject import Subject, build_subject
from modelaudit.verdicts import Policy

LIBRARIES = ("torch", "transformers", "tokenizers", "numpy", "scipy", "scikit-learn", "pydantic")


class Audit:
    """An audit of one model: hand it the model and rows, `run` it, and read the outcome.

    Args:
        model: hub id, folder, PreTrainedModel (with `tokenizer`), transformers pipeline, or PEFT adapter folder.
        data: rows to judge the model on: csv/tsv/jsonl/parquet/CoNLL path, datasets.Dataset, DataFrame, list of dicts.
        train_data: rows that the model was trained on; the privacy probe needs them.
        heldout_data: rows that the model never saw, for the privacy probe; by default `data`.
        base_model: the model before fine-tuning, in any form that `model` takes.
        tokenizer: where it does not come with the model.
        text_column, label_column, group_column: names of columns that are not found by themselves.
        policy: a policy file or a Policy; by default the starter policy.
        preset: how much to spend (`quick`, `standard`, `full`); sample: use at most so many rows of each table.
        seed: of everything random. device: `auto`, `cpu` or `cuda`. batch_tokens: tokens a batch, by default by device.
        options: options of checkers, `{"vendor/id": {"name": value}}`.
        declared: `use`, `owner` and `impact` of the model, as the report shows them.
        show_text: show text of audited rows in the report. By default rows are named by id.
        trust_remote_code, allow_pickle: both off; the report says where they were used.
        project_file: path of a `modelaudit.toml`; by default the one in the working folder. Arguments win over it.
        plugins: the plugins to use, by default all that are installed.

    Raises:
        InputError: something handed in can't be used; the message says what, where and what to do next.
    """

    def __init__(
        self,
        model: Any,
        data: Any,
        *,
        train_data: Any = None,
        heldout_data: Any = None,
        base_model: Any = None,
        tokenizer: Any = None,
        text_column: str | None = None,
        label_column: str | None = None,
        group_column: str | None = None,
        policy: str | Path | Policy | None = None,
        preset: Preset | None = None,
        sample: int | None = None,
        seed: int | None = None,
        device: str = "auto",
        batch_tokens: int | None = None,
        options: Mapping[str, Mapping[str, Any]] | None = None,
        declared: Mapping[str, str] | None = None,
        show_text: bool = False,
        trust_remote_code: bool = False,
        allow_pickle: bool = False,
        project_file: str | Path | None = None,
        plugins: Plugins | None = None,
    ) -> None:
        project = read_project_file(project_file)
        table = project.subject
        self.plugins = plugins or Plugins()
        chosen_policy = policy if policy is not None else project.policy
        self.policy = chosen_policy if isinstance(chosen_policy, Policy) else load_policy(chosen_policy)
        self.checkers = configured(self.plugins.checkers(), {**project.checkers, **(options or {})})
        self.seed = seed if seed is not None else project.seed or 0
        self.preset: Preset = preset or project.preset or "standard"
        self.sample = sample if sample is not None else project.sample
        self.show_text = show_text
        self._options = OpenOptions(tokenizer=tokenizer, trust_remote_code=trust_remote_code, allow_pickle=allow_pickle)
        self._sources = {"model": model, "data": data, "train": train_data, "heldout": heldout_data, "base": base_model}
        self._columns = {
            "text_column": text_column or table.text_column,
            "label_column": label_column or table.label_column,
            "group_column": group_column or table.group_column,
        }
        told = {"use": table.use, "owner": table.owner, "impact": table.impact} | dict(declared or {})
        self._declared = Declared.model_validate(told)
        self._device = device
        self._batch_tokens = batch_tokens
        self._subject: Subject | None = None

    @property
    def subject(self) -> Subject:
        """What is audited; the model is opened and the tables are read on first use."""
        if self._subject is None:
            opened = self.plugins.open_model(self._sources["model"], self._options)
            base = self._sources["base"]
            if base is None and opened.base_model is not None and Path(opened.base_model).is_dir():
                # A base that the card names is used where it lies at hand; fetching it is the user's to ask for.
                base = opened.base_model
            self._subject = build_subject(
                opened,
                data=self._sources["data"],
                train_data=self._sources["train"],
                heldout_data=self._sources["heldout"],
                base=None if base is None else open_base_model(base),
                sample=self.sample,
                seed=self.seed,
                preset=self.preset,
                declared=self._declared,
                device=self._device,
                batch_tokens=self._batch_tokens,
                **self._columns,
            )
        return self._subject

    def plan(self, only: Sequence[str] | None = None) -> list[PlanLine]:
        """Say what would run, what would not and why, and how many model evaluations each check asks for."""
        selected(self.checkers, only)
        return plan(self.checkers, self.subject.info, only)

    def run(self, only: Sequence[str] | None = None, *, listener: Listener | None = None) -> AuditOutcome:
        """Run the audit, or only some families or checkers of it, and judge it by the policy.

        Two runs with one seed give the same report but for its `run` part.
        """
        selected(self.checkers, only)
        subject = self.subject
        started, clock = dt.datetime.now(tz=dt.UTC), time.perf_counter()
        before = [replace(engine.stats) for engine in subject.engines]
        checks = run_checks(
            subject, self.checkers, seed=self.seed, only=only, show_text=self.show_text, listener=listener
        )

        def done(counter: str) -> int:
            pairs = zip(subject.engines, before, strict=True)
            return sum(getattr(engine.stats, counter) - getattr(earlier, counter) for engine, earlier in pairs)

        return AuditOutcome(
            AuditReport(
                subject=subject.info,
                settings=Settings(
                    seed=self.seed,
                    preset=self.preset,
                    sample=self.sample,
                    only=tuple(only) if only is not None else None,
                    show_text=self.show_text,
                    checker_options={item.checker.info.id: options_of(item.checker) for item in self.checkers},
                ),
                provenance=Provenance(
                    package_version=__version__,
                    versions={"python": platform.python_version()}
                    | {name: metadata.version(name) for name in LIBRARIES},
                    numerics=subject.model.engine.numerics,
                    plugins=self.plugins.records(),
                ),
                policy=self.policy,
                results=checks.results,
                judgement=judge(checks.results, self.policy),
                run=Run(
                    started=started.isoformat(timespec="seconds"),
                    finished=dt.datetime.now(tz=dt.UTC).isoformat(timespec="seconds"),
                    seconds=round(time.perf_counter() - clock, 3),
                    command=self.command(only),
                    host=f"{platform.system()} {platform.machine()}, {os.cpu_count()} cores",
                    checker_seconds=checks.seconds,
                    evaluations=done("requested"),
                    computed=done("computed"),
                    tokens=done("tokens"),
                    memo_hits=done("memo_hits"),
                    events=tuple(event for engine in subject.engines for event in engine.events),
                ),
            ),
            self.plugins,
        )

    def command(self, only: Sequence[str] | None = None) -> str:
        """Return the shell command that repeats this audit, or what would have to stand in its place."""
        names = {"train": "--train-data", "heldout": "--heldout", "base": "--base-model"}
        parts = ["modelaudit", "run", _spelt(self._sources["model"]), _spelt(self._sources["data"])]
        for source, flag in names.items():
            if self._sources[source] is not None:
                parts += [flag, _spelt(self._sources[source])]
        for column, flag in (("text_column", "--text-column"), ("label_column", "--label-column")):
            if self._columns[column]:
                parts += [flag, str(self._columns[column])]
        if only is not None:
            parts += ["--only", ",".join(only)]
        parts += ["--seed", str(self.seed), "--preset", self.preset, "--device", self._device]
        parts += ["--sample", str(self.sample)] if self.sample is not None else []
        parts += ["--show-text"] if self.show_text else []
        return shlex.join(parts)


class AuditOutcome:
    """A finished audit: its report, and what can be done with it.

    Args:
        report: the record.
        plugins: where renderers come from.
    """

    def __init__(self, report: AuditReport, plugins: Plugins | None = None) -> None:
        self.report = report
        self._plugins = plugins or Plugins()

    def save(self, *paths: str | Path) -> None:
        """Write the report to each path; the suffix picks the format (`.html`, `.json`, `.md`).

        Raises:
            OutputError: an unknown suffix, or a place that can't be written. No half-written file is left.
        """
        for path in paths:
            check_writable(path, self._plugins)
        for path in map(Path, paths):
            text = self._plugins.renderers()[path.suffix].render(self.report)
            _write_whole(path, text)

    def gate(self) -> None:
        """Return quietly where the policy's gate holds.

        Raises:
            RiskGateError: a checker failed (4), a limit is exceeded (1), or a required check is missing (3).
        """
        gate = self.report.judgement.gate
        if gate.exit_code:
            raise RiskGateError(gate.exit_code, gate.reasons)

    def _repr_html_(self) -> str:
        return self._plugins.renderers()[".html"].render(self.report)


def check_writable(path: str | Path, plugins: Plugins) -> None:
    """Raise OutputError where a report could not be written to this path, before any work is done."""
    file = Path(path)
    suffixes = plugins.renderers()
    if file.suffix not in suffixes:
        raise OutputError(f"{file}: no report format for {file.suffix or 'no suffix'!r}; use {', '.join(suffixes)}")
    if file.is_dir():
        raise OutputError(f"{file} is a folder. Give the name of a file in it.")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=file.parent):
            pass
    except OSError as error:
        raise OutputError(
            f"{file.parent} can't be written: {error.strerror}. Choose another place with --out."
        ) from error


def _write_whole(path: Path, text: str) -> None:
    try:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
        try:
            with os.fdopen(descriptor, "w", encoding="utf-8", newline="\n") as file:
                file.write(text)
            Path(name).chmod(0o666 & ~_umask())
            Path(name).replace(path)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise OutputError(f"{path} can't be written: {error.strerror}. Choose another place with --out.") from error


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current


def _spelt(source: Any) -> str:
    return str(source) if isinstance(source, str | Path) else f"<{type(source).__name__} in Python>"
