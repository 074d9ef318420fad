"""`modelaudit new-plugin`: a package of one's own with a checker in it, whose tests pass at once."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from modelaudit.terminal import out, whole


class RiskName(StrEnum):
    """The family of risk that a checker belongs to."""

    privacy = "privacy"
    bias = "bias"
    opacity = "opacity"
    robustness = "robustness"
    data = "data"
    performance = "performance"


@whole
def new_plugin(
    name: Annotated[str, typer.Argument(help="What the plugin is called, after its question: tone-of-voice.")],
    out_folder: Annotated[
        Path, typer.Option("--out", metavar="FOLDER", help="Where the package's folder is made.")
    ] = Path(),
    risk: Annotated[RiskName, typer.Option(help="The family of risk that it belongs to.")] = RiskName.robustness,
    vendor: Annotated[
        str | None, typer.Option(help="Who ships it, the first part of the checker's id; by default NAME.")
    ] = None,
) -> None:
    """Write a package with a checker, its planted defect, its tests, a docs page and CI; replace its question by yours.

    Exit code: 0, or 2 for a name that can't be one, or a folder that is there already.
    """
    from modelaudit.results import Risk
    from modelaudit.testing.scaffold import PluginName, planned, write_plugin

    names = PluginName.of(name, vendor)
    plan = planned(names, risk=Risk(risk.value), folder=out_folder)
    write_plugin(plan)
    out.print(f"written: {escape(str(plan.folder))} ({len(plan.files)} files), a checker called {names.id}")
    out.print("Next, in that folder:")
    out.print('  pip install --editable ".[dev]"'.replace("[", r"\["))
    out.print("  pytest")
    out.print("The suite of the contract passes. Then make the question, the defect and the page your own.")
