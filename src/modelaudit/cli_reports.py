"""`modelaudit render`, `judge` and `verify`: what is done with a saved report, without the model."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from modelaudit.terminal import out, whole


class Language(StrEnum):
    """The language of a report."""

    en = "en"
    zh = "zh"


ReportArgument = Annotated[Path, typer.Argument(help="A report in JSON.")]
LanguageOption = Annotated[Language, typer.Option(help="Language of what is written for a reader.")]
ANSWERS = {"holds": "[green]●[/green]", "differs": "[red]▲[/red]", "unknown": "[yellow]◆[/yellow]"}


@whole
def render(
    report: ReportArgument,
    out_files: Annotated[
        list[Path], typer.Option("--out", help="Where to write; the suffix picks the format. Repeatable.")
    ],
    policy: Annotated[Path | None, typer.Option(help="Policy to judge by instead of the report's own.")] = None,
    language: LanguageOption = Language.en,
) -> None:
    """Render a saved report in other formats, or judge it by another policy, without the model.

    Exit code: that of the report's gate, as `run` gives it.
    """
    raise typer.Exit(_written(report, policy, out_files, language))


@whole
def judge(
    report: ReportArgument,
    policy: Annotated[Path, typer.Option(help="Policy file (TOML).")],
    out_files: Annotated[
        list[Path] | None, typer.Option("--out", help="Where to write the report as it is judged now. Repeatable.")
    ] = None,
    language: LanguageOption = Language.en,
) -> None:
    """Judge a saved report by a policy, without the model.

    Exit code: that of the policy's gate: 0 it holds, 1 a limit is exceeded, 2 wrong usage or unusable input, 3 a
    required check is missing or inconclusive, 4 a checker failed.
    """
    raise typer.Exit(_written(report, policy, out_files or [], language))


@whole
def verify(
    file: Annotated[Path, typer.Argument(help="A report in any format that modelaudit writes.")],
    digest: Annotated[str | None, typer.Option(help="The record's digest as you kept it elsewhere.")] = None,
    seal: Annotated[str | None, typer.Option(help="The file's seal as you kept it elsewhere.")] = None,
    record: Annotated[
        Path | None, typer.Option(help="The JSON record: the file is made again from it and compared.")
    ] = None,
    inputs: Annotated[
        Path | None, typer.Option(help="Folder of the files that the audit read: their hashes are compared.")
    ] = None,
) -> None:
    """Say whether a report file is as it was written, and what that shows.

    Exit code: 0 all that was asked holds, 1 something was changed or is another, 2 wrong usage or unusable input,
    3 something that was asked can't be told.
    """
    from modelaudit.reports.text import visible
    from modelaudit.verification import verify as verified

    found = verified(file, digest=digest, seal=seal, record=record, inputs=inputs)
    for point in found.points:
        out.print(f"{ANSWERS[point.answer]} {escape(visible(point.words))}")
    for name, value in (("digest", found.digest), ("seal", found.seal)):
        if value is not None:
            out.print(f"{name}: {escape(value)}")
    for words in found.limits:
        out.print(f"[dim]{escape(words)}[/dim]")
    raise typer.Exit(found.exit_code)


def _written(path: Path, policy: Path | None, files: list[Path], language: Language) -> int:
    """Read a report, judge it again where a policy is given, print its summary, write it, and return the exit code."""
    from modelaudit.cli_summary import save, summary
    from modelaudit.destinations import places
    from modelaudit.outcome import AuditOutcome
    from modelaudit.policy import rejudged
    from modelaudit.policy_file import load_policy
    from modelaudit.reports import load_report

    loaded = load_report(path)
    if policy is not None:
        loaded = rejudged(loaded, load_policy(policy))
    summary(loaded)
    if files:
        save(AuditOutcome(loaded, read=places([path, policy]), language=language.value), files)
    return loaded.judgement.gate.exit_code
