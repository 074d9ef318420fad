"""The `modelaudit` command; what it says goes through `terminal`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape
from rich.table import Table

from modelaudit._version import __version__
from modelaudit.cli_calibrate import calibrate
from modelaudit.cli_canaries import canaries
from modelaudit.cli_compare import compare
from modelaudit.cli_demo import demo
from modelaudit.cli_mend import mend
from modelaudit.cli_new_plugin import new_plugin
from modelaudit.cli_policy import policy as policy_app
from modelaudit.cli_reports import judge, render, verify
from modelaudit.cli_train import train
from modelaudit.cli_watch import watch
from modelaudit.terminal import err, explained, mend_streams, out, whole

if TYPE_CHECKING:
    from modelaudit.plan import PlanLine

app = typer.Typer(
    name="modelaudit",
    help="Audit a fine-tuned Hugging Face model for privacy, bias, opacity and robustness.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.add_typer(canaries, name="canaries")
app.add_typer(policy_app, name="policy")


class Device(StrEnum):
    """Where the model runs."""

    auto = "auto"
    cpu = "cpu"
    cuda = "cuda"


class Numerics(StrEnum):
    """In which precision the model answers."""

    auto = "auto"
    strict = "strict"
    standard = "standard"


class PresetName(StrEnum):
    """How much to spend."""

    quick = "quick"
    standard = "standard"
    full = "full"


ModelArgument = Annotated[str, typer.Argument(help="Hub id, folder of a fine-tuned model, or PEFT adapter folder.")]
DataArgument = Annotated[str, typer.Argument(help="Rows to judge the model on: csv, tsv, jsonl, parquet or CoNLL.")]
TrainOption = Annotated[str | None, typer.Option(help="Rows that the model was trained on (privacy).")]
HeldoutOption = Annotated[str | None, typer.Option(help="Rows that the model never saw; by default DATA.")]
BaseOption = Annotated[str | None, typer.Option(help="The model before fine-tuning.")]
TokenizerOption = Annotated[str | None, typer.Option(help="Tokenizer, where it does not come with the model.")]
ProcessorOption = Annotated[
    str | None, typer.Option(help="Image processor or feature extractor, where it does not come with the model.")
]
TextOption = Annotated[str | None, typer.Option(help="Column of the text, or of the words.")]
LabelOption = Annotated[str | None, typer.Option(help="Column of the label, or of the tags.")]
GroupOption = Annotated[str | None, typer.Option(help="Column of the document or person that a row belongs to.")]
PairOption = Annotated[
    str | None, typer.Option(help='Column of the second text of a pair; "" where texts stand alone.')
]
ChatOption = Annotated[
    bool | None, typer.Option("--chat/--no-chat", help="Put prompts to the model through its chat template, or not.")
]
OnlyOption = Annotated[str | None, typer.Option(help="Families or checker ids, with commas: bias,privacy.")]
PolicyOption = Annotated[
    Path | None, typer.Option(help="Policy file (TOML) or the name of a shipped one; by default the starter policy.")
]
SeedOption = Annotated[int | None, typer.Option(help="Seed of everything random.", min=0)]
DeviceOption = Annotated[Device, typer.Option(help="Where the model runs.")]
NumericsOption = Annotated[Numerics, typer.Option(help="float32 (strict), or float16 on CUDA where it will do.")]
PresetOption = Annotated[PresetName | None, typer.Option(help="How much to spend.")]
SampleOption = Annotated[int | None, typer.Option(help="Use at most so many rows of each table.", min=1)]
BaselineOption = Annotated[Path | None, typer.Option(help="An earlier report (.json) to compare with.")]
LanguageOption = Annotated[str | None, typer.Option(help="Language of the report: en or zh.")]
TextShown = Annotated[bool, typer.Option("--show-text", help="Show text of audited rows in the report.")]
DataShown = Annotated[
    bool, typer.Option("--show-personal-data", help="In shown text, leave personal data as it stands.")
]
RemoteCode = Annotated[bool, typer.Option("--trust-remote-code", help="Run code that comes with the model.")]
Pickle = Annotated[bool, typer.Option("--allow-pickle", help="Load pickled weights, which can run code.")]


@app.command()
@whole
def run(
    model: ModelArgument,
    data: DataArgument,
    train_data: TrainOption = None,
    heldout: HeldoutOption = None,
    base_model: BaseOption = None,
    tokenizer: TokenizerOption = None,
    processor: ProcessorOption = None,
    text_column: TextOption = None,
    label_column: LabelOption = None,
    group_column: GroupOption = None,
    pair_column: PairOption = None,
    chat: ChatOption = None,
    only: OnlyOption = None,
    policy: PolicyOption = None,
    baseline: BaselineOption = None,
    language: LanguageOption = None,
    out_files: Annotated[
        list[Path] | None, typer.Option("--out", help="Where to write; the suffix picks the format. Repeatable.")
    ] = None,
    rows_out: Annotated[
        Path | None, typer.Option(help="Write answers by keyed hashes of rows, to compare audits row by row.")
    ] = None,
    key_file: Annotated[
        Path | None, typer.Option(help="Key of the hashes; by default from the environment, MODELAUDIT_ROW_KEY.")
    ] = None,
    seed: SeedOption = None,
    device: DeviceOption = Device.auto,
    numerics: NumericsOption = Numerics.auto,
    preset: PresetOption = None,
    sample: SampleOption = None,
    show_text: TextShown = False,
    show_personal_data: DataShown = False,
    trust_remote_code: RemoteCode = False,
    allow_pickle: Pickle = False,
    resume: Annotated[bool, typer.Option("--resume", help="Go on with a run that was stopped.")] = False,
    journal: Annotated[
        Path | None, typer.Option(help="Folder for what --resume needs; by default in the cache folder.")
    ] = None,
    keep_journal: Annotated[bool, typer.Option("--keep-journal", help="Keep it after a finished audit.")] = False,
    workers: Annotated[str, typer.Option(help="Processes that run the model: a number, auto, ray or ray:N.")] = "1",
    backend: Annotated[str, typer.Option(help="What runs the model on a CPU: torch, onnx or auto.")] = "auto",
    cross_check: Annotated[
        str | None, typer.Option(help="Let another library, shap, explain a few rows as well.")
    ] = None,
) -> None:
    """Audit a model and write the report.

    Exit code: 0 the gate holds, 1 a limit is exceeded, 2 wrong usage or unusable input, 3 a required check is
    missing or inconclusive, 4 a checker failed, or modelaudit itself.
    """
    from modelaudit import choices
    from modelaudit.audit import Audit
    from modelaudit.cli_summary import save, summary
    from modelaudit.destinations import check_place, check_writable
    from modelaudit.monitoring import RowKey
    from modelaudit.plan import tokens_per_second
    from modelaudit.progress import listener_for_stderr
    from modelaudit.runner import Silent

    audit = Audit(
        model,
        data,
        train_data=train_data,
        heldout_data=heldout,
        base_model=base_model,
        tokenizer=tokenizer,
        processor=processor,
        text_column=text_column,
        label_column=label_column,
        group_column=group_column,
        pair_column=pair_column,
        chat=chat,
        policy=policy,
        baseline=baseline,
        language=language,
        preset=preset.value if preset else None,
        sample=sample,
        seed=seed,
        device=device.value,
        numerics=numerics.value,
        show_text=show_text,
        mask_personal_data=not show_personal_data,
        trust_remote_code=trust_remote_code,
        allow_pickle=allow_pickle,
        journal=journal,
        keep_journal=keep_journal,
        workers=workers,
        backend=backend,
        options={} if cross_check is None else {choices.SHAPLEY: {"cross_check": cross_check}},
    )
    for path in out_files or []:
        check_writable(path, audit.plugins, read=audit.read)
    if not out_files and err.is_terminal:
        err.print("no --out is given: the summary will be all that is left of this audit")
    if rows_out is not None:
        RowKey.read(key_file)
        check_place(rows_out, read=audit.read)
    listener = listener_for_stderr()
    if not isinstance(listener, Silent):
        estimate = _estimate(audit.plan(_names(only)), tokens_per_second(audit.subject))
        err.print(f"{audit.preset} preset: {estimate}", highlight=False)
    outcome = audit.run(only=_names(only), resume=resume, listener=listener)
    summary(outcome.report)
    save(outcome, out_files or [])
    if rows_out is not None:
        outcome.save_rows(rows_out, key_file)
        out.print(f"written: {escape(str(rows_out))}")
    if not out_files:
        out.print("nothing is written: name a file with --out to keep the report")
    raise typer.Exit(outcome.report.judgement.gate.exit_code)


@app.command(name="plan")
@whole
def plan_command(
    model: ModelArgument,
    data: DataArgument,
    train_data: TrainOption = None,
    heldout: HeldoutOption = None,
    base_model: BaseOption = None,
    tokenizer: TokenizerOption = None,
    processor: ProcessorOption = None,
    text_column: TextOption = None,
    label_column: LabelOption = None,
    pair_column: PairOption = None,
    chat: ChatOption = None,
    only: OnlyOption = None,
    device: DeviceOption = Device.auto,
    numerics: NumericsOption = Numerics.auto,
    preset: PresetOption = None,
    sample: SampleOption = None,
    trust_remote_code: RemoteCode = False,
    allow_pickle: Pickle = False,
) -> None:
    """Say what would run, what would not and why, how many model evaluations it takes, and how long."""
    from modelaudit.audit import Audit
    from modelaudit.plan import tokens_per_second

    audit = Audit(
        model,
        data,
        train_data=train_data,
        heldout_data=heldout,
        base_model=base_model,
        tokenizer=tokenizer,
        processor=processor,
        text_column=text_column,
        label_column=label_column,
        pair_column=pair_column,
        chat=chat,
        preset=preset.value if preset else None,
        sample=sample,
        device=device.value,
        numerics=numerics.value,
        trust_remote_code=trust_remote_code,
        allow_pickle=allow_pickle,
    )
    lines = audit.plan(_names(only))
    speed = tokens_per_second(audit.subject)
    table = Table("check", "family", "state", "evaluations", "about")
    table.columns[0].no_wrap = True
    for line in lines:
        info = line.registered.info
        state = "runs" if line.status == "run" else f"{line.status}: {line.reason}"
        seconds = f"{line.cost.tokens / speed:,.0f} s" if speed and line.status == "run" else ""
        table.add_row(info.id, info.risk.value, escape(state), f"{line.cost.evaluations:,}", seconds)
    out.print(table)
    out.print(_estimate(lines, speed))


def _estimate(lines: Sequence[PlanLine], speed: float | None) -> str:
    """Say what checks will ask of the model, and how long that takes at so many tokens a second."""
    evaluations, tokens = (sum(getattr(line.cost, part) for line in lines) for part in ("evaluations", "tokens"))
    time = (
        f"about {tokens / speed:,.0f} s at {speed:,.0f} tokens a second measured here"
        if speed
        else "in a time that is not measurable from this data"
    )
    return f"{evaluations:,} model evaluations, {time}."


@app.command(name="plugins")
@whole
def plugins_command() -> None:
    """List the plugins that were found, with their checkers, and why one is not used."""
    from modelaudit.plugins import Plugins

    table = Table("plugin", "version", "state", "checkers")
    table.columns[3].no_wrap = True
    for record in Plugins().records():
        state = record.status if record.reason is None else f"{record.status}: {record.reason}"
        table.add_row(escape(record.name), record.version, escape(state), escape("\n".join(record.checkers)))
    out.print(table)


for command in (train, mend, render, judge, verify, compare, watch, demo, calibrate, new_plugin):
    app.command()(command)


def _names(only: str | None) -> list[str] | None:
    return [name.strip() for name in only.split(",") if name.strip()] if only is not None else None


@app.callback(invoke_without_command=True)
def version(show: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False) -> None:
    """Audit a fine-tuned Hugging Face model for privacy, bias, opacity and robustness."""
    if show:
        out.print(__version__)
        raise typer.Exit


def main() -> None:
    """Run the command; whatever goes wrong ends in one sentence and an exit code that says which it was."""
    mend_streams()
    try:
        app()
    except SystemExit:
        raise
    except BaseException as error:  # noqa: BLE001  what typer itself raises; see `whole`
        sys.exit(explained(error))
