"""How a study writes its results: one JSON file that a program reads, and a Markdown table made from it."""

from __future__ import annotations

import json
import math
import os
import platform
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

RESULTS = Path(__file__).parent / "results"
"""Where studies leave their results by default."""

PACKAGES = (
    "modelaudit-core",
    "numpy",
    "scipy",
    "torch",
    "onnxruntime",
    "transformers",
    "datasets",
    "scikit-learn",
    "shap",
    "peft",
)
"""The packages whose versions can change a figure; those that are not installed are left out."""


@dataclass(frozen=True)
class Figure:
    """One number of a study.

    `target` says in words or signs what it should be ("<= 0.05", "0.93 to 0.97"), and `met` whether it is; both are
    None for a number that is only reported.
    """

    name: str
    value: float | int | str | None
    unit: str
    target: str | None = None
    met: bool | None = None


def at_most(name: str, value: float, limit: float, *, unit: str = "rate") -> Figure:
    """Return a figure whose target is `<= limit`."""
    return Figure(name, value, unit, f"<= {limit:g}", bool(value <= limit))


def at_least(name: str, value: float, limit: float, *, unit: str = "rate") -> Figure:
    """Return a figure whose target is `>= limit`."""
    return Figure(name, value, unit, f">= {limit:g}", bool(value >= limit))


def within(name: str, value: float, low: float, high: float, *, unit: str = "rate") -> Figure:
    """Return a figure whose target is to lie between `low` and `high`."""
    return Figure(name, value, unit, f"{low:g} to {high:g}", bool(low <= value <= high))


def write_study(
    name: str,
    figures: Sequence[Figure],
    seed: int,
    command: str,
    folder: Path = RESULTS,
    *,
    records: Mapping[str, Any] | None = None,
    sections: Callable[[dict], str] = lambda study: "",
) -> tuple[Path, Path]:
    """Write `<folder>/<name>.json` and the table `<folder>/<name>.md` made from it; return both paths.

    `command` is what reproduces the study from the project's root. `records` are what the figures come from, under
    names of their own in the JSON, and `sections` makes of the JSON what the page has below the table. ValueError where
    a figure is NaN or infinite.
    """
    for figure in figures:
        if isinstance(figure.value, float) and not math.isfinite(figure.value):
            raise ValueError(f"The figure {figure.name!r} is {figure.value}; give None and say why in its name.")
    study = {
        "command": command,
        "versions": versions(),
        "hardware": hardware(),
        "seed": seed,
        "figures": [asdict(figure) for figure in figures],
        **(records or {}),
    }
    folder.mkdir(parents=True, exist_ok=True)
    data, table = folder / f"{name}.json", folder / f"{name}.md"
    data.write_text(json.dumps(study, indent=2, ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")
    read = json.loads(data.read_text(encoding="utf-8"))
    table.write_text(markdown(name, read) + sections(read), encoding="utf-8")
    return data, table


def versions() -> dict[str, str]:
    """Return the versions of Python and of the packages that can change a figure."""
    found = {"python": platform.python_version()}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found


def hardware() -> dict[str, str | int]:
    """Return the kind of machine, without anything that names this one."""
    return {"system": platform.system(), "machine": platform.machine(), "cpus": os.cpu_count() or 1}


def markdown(name: str, study: dict) -> str:
    """Return the Markdown page of a study as it stands in its JSON."""
    lines = [
        f"# {name.replace('_', ' ').replace('-', ' ').capitalize()}",
        "",
        f"Made by `{study['command']}` with seed {study['seed']}, on "
        f"{study['hardware']['system']} {study['hardware']['machine']}, {study['hardware']['cpus']} CPUs; "
        + ", ".join(f"{package} {number}" for package, number in study["versions"].items())
        + ".",
        "",
        "| figure | value | unit | target | met |",
        "|---|---|---|---|---|",
    ]
    for figure in study["figures"]:
        value = figure["value"]
        shown = "none" if value is None else f"{value:.4g}" if isinstance(value, float) else str(value)
        met = {True: "yes", False: "**no**", None: ""}[figure["met"]]
        cells = (figure["name"], shown, figure["unit"], figure["target"] or "", met)
        lines.append("| " + " | ".join(str(cell).replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"
