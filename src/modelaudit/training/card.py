"""The card of a trained model: README.md beside it, which says what was trained, on what, how, and what came of it."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from modelaudit.reports.markdown import plain, table
from modelaudit.training.catalogue import MEASURES
from modelaudit.training.recipe import Recipe
from modelaudit.training.record import (
    BASE_FOLDER,
    RECORD,
    ClassScore,
    PrivacySpent,
    SourceInfo,
    StepInfo,
    TrainingRecord,
    TrainingScores,
)
from modelaudit.training.scores import CLASSES, ENTITIES, WORDS, cut_text

__all__ = ["card_text", "ending"]

_HUB_ID = re.compile(r"[A-Za-z0-9][\w.-]*(/[A-Za-z0-9][\w.-]*)?", re.ASCII)
_STEPS = {
    "base": "Base model",
    "reading": "Reading",
    "repair": "Repair of tags",
    "split": "Split",
    "outcome": "What came of it",
}
_HAIR = 1e-6
"""Of an epoch; epochs are counted in fractions of them."""
_SHOWN = 100
"""The most classes that a table of the card names; the record has all."""


def card_text(record: TrainingRecord) -> str:
    """Return the card as Markdown with front matter, in which an audit finds the base model.

    Names are a stranger's: in the front matter they stand as quoted scalars, in the text with their marks disarmed.
    """
    parts = [
        _front_matter(record),
        f"# A {record.task} model",
        f"Trained by modelaudit {plain(record.package_version)}. All that is said here, and more, stands in {RECORD}.",
        "## What was trained",
        _facts(record),
        "## Training rows",
        _rows(record),
        "## What was done to them",
        "\n".join(_steps(record)),
        *_privacy(record),
        "## Scores",
        *(_scores(scores) for scores in record.scores),
        *([] if record.scores else ["No rows were held back, so there are none. Score it on rows of its own."]),
        "## Audit it",
        _audit(),
        "## Versions",
        ", ".join(f"{plain(name)} {plain(version)}" for name, version in sorted(record.versions.items())),
    ]
    return "\n\n".join(parts) + "\n"


def _front_matter(record: TrainingRecord) -> str:
    base = _base_name(record)
    lines = ["library_name: transformers"]
    lines += [f"base_model: {base}"] if base is not None else []
    lines += [f"pipeline_tag: {record.task}", "tags:", "- modelaudit", f"- {record.task}"]
    return "\n".join(["---", *lines, "---"])


def _base_name(record: TrainingRecord) -> str | None:
    """The base model as the front matter names it; None where it came from memory, since a class leads nowhere."""
    name = record.base_model
    if record.base_made:
        return BASE_FOLDER
    if _HUB_ID.fullmatch(name):
        return json.dumps(name) if name.isdecimal() else name
    return json.dumps(name) if Path(name).is_absolute() else None


def _facts(record: TrainingRecord) -> str:
    made = f" (made from the rows, with random weights; in the folder {BASE_FOLDER})" if record.base_made else ""
    facts = [
        ("base model", plain(record.base_model) + made),
        ("labels", plain(", ".join(name[:40] for name in record.labels[:_SHOWN]))),
        ("seed", str(record.recipe.seed)),
        ("updates of the weights", f"{record.updates:,} in {record.epochs:g} epochs"),
    ]
    if record.best_epoch is not None:
        facts.append(("weights kept", f"those after epoch {record.best_epoch:g}, the best on the rows held back"))
    ended = ending(record)
    if ended is not None:
        facts.append(("end", ended))
    if record.temperature is not None:
        facts.append(("temperature", f"{record.temperature:.4g}, written into the last layer"))
    facts += [
        ("ran on", f"{plain(record.device)}, {plain(record.precision)}, {record.seconds:,.0f} s"),
        *_choices(record),
    ]
    return "\n".join(f"- {name}: {value}" for name, value in facts)


def ending(record: TrainingRecord) -> str | None:
    """Return how a training ended that stopped early or kept earlier weights than its last; None for any other."""
    planned, made, best = record.recipe.epochs, record.epochs, record.best_epoch
    # Weights are saved at the ends of epochs, and at the end of the training where that is within one.
    earlier = best is not None and best <= math.ceil(made - _HAIR) - 1 + _HAIR
    stopped = made < planned - _HAIR
    if not stopped and not earlier:
        return None
    end = f"stopped after epoch {made:g} of {planned:g}" if stopped else f"trained for {planned:g} epochs"
    return f"{end}; the weights of epoch {best:g} were kept" if earlier else end


def _choices(record: TrainingRecord) -> list[tuple[str, str]]:
    """What the recipe has other than by default."""
    usual, chosen = Recipe().model_dump(mode="json"), record.recipe.model_dump(mode="json")
    other = [f"{name} = {_said(value)}" for name, value in chosen.items() if value != usual[name] and name != "seed"]
    return [("recipe, beside the defaults", "; ".join(map(plain, other)) or "nothing")]


def _said(value: object) -> str:
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _rows(record: TrainingRecord) -> str:
    lines = [_source("trained on", record.train)]
    if record.dev is not None:
        lines.append(_source("held back", record.dev))
    elif record.dev_rows:
        lines.append(
            f"- held back: {record.dev_rows:,} of these rows, drawn with the seed {record.recipe.seed}; their numbers "
            f"stand in {RECORD}"
        )
    lines.append(f"- examples that training saw, copies among them: {record.examples:,}")
    if record.truncated:
        lines.append(
            f"- longer than the model takes: {record.truncated:,} of them, of which {record.tokens_lost:,} tokens were "
            "cut off"
        )
    else:
        lines.append("- longer than the model takes: none")
    return "\n".join(lines)


def _source(what: str, source: SourceInfo) -> str:
    file = f"; SHA-256 of the file `{source.sha256}`" if source.sha256 else ""
    return (
        f"- {what}: {plain(source.name)}, {source.rows:,} rows; SHA-256 of what they say `{source.rows_sha256}`{file}"
    )


def _steps(record: TrainingRecord) -> Iterator[str]:
    done = {step.name for step in record.steps}
    for step in record.steps:
        yield from _step(_title(step.name), step)
    for name in record.recipe.measures:
        if name not in done:
            yield from _step(_title(name), StepInfo(name=name))
    if not record.steps and not record.recipe.measures:
        yield "Nothing."


def _title(name: str) -> str:
    return MEASURES[name].title if name in MEASURES else _STEPS.get(name, name)


def _step(title: str, step: StepInfo) -> Iterator[str]:
    does = f": {plain(MEASURES[step.name].does)}" if step.name in MEASURES else ""
    yield f"- **{plain(title)}**{does}"
    yield from (f"    - {plain(what)}: {count:,}" for what, count in step.counts.items())
    yield from (f"    - {plain(note)}" for note in step.notes)


def _privacy(record: TrainingRecord) -> list[str]:
    spent = record.privacy
    if spent is None:
        return []
    return ["## Differential privacy", _guarantee(spent), "\n".join(f"- {limit}" for limit in _limits(record))]


def _guarantee(spent: PrivacySpent) -> str:
    return (
        f"(epsilon, delta) = ({spent.epsilon:.4g}, {spent.delta:.3g}) by DP-SGD: noise multiplier "
        f"{spent.noise_multiplier:.4g}, gradients clipped at {spent.clip:g}, sampling rate {spent.sampling_rate:.4g}, "
        f"{spent.steps:,} steps, counted by {plain(spent.accountant)}.\n\n"
        f"What it protects: {plain(spent.unit)}."
    )


def _limits(record: TrainingRecord) -> Iterator[str]:
    yield "It is a bound on what one row can change, and none on what many rows of one person can change together."
    yield "It holds for this one training; trying several and keeping the best spends more."
    if record.base_made:
        yield "The vocabulary was learned from the training rows, and is not covered."
    if record.dev_rows:
        yield "The rows that were held back are not covered; they chose no weights, since the last ones were kept."
    yield from (
        f"{plain(what)}: {plain(found)}" for what, found in (record.privacy.checks if record.privacy else {}).items()
    )


def _scores(scores: TrainingScores) -> str:
    unit = "words" if scores.entities else "rows"
    accuracy = "" if scores.accuracy is None else f" {scores.accuracy:.2%} of the {unit} are answered rightly."
    words = f", {scores.units:,} words" if scores.entities else ""
    cut = f" {cut_text(scores)}." if scores.cut_off else ""
    parts = [f"### On the {plain(scores.of)} rows", f"{scores.rows:,} rows{words}.{accuracy}{cut}"]
    if scores.entities:
        parts += [f"**{ENTITIES}**", _table("type", scores.entities, averages=2)]
        parts += [f"**{WORDS}**", _table("tag", scores.classes, averages=3)]
    else:
        parts += [f"**{CLASSES}**", _table("class", scores.classes, averages=3)]
    return "\n\n".join(parts)


def _table(heading: str, scores: Sequence[ClassScore], *, averages: int) -> str:
    first = len(scores) - averages
    shown = [(score.name[:40], score) for score in scores[: min(first, _SHOWN)]]
    shown += [(f"{score.name} average", score) for score in scores[first:]]
    rows = [(name, *map(_share, (each.precision, each.recall, each.f1)), f"{each.support:,}") for name, each in shown]
    return table((heading, "precision", "recall", "F1", "support"), rows)


def _share(value: float | None) -> str:
    return "-" if value is None else f"{value:.4f}"


def _audit() -> str:
    return (
        "On rows that it was not trained on, in the folder that holds this card's folder:\n\n"
        "```\npip install modelaudit-core\nmodelaudit run FOLDER-OF-THIS-MODEL ROWS.csv --out report.html\n```\n\n"
        f"The base model is found by this card. The training rows are found by {RECORD}, as long as their file lies "
        "where it lay and is unchanged; rows that were held back are not taken for training rows."
    )
