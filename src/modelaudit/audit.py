"""Audit wires the rooms together and computes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any, Literal

from modelaudit import choices
from modelaudit.audit_report import AuditReport, Declared, Preset, Settings
from modelaudit.command import command_line, layout_options, layout_switches, rests_on
from modelaudit.destinations import check_place, places, write_whole
from modelaudit.errors import DataInputError, InputError, ModelInputError, PluginError
from modelaudit.keeping import Keeping, kept
from modelaudit.monitoring import compare
from modelaudit.outcome import AuditOutcome
from modelaudit.plan import PlanLine, configured, plan, selected, selection
from modelaudit.plugins import Plugins
from modelaudit.policy import judge
from modelaudit.project_file import read_project_file
from modelaudit.recording import Recorder, provenance_of
from modelaudit.runner import Listener, ShownText, run_checks
from modelaudit.subject.opened import OpenedCallable, OpenedModel, OpenOptions, folder_at_hand
from modelaudit.subject.scorers import Scorers
from modelaudit.subject.subject import Subject, build_subject
from modelaudit.subject.task import ColumnChoice
from modelaudit.training.trained_rows import TrainedRows, laid_out_as_trained, not_used, rows_trained_on
from modelaudit.verdicts import Policy


class Audit:
    """An audit of one model: hand it the model and rows, `run` it, and read the outcome.

    Args:
        model: hub id, folder, PreTrainedModel (with `tokenizer` or `processor`), transformers pipeline, PEFT adapter
            folder, or a function from a list of texts to (texts, labels) probabilities (with `labels`).
            A model in memory is left as it is: where its precision or device has to change, a copy is audited.
        data: rows to judge the model on: csv/tsv/jsonl/parquet/CoNLL path, datasets.Dataset, DataFrame, list of dicts,
            or a folder of pictures or sounds.
        train_data: rows that the model was trained on; the privacy probe needs them. Those of a model of the reference
            trainer are found by the record in its folder, where their file is unchanged.
        heldout_data: rows that the model never saw, for the privacy probe; by default `data`.
        base_model: the model before fine-tuning, in any form that `model` takes.
        tokenizer, processor: where they do not come with the model.
        labels: for a function, the names of its classes in the order of its columns.
        model_name: for a function, its name and version, as the report shows it. With the same name, a later run takes
            up the journal of one that was stopped; without one, no journal is kept.
        mask_word: for a function, what stands in the place of a hidden word; by default the word is left out.
        text_column, label_column, group_column, pair_column: names of columns that are not found by themselves; an
            empty pair_column says that texts stand alone. chat: put prompts to the model through its chat template.
        policy: a policy file or a Policy; by default the starter policy. preset: how much to spend (`quick`,
            `standard`, `full`); sample: use at most so many rows of each table.
        seed: of everything random. device: `auto`, `cpu` or `cuda`. batch_tokens: tokens a batch, by default by device;
            characters a call of a function.
        options: options of checkers, `{"vendor/id": {"name": value}}`.
        declared: what you say of the model's use (`use`, `use_case`, `owner`, `impact`, `affected`, `role`,
            `jurisdictions`, `risk_class`, `price`), as the report shows it; the policy's limits know it by `use_case`.
        baseline: an earlier report (.json) to compare with; the report then says what changed.
        language: of what is written for a reader: `en` or `zh`.
        show_text: show text of audited rows in the report. By default rows are named by id.
        mask_personal_data: in text that is shown, write `[phone number]` in the place of one, and so on.
        trust_remote_code, allow_pickle: both off; the report says where they were used.
        project_file: path of a `modelaudit.toml`; by default the one in the working folder, False none. Arguments win.
        plugins: the plugins to use, by default all that are installed.
        journal: folder in which answers are kept while the audit runs, so that `run(resume=True)` can go on after a
            stop; by default one in the cache folder. It is deleted after a finished audit unless `keep_journal`.
        workers: processes that run the model: a number, `auto`, `ray` or `ray:N`; no number changes with them.
        backend: `torch`, `onnx` or `auto`: what runs the model's layers on a CPU. ONNX Runtime is used only where its
            answers agree with torch's; the last digits of scores may differ.
        numerics: `strict`, float32 throughout; `standard`, float16 on CUDA where it was shown to change no decision;
            `auto`, the second on CUDA and the first elsewhere.

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
        processor: Any = None,
        labels: Iterable[str | int] | None = None,
        model_name: str | None = None,
        mask_word: str | None = None,
        text_column: str | None = None,
        label_column: str | None = None,
        group_column: str | None = None,
        pair_column: str | None = None,
        chat: bool | None = None,
        policy: str | Path | Policy | None = None,
        preset: Preset | None = None,
        sample: int | None = None,
        seed: int | None = None,
        device: str = "auto",
        batch_tokens: int | None = None,
        options: Mapping[str, Mapping[str, Any]] | None = None,
        declared: Mapping[str, Any] | None = None,
        baseline: str | Path | AuditReport | None = None,
        language: str | None = None,
        show_text: bool = False,
        mask_personal_data: bool = True,
        trust_remote_code: bool = False,
        allow_pickle: bool = False,
        project_file: str | Path | Literal[False] | None = None,
        plugins: Plugins | None = None,
        journal: str | Path | None = None,
        keep_journal: bool = False,
        workers: int | str = 1,
        backend: str = "auto",
        numerics: str = "auto",
    ) -> None:
        self._sources = {"model": model, "data": data, "train": train_data, "heldout": heldout_data, "base": base_model}
        for name, source in {**self._sources, "tokenizer": tokenizer, "processor": processor}.items():
            choices.check_source(name, source)
        if data is None:
            raise InputError("data is None; give the rows to judge the model on: a path, a DataFrame, a list of dicts")
        choices.check_tokenizer(tokenizer)
        choices.check_processor(processor)
        project = read_project_file(project_file)
        self._project, table = project.path, project.subject
        choices.check_plugins(plugins)
        self.plugins = plugins or Plugins()
        self._policy_source = policy if policy is not None else project.policy
        self.policy = choices.policy_of(self._policy_source)
        given = choices.options_of({} if options is None else options)
        self._cross_check = given.get(choices.SHAPLEY, {}).get("cross_check")
        self.checkers = configured(self.plugins.checkers(), {**project.checkers, **given})
        self.seed = choices.whole("seed", seed if seed is not None else project.seed or 0, least=0)
        self.preset: Preset = choices.preset_of(preset if preset is not None else project.preset or "standard")
        self.sample = sample if sample is not None else project.sample
        if self.sample is not None:
            self.sample = choices.whole("sample", self.sample, least=1)
        self.shown_text = ShownText(show_text, mask_personal_data)
        self.language = choices.language_of(language if language is not None else project.language or "en")
        self._baseline_source = baseline if baseline is not None else project.baseline
        self.baseline = choices.report_of(self._baseline_source)
        self._options = OpenOptions(
            tokenizer=tokenizer,
            processor=processor,
            trust_remote_code=trust_remote_code,
            allow_pickle=allow_pickle,
            labels=choices.labels_of(labels),
            model_name=choices.words_of("model_name", model_name),
            mask_word=choices.words_of("mask_word", mask_word),
        )
        columns = {"text_column": text_column, "label_column": label_column, "group_column": group_column}
        self._layout = choices.layout_of(table, chat=chat, pair_column=pair_column, **columns)
        told = choices.declared_of({} if declared is None else declared).model_dump(
            exclude_unset=True, exclude_none=True
        )
        self._declared = Declared.model_validate(table.declared | told)
        self._device = device
        self._batch_tokens = None if batch_tokens is None else choices.whole("batch_tokens", batch_tokens, least=1)
        self._beside = rests_on(
            project,
            {
                "options of checkers": bool(given) and given != {choices.SHAPLEY: {"cross_check": self._cross_check}},
                "what is declared of the model": bool(told),
                "labels and names of the function": labels is not None,
                f"batch_tokens={batch_tokens}": batch_tokens is not None,
                "plugins": plugins is not None and any(record.version == "given" for record in plugins.records()),
            },
        )
        self._workers = choices.workers_of(workers)
        self._backend = choices.backend_of(backend)
        self._numerics = choices.numerics_of(numerics)
        self._keeping = Keeping(None if journal is None else Path(journal), keep=keep_journal)
        self._subject: Subject | None = None
        self._events: list[str] = []
        self._base: Any = base_model
        self._trained: TrainedRows | None = None

    @property
    def subject(self) -> Subject:
        """What is audited; the model is opened and the tables are read on first use."""
        if self._subject is None:
            opened = self.plugins.open_model(self._sources["model"], self._options)
            base = folder_at_hand(opened) if self._base is None else None
            named = self._sources["train"] is not None
            rows = None if named else rows_trained_on(self._sources["model"], self._events)
            self._subject = self._built_with(opened, base, rows)
            # A plugin that broke over a model is not used further; the report names it.
            usable = {item.plugin for item in self.plugins.checkers()}
            self.checkers = [item for item in self.checkers if item.plugin in usable]
        return self._subject

    @property
    def read(self) -> tuple[Path, ...]:
        """The files and folders that this audit reads; no report is written over one of them."""
        sources = [
            *self._sources.values(),
            self._base,
            None if self._trained is None else self._trained.path,
            self._options.tokenizer,
            self._options.processor,
            self._policy_source,
            self._baseline_source,
        ]
        return places([*sources, self._project])

    def _built_with(self, opened: OpenedModel | OpenedCallable, base: Path | None, rows: TrainedRows | None) -> Subject:
        """With a base model and training rows that were found and not asked for: neither ends an audit."""
        try:
            subject = self._built(opened, base or self._base, rows)
        except DataInputError as error:
            if rows is None:
                raise
            subject = self._built_with(opened, base, None)
            self._events.append(not_used(str(error)))
        except (ModelInputError, PluginError) as error:
            if base is None:
                raise
            subject = self._built_with(opened, None, rows)
            self._events.append(f"The base model that lies at hand ({base}) was not used: {error}")
        else:
            self._base, self._trained = base or self._base, rows
            self._events += [rows.said] if rows is not None else []
        return subject

    def _built(self, opened: OpenedModel | OpenedCallable, base: Any, rows: TrainedRows | None) -> Subject:
        options = self._options.alone(headless=True)
        return build_subject(
            opened,
            data=self._sources["data"],
            train_data=self._sources["train"] if rows is None else rows.table,
            train_columns=None if rows is None else self._columns_of(rows),
            heldout_data=self._sources["heldout"],
            base=None if base is None else self.plugins.open_model(base, options),
            sample=self.sample,
            seed=self.seed,
            preset=self.preset,
            declared=self._declared,
            device=self._device,
            batch_tokens=self._batch_tokens,
            workers=self._workers,
            backend=self._backend,
            numerics=self._numerics,
            **laid_out_as_trained(self._sources["model"], self._layout),
        )

    def _columns_of(self, rows: TrainedRows) -> ColumnChoice:
        """The recorded columns, and the group column that the user names where the table has it."""
        group = self._layout["group_column"]
        return replace(rows.columns, group=group) if group in rows.table.columns else rows.columns

    def plan(self, only: str | Iterable[str] | None = None) -> list[PlanLine]:
        """Say what would run, what would not and why, and how many model evaluations each check asks for."""
        names = selection(only)
        selected(self.checkers, names)
        subject = self.subject
        return plan(self.checkers, subject.info, names)

    def run(
        self,
        only: str | Iterable[str] | None = None,
        *,
        resume: bool = False,
        listener: Listener | None = None,
    ) -> AuditOutcome:
        """Run the audit, or only some families or checkers of it, and judge it by the policy.

        Two runs with one seed give the same report but for its `run` part. With `resume` it goes on with what a run
        that was killed had computed.
        """
        names = selection(only)
        selected(self.checkers, names)
        subject = self.subject
        recorder, events = Recorder(subject), list(self._events)
        try:
            with kept(subject, replace(self._keeping, resume=resume), seed=self.seed, events=events):
                scorers = Scorers(
                    lambda name: self.plugins.open_model(name, self._options.alone()), device=self._device
                )
                checks = run_checks(
                    subject,
                    self.checkers,
                    seed=self.seed,
                    only=names,
                    text=self.shown_text,
                    listener=listener,
                    scorers=scorers,
                )
                run = recorder.run(self.command(names), checks.seconds, events)
        finally:
            for engine in subject.engines:
                engine.close()

        report = AuditReport(
            subject=subject.info,
            settings=Settings(
                seed=self.seed,
                preset=self.preset,
                sample=self.sample,
                only=names,
                show_text=self.shown_text.shown,
                mask_personal_data=self.shown_text.mask_personal_data,
                checker_options={item.info.id: item.options for item in self.checkers},
            ),
            provenance=provenance_of(subject, self.plugins.records(), self._inputs),
            policy=self.policy,
            results=checks.results,
            judgement=judge(
                checks.results,
                self.policy,
                use_case=subject.info.declared.use_case,
                weights=subject.info.model.weights_sha256,
            ),
            cards=self.plugins.cards(result.checker.id for result in checks.results),
            run=run,
        )
        if self.baseline is not None:
            report = report.model_copy(update={"comparison": compare(self.baseline, report)})
        return AuditOutcome(report, self.plugins, read=self.read, language=self.language, subject=subject)

    @property
    def _inputs(self) -> dict[str, Any]:
        """What was read, by its role."""
        return {
            "model": self._sources["model"],
            "base model": self._base,
            "tokenizer": self._options.tokenizer,
            "rows judged on": self._sources["data"],
            "training rows": self._sources["train"] if self._trained is None else self._trained.path,
            "held-out rows": self._sources["heldout"],
            "policy": self._policy_source,
            "project file": self._project,
            "baseline": self._baseline_source,
        }

    def export_counterfactuals(
        self, outcome: AuditOutcome, path: str | Path, *, attributes: Iterable[str] | None = None
    ) -> int:
        """Write training rows once more for another group, labels kept, to train on beside the originals.

        The rows are those of `train_data`, else of `data`; each is written for every attribute that it speaks of and
        that exceeds its limit in the outcome. Names that the test uses are held out, so that the test of the model
        trained on them still asks about names that are new to it. Columns are called as in the table.

        Args:
            path: .jsonl for any task, .csv or .tsv where a row is one text with one label.
            attributes: what to write instead: of gender, ethnicity, religion, nationality, age, region, hukou.

        Returns:
            How many rows were written.

        Raises:
            InputError: nothing exceeds its limit and no attribute is named, or no row can be written.
            OutputError: the file can't be written.
        """
        from modelaudit.exporting import counterfactual_file

        place = Path(path)
        check_place(place, read=self.read)
        checkers = [item.checker for item in self.checkers]
        text, rows = counterfactual_file(self.subject, outcome.report, checkers, place, attributes)
        write_whole(place, text)
        return rows

    def command(self, only: str | Iterable[str] | None = None) -> str:
        """Return the shell command that repeats this audit, or what would have to stand in its place."""
        names = selection(only)
        return command_line(
            self._sources["model"],
            self._sources["data"],
            {
                "--train-data": self._sources["train"],
                "--heldout": self._sources["heldout"],
                "--base-model": self._sources["base"],
                "--tokenizer": self._options.tokenizer,
                "--processor": self._options.processor,
                **layout_options(self._layout),
                "--only": None if names is None else ",".join(names),
                "--policy": self._policy_source,
                "--baseline": self._baseline_source,
                "--seed": self.seed,
                "--preset": self.preset,
                "--device": self._device,
                "--backend": self._backend,
                "--numerics": self._numerics,
                "--sample": self.sample,
                "--cross-check": self._cross_check,
            },
            {
                "--show-text": self.shown_text.shown,
                "--show-personal-data": not self.shown_text.mask_personal_data,
                "--trust-remote-code": self._options.trust_remote_code,
                "--allow-pickle": self._options.allow_pickle,
                **layout_switches(self._layout),
            },
            beside=self._beside,
        )
