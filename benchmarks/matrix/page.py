"""The page of the matrix in the documentation, written from the results."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from matrix.agreement import TOLERANCE
from matrix.records import passed

PAGE = Path(__file__).parents[2] / "docs" / "compatibility.md"
HEAD = """# Compatibility

Which architectures of `transformers` can be audited, and how that is known. Each cell below is a tiny model of one
architecture with one head: made from its configuration with random weights, with a tokenizer or processor of its
family, saved, opened from its folder and audited whole on a CPU, beside a base model and training rows where the task
has them. A cell counts as right where

- no check errored: each was completed, or says why it does not apply or was skipped;
- the answers are those that `transformers` itself gives to the same row, tokenised by the same tokenizer and asked
  alone: the largest difference is at most {tolerance:g} of 1 + |answer|, whether rows are packed, put together by
  length or asked one by one;
- a row has the same bits whatever is asked beside it.

It says nothing of how good a model of the architecture is, and little of what an audit of a large one costs. Run it
with `make matrix`. This page is written from `benchmarks/results/matrix.json` by `benchmarks/run_matrix.py --page`.
"""


def write_page(records: Sequence[Mapping[str, Any]], path: Path = PAGE) -> None:
    """Write the page: a line for each architecture or odd checkpoint, and what is not right."""
    path.write_text(page(records), encoding="utf-8")


def page(records: Sequence[Mapping[str, Any]]) -> str:
    """Return the page as Markdown."""
    versions = sorted({record["transformers"] for record in records})
    right = sum(map(passed, records))
    names = sorted({record["architecture"] for record in records}, key=str.lower)
    lines = [
        HEAD.format(tolerance=TOLERANCE),
        f"{right:,} of {len(records):,} cells are right, with transformers {' and '.join(versions)}.",
        "",
        f"| model | tasks | {' | '.join(versions)} | largest difference |",
        f"|---|---|{'---|' * len(versions)}---:|",
        *(_line(name, [r for r in records if r["architecture"] == name], versions) for name in names),
    ]
    wrong = [record for record in records if not passed(record)]
    if wrong:
        lines += ["", "## What is not right", "", *map(_fault, wrong)]
    return "\n".join(lines) + "\n"


def _line(name: str, records: Sequence[Mapping[str, Any]], versions: Iterable[str]) -> str:
    tasks = ", ".join(sorted({record["task"] for record in records}))
    cells = [_tally([record for record in records if record["transformers"] == version]) for version in versions]
    compared = [record["difference"] for record in records if record["difference"] is not None]
    return (
        f"| {name} | {tasks} | {' | '.join(cells)} | {max(compared):.0e} |"
        if compared
        else (f"| {name} | {tasks} | {' | '.join(cells)} | – |")
    )


def _tally(records: Sequence[Mapping[str, Any]]) -> str:
    right = sum(map(passed, records))
    return "–" if not records else "yes" if right == len(records) else f"{right} of {len(records)}"


def _fault(record: Mapping[str, Any]) -> str:
    broken = "; ".join(f"{checker} errored" for checker in record["broken"])
    said = record["note"] or broken or "rows asked alone have other bits"
    return f"- {record['architecture']}, {record['task']}, transformers {record['transformers']}: {_plain(said)}"


def _plain(text: str) -> str:
    """Return a note as one line of Markdown, without what it would take for markup."""
    return " ".join(text.split()).replace("<", "\\<").replace("|", "\\|").replace("`", "'")
