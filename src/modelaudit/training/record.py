"""The record of a training: what was trained, on what, how, and what came of it; `training.json` beside the model.

Values only, and no torch: the audit reads it to find the base model and the training rows by itself.
"""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from modelaudit.evidence import Frozen, Text
from modelaudit.training.recipe import Recipe

RECORD = "training.json"
"""Its name in the model's folder."""
BASE_FOLDER = "base"
"""The folder, in the model's own, of a base model that was made for it (`compact`)."""


class SourceInfo(Frozen):
    """One table that was read.

    Attributes:
        path: absolute, or None for rows that came from memory; sha256, bytes: of the file.
        rows: as they were read, empty ones left out; rows_sha256: of what they say, in their order, as reports give it.
        text_column, label_column, group_column: where they stood.
        held_back: numbers of rows, counted from 1, that were split off as dev rows, so that nothing was trained on
            them.
    """

    name: Text
    path: Text | None = None
    sha256: Text | None = None
    bytes: int | None = Field(default=None, ge=0)
    rows: int = Field(ge=0)
    rows_sha256: Text
    text_column: Text
    label_column: Text
    group_column: Text | None = None
    held_back: tuple[int, ...] = ()


class StepInfo(Frozen):
    """One thing that was done to the rows (`examples.Step`)."""

    name: Text
    counts: dict[Text, int] = Field(default_factory=dict)
    notes: tuple[Text, ...] = ()


class ClassScore(Frozen):
    """Scores of one class, tag or type of entity, or their average; None where nothing was predicted or true."""

    name: Text
    precision: float | None
    recall: float | None
    f1: float | None
    support: int = Field(ge=0)


class TrainingScores(Frozen):
    """How well the saved model does on rows, as an audit would ask it.

    Attributes:
        of: which rows (`dev`, `test`). rows: how many; units: words for token classification, rows otherwise.
        accuracy: of units. cut_off: units without an answer, since the row was longer than the model takes; cut_rows:
            how many rows these are of. limit: the most tokens of a row that the model takes.
        entities: by type, then `micro` and `macro` averages, of whole entities, strict (type and both ends right, and
            the tags well-formed); empty for text classification.
        classes: by word tag, O among them, or by class, then `micro`, `macro` and `weighted` averages. Not entity F1.
    """

    of: Text
    rows: int = Field(ge=0)
    units: int = Field(ge=0)
    accuracy: float | None
    cut_off: int = Field(default=0, ge=0)
    cut_rows: int = Field(default=0, ge=0)
    limit: int | None = Field(default=None, ge=1)
    entities: tuple[ClassScore, ...] = ()
    classes: tuple[ClassScore, ...] = ()


class PrivacySpent(Frozen):
    """The differential privacy of a training, for adding or removing one row (Abadi et al. 2016, arXiv 1607.00133).

    Attributes:
        unit: what one row is to the guarantee, in words; copies of a person in several rows are not covered.
        epsilon, delta: what was spent. noise_multiplier: of the clipping norm `clip`.
        sampling_rate: with which each row is in a batch; steps: updates. accountant: how it was counted.
        checks: what was looked at after training, each with what came out.
    """

    unit: Text
    epsilon: float = Field(gt=0)
    delta: float = Field(gt=0, lt=1)
    noise_multiplier: float = Field(gt=0)
    clip: float = Field(gt=0)
    sampling_rate: float = Field(gt=0, le=1)
    steps: int = Field(ge=1)
    accountant: Text
    checks: dict[Text, Text] = Field(default_factory=dict)


class TrainingRecord(Frozen):
    """One finished training.

    Attributes:
        base_model: hub id, absolute folder, or `base` for one that was made and lies in the model's folder.
        base_made: whether it was made (`compact`), from random weights.
        train, dev: what was read; dev is None where its rows were split off, or where there are none.
        dev_rows: how many rows were held back. examples: what was trained on, copies among them.
        truncated: examples that were longer than the model takes; tokens_lost: tokens that were cut off from them.
        updates: of the weights; epochs: passes made; best_epoch: the one whose weights were kept.
        temperature: that was written into the last layer, or None.
        scores: on the dev rows, empty without any.
        device, precision: that it ran on, and in. seconds: it took.
    """

    version: Literal["1.0"] = "1.0"
    package_version: Text
    versions: dict[Text, Text]
    task: Literal["text-classification", "token-classification"]
    labels: tuple[Text, ...]
    base_model: Text
    base_made: bool
    recipe: Recipe
    train: SourceInfo
    dev: SourceInfo | None = None
    dev_rows: int = Field(default=0, ge=0)
    steps: tuple[StepInfo, ...] = ()
    examples: int = Field(ge=1)
    truncated: int = Field(default=0, ge=0)
    tokens_lost: int = Field(default=0, ge=0)
    updates: int = Field(ge=0)
    epochs: float = Field(ge=0)
    best_epoch: float | None = None
    temperature: float | None = None
    privacy: PrivacySpent | None = None
    scores: tuple[TrainingScores, ...] = ()
    device: Text
    precision: Text
    seconds: float = Field(ge=0)
