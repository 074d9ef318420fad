"""The command `demo`: an audit of a model with planted defects, compared with what was planted."""

from __future__ import annotations

import tempfile
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from modelaudit.terminal import err, out, whole


class DemoTask(StrEnum):
    """The demo's task."""

    classification = "classification"
    ner = "ner"


@whole
def demo(
    clean: Annotated[bool, typer.Option("--clean", help="Leave the planted defects out.")] = False,
    task: Annotated[DemoTask, typer.Option(help="What the demo's model does.")] = DemoTask.classification,
    out_files: Annotated[
        list[Path] | None, typer.Option("--out", help="Where to write; by default demo-report/report.html and .json.")
    ] = None,
    seed: Annotated[int, typer.Option(help="Seed of everything random.", min=0)] = 0,
) -> None:
    """Train a small model on generated data with planted defects, audit it, and compare with what was planted.

    Exit code 0 where the report shows each planted defect and nothing else, 1 otherwise.
    """
    from modelaudit.audit import Audit
    from modelaudit.cli_summary import save, summary
    from modelaudit.destinations import check_writable
    from modelaudit.outcome import AuditOutcome
    from modelaudit.plugins import Plugins
    from modelaudit.progress import listener_for_stderr
    from modelaudit.testing.demo import build_demo, unmet

    plugins = Plugins(installed=False)
    files = out_files or [Path("demo-report/report.html"), Path("demo-report/report.json")]
    for path in files:
        check_writable(path, plugins)
    with tempfile.TemporaryDirectory(prefix="modelaudit-demo-") as folder:
        err.print("training the demo's model on generated data …")
        case = build_demo(task.value, clean=clean, seed=seed, folder=Path(folder))
        audit = Audit(
            case.model,
            case.data,
            train_data=case.train_data,
            heldout_data=case.heldout_data,
            seed=seed,
            show_text=True,
            declared=case.declared,
            plugins=plugins,
        )
        report = audit.run(listener=listener_for_stderr()).report
    # The demo's folder is gone when the report is read; the demo's own command makes both again.
    again = f"modelaudit demo --task {task.value} --seed {seed}" + (" --clean" if clean else "")
    report = report.model_copy(update={"run": report.run.model_copy(update={"command": again})})
    summary(report)
    save(AuditOutcome(report, plugins), files)
    deviations = unmet(case, report)
    for deviation in deviations:
        out.print(f"[red]not as planted:[/red] {escape(deviation)}")
    if not deviations:
        planted = "nothing was planted or found" if clean else "each planted defect was found, no other"
        out.print(f"[green]as planted:[/green] {planted}, beyond what any small model on generated rows shows")
    raise typer.Exit(1 if deviations else 0)
