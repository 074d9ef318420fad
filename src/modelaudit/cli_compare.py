"""`modelaudit compare`: what changed between two audits."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from modelaudit.errors import InputError
from modelaudit.terminal import out, whole

if TYPE_CHECKING:
    from modelaudit.audit_report import AuditReport
    from modelaudit.comparison import Comparison
    from modelaudit.monitoring import RowOutcomes

SUFFIXES = (".md", ".json")


@whole
def compare(
    before: Annotated[Path, typer.Argument(metavar="A", help="The baseline: a report in JSON.")],
    after: Annotated[Path, typer.Argument(metavar="B", help="The report that is compared with it, in JSON.")],
    rows_a: Annotated[Path | None, typer.Option(help="Row file of A, to compare row by row.")] = None,
    rows_b: Annotated[Path | None, typer.Option(help="Row file of B.")] = None,
    key_file: Annotated[
        Path | None, typer.Option(help="Key of both row files; by default in MODELAUDIT_ROW_KEY.")
    ] = None,
    out_files: Annotated[
        list[Path] | None,
        typer.Option(
            "--out", help="Where to write: .md or .json. Repeatable; without it, Markdown goes to the screen."
        ),
    ] = None,
    language: Annotated[str, typer.Option(help="Language of the Markdown: en or zh.")] = "en",
) -> None:
    """Say what is worse, better, new and gone in B, with A as the baseline.

    Exit code: 0 nothing is clearly worse, 1 something is worse, a check of B failed, or an answer is gone that the
    policy requires, 2 the two can't be compared, or wrong usage or unusable input.
    """
    from modelaudit.destinations import check_place, places, write_whole
    from modelaudit.monitoring import compare as compared
    from modelaudit.reports import load_report
    from modelaudit.reports.change_words import headline
    from modelaudit.reports.changes_markdown import render_changes
    from modelaudit.reports.words import speaking

    read = places([before, after, rows_a, rows_b, key_file])
    for path in out_files or []:
        if path.suffix.lower() not in SUFFIXES:
            raise InputError(
                f"{path} has none of the suffixes {' and '.join(SUFFIXES)} that a comparison is written in"
            )
        check_place(path, read=read)
    with speaking(language):
        reports = load_report(before), load_report(after)
        comparison = compared(*reports, *_rows(reports, (rows_a, rows_b), key_file))
        for path in out_files or []:
            write_whole(path, _json(comparison) if path.suffix.lower() == ".json" else render_changes(comparison))
        if out_files:
            out.print(escape(headline(comparison)))
        else:
            out.print(render_changes(comparison), markup=False, end="")
    for path in out_files or []:
        out.print(f"written: {escape(str(path))}")
    raise typer.Exit(comparison.exit_code)


def _rows(
    reports: tuple[AuditReport, AuditReport], files: tuple[Path | None, Path | None], key_file: Path | None
) -> tuple[RowOutcomes | None, RowOutcomes | None]:
    from modelaudit.monitoring import RowKey, read_row_file

    first, second = files
    if first is None and second is None:
        if key_file is not None:
            raise InputError("--key-file is given and no row file; give --rows-a and --rows-b as well, or leave it out")
        return None, None
    if first is None or second is None:
        raise InputError("rows of one report alone can't be paired; give both --rows-a and --rows-b, or neither")
    key = RowKey.read(key_file)
    return read_row_file(first, key, reports[0]), read_row_file(second, key, reports[1])


def _json(comparison: Comparison) -> str:
    content = comparison.model_dump(mode="json") | {"exit_code": comparison.exit_code}
    return json.dumps(content, indent=2, sort_keys=True, allow_nan=False) + "\n"
