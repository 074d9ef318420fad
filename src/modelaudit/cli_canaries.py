"""`modelaudit canaries`: rows that are planted in training data to find out what a model gives away."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from modelaudit.errors import InputError
from modelaudit.terminal import err, out, whole

canaries = typer.Typer(
    help="Plant canaries in training data, to audit the model that is trained on it.", no_args_is_help=True
)


@canaries.callback()
def canaries_command() -> None:
    """Plant canaries in training data, to audit the model that is trained on it."""


@canaries.command()
@whole
def plant(
    data: Annotated[Path, typer.Argument(help="Training rows: csv, tsv, jsonl, json, parquet or CoNLL.")],
    out_file: Annotated[
        Path, typer.Option("--out", help="Where to write them with canaries in it; the same format as DATA.")
    ],
    manifest: Annotated[Path, typer.Option(help="Where to write which canaries went in. Keep it from whoever trains.")],
    task: Annotated[
        str | None,
        typer.Option(help="text-classification, token-classification or text-generation; by default from the columns."),
    ] = None,
    count: Annotated[int, typer.Option(help="Canaries; a fair coin puts each in or leaves it out.")] = 1000,
    kind: Annotated[
        str | None, typer.Option(help="mislabelled (default), word-salad; names (tags); digits (generation).")
    ] = None,
    repeats: Annotated[str, typer.Option(help="How often a canary stands in the data; of 1,4,16 a third each.")] = "1",
    labels: Annotated[
        str | None,
        typer.Option(help="Labels, or types of entity, of canaries, with commas; by default all, or persons."),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(help="Seed of texts, coins and places; by default nobody knows it.")
    ] = None,
    text_column: Annotated[str | None, typer.Option(help="Column of the text, or of the words.")] = None,
    label_column: Annotated[str | None, typer.Option(help="Column of the label, the tags or the answer.")] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace files that are there.")] = False,
) -> None:
    """Put made-up rows into training data or leave them out, each by a coin toss, and write down which.

    Train on the new file, then audit the model with the manifest named in modelaudit.toml. Exit code: 0, or 2 for wrong
    usage or unusable input.
    """
    from modelaudit.training.canaries import plant_canaries

    done = plant_canaries(
        data,
        out=out_file,
        manifest=manifest,
        task=task,
        count=count,
        kind=kind,
        repeats=_numbers(repeats),
        labels=None if labels is None else [label.strip() for label in labels.split(",") if label.strip()],
        seed=seed,
        text_column=text_column,
        label_column=label_column,
        overwrite=overwrite,
    )
    planted = done.manifest
    for note in done.notes:
        err.print(f"[yellow]note:[/yellow] {escape(note)}")
    out.print(
        f"written: {escape(str(done.out))} ({planted.rows_after:,} rows; {len(planted.included):,} of "
        f"{len(planted.canaries):,} {planted.kind} canaries went in)"
    )
    out.print(
        f"written: {escape(str(done.manifest_path))} (readable by you alone; keep it from whoever trains), seal "
        f"{done.seal}"
    )


def _numbers(text: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in text.split(","))
    except ValueError as error:
        raise InputError(f"--repeats is {text!r:.40}; give whole numbers with commas, as 1,4,16") from error
