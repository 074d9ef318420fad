"""`modelaudit train`: fine-tune a model for classification or named entities, with measures against risks."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.markup import escape

from modelaudit.terminal import err, out, whole

if TYPE_CHECKING:
    from modelaudit.training.recipe import Recipe
    from modelaudit.training.record import TrainingRecord, TrainingScores

NEVER = 0
"""What --patience says where training never stops early."""


class Form(StrEnum):
    """How the scores are printed."""

    text = "text"
    json = "json"


DATA, MEASURES, RECIPE, RUN = "Data", "Measures against risks", "How it is trained", "The run"


def _recipe(help_: str, panel: str = RECIPE, flag: str | None = None) -> Any:
    """An option that is a field of the recipe; what it is by default is said once, by the recipe."""
    return typer.Option(*([flag] if flag else []), help=help_, rich_help_panel=panel, show_default=False)


@whole
def train(
    data: Annotated[str, typer.Argument(help="Training rows: csv, tsv, jsonl, json, parquet or CoNLL.")],
    task: Annotated[str, typer.Option(help="ner or classification.")],
    base_model: Annotated[str, typer.Option(help="compact (made from the rows), a hub id, or a folder.")],
    out_folder: Annotated[Path, typer.Option("--out", help="Folder for the model; a new or an empty one.")],
    dev: Annotated[str | None, typer.Option(help="Rows to choose weights by.", rich_help_panel=DATA)] = None,
    test: Annotated[
        str | None, typer.Option(help="Rows to score the model on at the end.", rich_help_panel=DATA)
    ] = None,
    labels: Annotated[
        str | None, typer.Option(help="All labels or tags in their order, with commas.", rich_help_panel=DATA)
    ] = None,
    text_column: Annotated[
        str | None, typer.Option(help="Column of the text, or of the words.", rich_help_panel=DATA)
    ] = None,
    label_column: Annotated[
        str | None, typer.Option(help="Column of the label, or of the tags.", rich_help_panel=DATA)
    ] = None,
    group_column: Annotated[
        str | None, typer.Option(help="Column of the document or person of a row.", rich_help_panel=DATA)
    ] = None,
    dev_share: Annotated[
        float | None, _recipe("Share of the rows held back without --dev (default: 0.1).", DATA)
    ] = None,
    bad_tags: Annotated[
        str | None, _recipe("Tags that break their scheme: repair or refuse (default: repair).", DATA)
    ] = None,
    tokenizer: Annotated[
        str | None, typer.Option(help="Tokenizer, where it does not come with the model.", rich_help_panel=DATA)
    ] = None,
    measure: Annotated[
        list[str] | None,
        typer.Option(help="A measure at its usual strength, by its id. Repeatable.", rich_help_panel=MEASURES),
    ] = None,
    deidentify: Annotated[
        bool, _recipe("Replace personal data by made-up data of its kind.", MEASURES, "--deidentify")
    ] = False,
    deduplicate: Annotated[bool, _recipe("Keep one of rows that say the same.", MEASURES, "--deduplicate")] = False,
    stop_on: Annotated[str | None, _recipe("What stops training: score or loss (default: score).", MEASURES)] = None,
    patience: Annotated[
        int | None, _recipe("Epochs without a better one before it stops; 0 never stops early (default: 2).", MEASURES)
    ] = None,
    dropout: Annotated[
        float | None, _recipe("Share of units switched off at random (default: the model's).", MEASURES)
    ] = None,
    label_smoothing: Annotated[
        float | None, _recipe("Share of a label spread over the others (default: 0).", MEASURES)
    ] = None,
    adapter: Annotated[
        str | None, _recipe("What is trained: none (all), head, lora or adalora (default: none).", MEASURES)
    ] = None,
    rank: Annotated[int | None, _recipe("Rank of an adapter's matrices (default: 8).", MEASURES)] = None,
    dp_epsilon: Annotated[float | None, _recipe("Differential privacy: the most epsilon to spend.", MEASURES)] = None,
    dp_delta: Annotated[float | None, _recipe("Its delta (default: 1 / rows to the 1.1).", MEASURES)] = None,
    dp_clip: Annotated[
        float | None, _recipe("Norm that a row's gradient is clipped at (default: 1).", MEASURES)
    ] = None,
    counterfactuals: Annotated[
        str | None, _recipe("Attributes to write rows again for: gender,ethnicity.", MEASURES)
    ] = None,
    logit_pairing: Annotated[
        float | None, _recipe("Weight of logit pairing with such copies (default: 0).", MEASURES)
    ] = None,
    pairing_attributes: Annotated[
        str | None, _recipe("Attributes of logit pairing (default: gender,ethnicity).", MEASURES)
    ] = None,
    name_copies: Annotated[
        int | None, _recipe("Copies with other names of a sentence with one (default: 0).", MEASURES)
    ] = None,
    reweigh: Annotated[str | None, _recipe("Column of the group to make independent of the label.", MEASURES)] = None,
    perturbed_copies: Annotated[int | None, _recipe("Copies of a row with slips in it (default: 0).", MEASURES)] = None,
    temperature: Annotated[
        bool, _recipe("Fit a temperature and write it into the last layer.", MEASURES, "--temperature")
    ] = False,
    epochs: Annotated[float | None, _recipe("Passes over the rows (default: 3).")] = None,
    batch_size: Annotated[int | None, _recipe("Rows a batch (default: 32).")] = None,
    accumulate: Annotated[int | None, _recipe("Batches an update (default: 1).")] = None,
    learning_rate: Annotated[float | None, _recipe("At its peak (default: by what is trained).")] = None,
    warmup: Annotated[float | None, _recipe("Share of updates in which the rate rises (default: 0.1).")] = None,
    weight_decay: Annotated[float | None, _recipe("Of AdamW (default: 0.01).")] = None,
    clip: Annotated[float | None, _recipe("Largest norm of a gradient (default: 1).")] = None,
    precision: Annotated[str | None, _recipe("auto, float32, bfloat16 or float16 (default: auto).")] = None,
    max_length: Annotated[int | None, _recipe("Most tokens of a row (default: the model's, at most 512).")] = None,
    seed: Annotated[int | None, _recipe("Seed of everything random (default: 0).")] = None,
    device: Annotated[str, typer.Option(help="Where it is trained: auto, cpu or cuda.", rich_help_panel=RUN)] = "auto",
    report_to: Annotated[
        list[str] | None, typer.Option(help="tensorboard or wandb. Repeatable.", rich_help_panel=RUN)
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Go on with a training that was stopped.", rich_help_panel=RUN)
    ] = False,
    keep_checkpoints: Annotated[
        bool, typer.Option("--keep-checkpoints", help="Leave them in the folder.", rich_help_panel=RUN)
    ] = False,
    trust_remote_code: Annotated[
        bool, typer.Option("--trust-remote-code", help="Run code that comes with the model.", rich_help_panel=RUN)
    ] = False,
    allow_pickle: Annotated[
        bool,
        typer.Option("--allow-pickle", help="Load pickled weights, which can run code.", rich_help_panel=RUN),
    ] = False,
    form: Annotated[
        Form, typer.Option("--format", help="How the scores are printed.", rich_help_panel=RUN)
    ] = Form.text,
) -> None:
    """Train a model, score it, and leave it in a folder with its card, its record and all that an audit needs.

    Nothing is ever written over. Exit code: 0, or 2 for wrong usage or unusable input.
    """
    recipe = recipe_of(
        {
            "seed": seed, "epochs": epochs, "batch_size": batch_size, "accumulate": accumulate,
            "learning_rate": learning_rate, "warmup": warmup, "weight_decay": weight_decay, "clip": clip,
            "precision": precision, "max_length": max_length, "dev_share": dev_share, "patience": patience,
            "stop_on": stop_on, "adapter": adapter, "rank": rank, "bad_tags": bad_tags, "dropout": dropout,
            "label_smoothing": label_smoothing, "deidentify": deidentify or None, "deduplicate": deduplicate or None,
            "counterfactuals": _parts(counterfactuals), "logit_pairing": logit_pairing,
            "pairing_attributes": _parts(pairing_attributes), "name_copies": name_copies, "reweigh": reweigh,
            "perturbed_copies": perturbed_copies, "temperature": temperature or None, "dp_epsilon": dp_epsilon,
            "dp_delta": dp_delta, "dp_clip": dp_clip,
        },
        measure or [],
    )  # fmt: skip
    from modelaudit.subject.tables import read_table
    from modelaudit.training.trainer import ReferenceTrainer

    if test is not None:
        # A table that can't be read is better known before the training than behind it.
        read_table(test, name=Path(test).name)
    trained = ReferenceTrainer(
        data,
        task=task,
        base_model=base_model,
        out=out_folder,
        dev_data=dev,
        tokenizer=tokenizer,
        labels=_parts(labels),
        text_column=text_column,
        label_column=label_column,
        group_column=group_column,
        recipe=recipe,
        device=device,
        report_to=report_to or (),
        keep_checkpoints=keep_checkpoints,
        trust_remote_code=trust_remote_code,
        allow_pickle=allow_pickle,
    ).train(resume=resume, progress=err.is_terminal)
    scores = list(trained.record.scores)
    try:
        if test is not None:
            from modelaudit.subject.opened import OpenOptions
            from modelaudit.subject.task import ColumnChoice
            from modelaudit.training.saved_scores import scores_on

            columns = ColumnChoice(text=text_column, label=label_column)
            options = OpenOptions(trust_remote_code=trust_remote_code)
            scores.append(scores_on(trained.folder, test, columns=columns, options=options, device=device))
    finally:
        # The model is there, whatever the test rows are.
        _say(trained.folder, trained.record, scores, form)


def recipe_of(given: Mapping[str, Any], measures: Sequence[str]) -> Recipe:
    """Return the recipe of measures at their usual strength, in which what was given by a flag of its own wins."""
    from modelaudit.training.recipe import Recipe

    said = {name: value for name, value in given.items() if value is not None}
    usual = Recipe().with_measures(measures, reweigh=said.get("reweigh"))
    recipe = {**usual.model_dump(exclude_defaults=True), **said}
    if recipe.get("patience") == NEVER:
        recipe["patience"] = None
    return Recipe.of(**recipe).effective()


def _parts(text: str | None) -> tuple[str, ...] | None:
    return None if text is None else tuple(part.strip() for part in text.split(",") if part.strip())


def _say(folder: Path, record: TrainingRecord, scores: Sequence[TrainingScores], form: Form) -> None:
    """Print the scores and where the model lies; and on stderr what was done to the rows, and how training ended."""
    _say_steps(folder, record)
    if form is Form.json:
        said = {"folder": str(folder), "scores": [each.model_dump(mode="json") for each in scores]}
        out.print(json.dumps(said, indent=1), markup=False)
        return
    from modelaudit.training.scores import score_text

    for each in scores:
        out.print(score_text(each), markup=False)
        out.print()
    out.print(f"written: {escape(str(folder))}")


def _say_steps(folder: Path, record: TrainingRecord) -> None:
    from modelaudit.reports.text import visible
    from modelaudit.training.card import ending
    from modelaudit.training.folder import LOGS

    for step in record.steps:
        counts = "; ".join(f"{what}: {count:,}" for what, count in step.counts.items())
        if counts or not step.notes:
            err.print(escape(visible(f"{step.name}: {counts}" if counts else step.name)))
        for note in step.notes:
            err.print(f"[yellow]note:[/yellow] {escape(visible(note))}")
    if record.truncated:
        limit = record.scores[0].limit if record.scores else None
        most = "the model takes" if limit is None else f"the {limit:,} tokens that the model takes"
        err.print(
            f"[yellow]note:[/yellow] {record.truncated:,} of {record.examples:,} examples were longer than {most}; "
            f"{record.tokens_lost:,} tokens were cut off"
        )
    if record.privacy is not None:
        spent = record.privacy
        err.print(escape(f"differential privacy: epsilon {spent.epsilon:.4g} at delta {spent.delta:.3g}, {spent.unit}"))
    ended = ending(record)
    if ended is not None:
        err.print(f"training: {ended}")
    if (folder / LOGS).is_dir():
        err.print(f"curves: {escape(visible(str(folder / LOGS)))}")
