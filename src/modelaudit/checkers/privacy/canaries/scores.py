"""Canaries put to a model: its own labels for theirs, and how well it knows each one."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelaudit.checker import Context, ModelHandle
from modelaudit.checkers.privacy.canaries.manifest import Canary, Manifest
from modelaudit.checkers.privacy.true_label import true_label_scores
from modelaudit.errors import DataInputError
from modelaudit.rows import Row
from modelaudit.text.tags import OUTSIDE, entity_spans

Vector = NDArray[np.float64]
CERTAIN = 1e4
"""Stands for an infinite logit, as a function's probability of exactly 0 or 1 makes one."""
_GENERIC = re.compile(r"LABEL_\d+")
_PREFIXED = re.compile(r"([BIOESLU])[-_](.+)", re.DOTALL)
SHOWN = 12


@dataclass(frozen=True, slots=True, eq=False)
class Scores:
    """How well a model knows each canary, in the manifest's order.

    Attributes:
        values: (m,) higher where it knows it better; NaN where it could not be asked (cut off).
        base: (m,) the same of the model before fine-tuning, NaN as well; None without one.
        what: the score, in words.
    """

    values: Vector
    base: Vector | None
    what: str

    @property
    def beyond_base(self) -> Vector:
        """The score, less the base model's where there is one."""
        return self.values if self.base is None else self.values - self.base


_WHAT = {
    "text-classification": "log-odds of the canary's label",
    "token-classification": "mean log-odds of the tags of the canary's name",
    "text-generation": "mean log-probability a token of the canary's secret",
}


def canary_rows(manifest: Manifest, labels: Sequence[str]) -> list[Row]:
    """Return the canaries as rows, with the model's labels for theirs.

    Raises:
        DataInputError: a label or an entity type that the model does not have.
    """
    rows = [
        Row(
            f"canary:{place}",
            canary.text,
            words=canary.words,
            answer=None if canary.answer is None else f" {canary.answer}",
        )
        for place, canary in enumerate(manifest.canaries, start=1)
    ]
    if manifest.task == "text-generation":
        return rows
    if manifest.task == "text-classification":
        index = _label_indexes(manifest, labels)
        return [
            Row(row.id, row.text, label=index[str(canary.label)])
            for row, canary in zip(rows, manifest.canaries, strict=True)
        ]
    return [
        Row(row.id, row.text, words=canary.words, tags=_tag_indexes(canary, manifest, labels))
        for row, canary in zip(rows, manifest.canaries, strict=True)
    ]


def canary_scores(ctx: Context, rows: Sequence[Row]) -> Scores:
    """Ask the model once about every canary, and the base model where it answers the same question."""
    task, verb = ctx.subject.task, "loss" if ctx.subject.task == "text-generation" else "predict"
    base = ctx.base_model
    comparable = base is not None and verb in base.capabilities and base.labels == ctx.model.labels
    return Scores(
        values=_scores(ctx.model, rows, task),
        base=_scores(base, rows, task) if base is not None and comparable else None,
        what=_WHAT[task] + (", less the base model's" if comparable else ""),
    )


def _scores(model: ModelHandle, rows: Sequence[Row], task: str) -> Vector:
    if task == "text-generation":
        return -np.asarray(model.loss(rows).per_row, dtype=np.float64)
    answers = model.predict(rows)
    logits = np.clip(answers.logits, -CERTAIN, CERTAIN)
    if answers.offsets is None:
        return true_label_scores(logits, np.array([row.label for row in rows], dtype=np.int64))[0]
    tags = np.array([tag for row in rows for tag in row.tags or ()], dtype=np.int64)
    outside = model.labels.index(OUTSIDE) if OUTSIDE in model.labels else -1
    log_odds = true_label_scores(logits, tags)[0][tags != outside]
    owner = np.repeat(np.arange(len(rows)), np.diff(answers.offsets))[tags != outside]
    # A name of which a word was cut off is not the name that was planted: its mean is NaN.
    total = np.bincount(owner, weights=log_odds, minlength=len(rows))
    count = np.bincount(owner, minlength=len(rows))
    means = np.full(len(rows), np.nan)
    np.divide(total, count, out=means, where=count > 0)
    return means


def _label_indexes(manifest: Manifest, labels: Sequence[str]) -> dict[str, int]:
    """The model's index of each label, by one rule for all: name, name without case, declared number, number."""
    named = list(dict.fromkeys(str(canary.label) for canary in manifest.canaries))
    declared = manifest.class_names
    exact = {label: index for index, label in enumerate(labels)}
    folded = {label.casefold(): index for index, label in enumerate(labels)}
    rules = [exact, folded if len(folded) == len(labels) else {}]
    if all(map(_GENERIC.fullmatch, labels)) and len(declared) == len(labels):
        rules.append({name: index for index, name in enumerate(declared)})
    rules.append({str(index): index for index in range(len(labels))})
    rules.append({"false": 0, "true": 1} if len(labels) == 2 else {})
    for rule in rules:
        found = {name: rule.get(name, rule.get(name.casefold())) for name in named}
        whole = {name: index for name, index in found.items() if index is not None}
        if len(whole) == len(named):
            return whole
    unknown = next((name for name in named if name not in exact), named[0])
    raise _unknown(unknown, labels)


def _tag_indexes(canary: Canary, manifest: Manifest, labels: Sequence[str]) -> tuple[int, ...]:
    """The model's tags of a canary's name, in the scheme of the model's labels."""
    tags = canary.tags or ()
    index = {label: place for place, label in enumerate(labels)}
    if all(map(_GENERIC.fullmatch, labels)) and len(manifest.class_names) == len(labels):
        index = {name: place for place, name in enumerate(manifest.class_names)}
    if OUTSIDE not in index:
        raise _unknown(OUTSIDE, labels)
    found = [index[OUTSIDE]] * len(tags)
    for start, end, kind in entity_spans(tags):
        letters = _letters(kind, index)
        if not letters:
            raise _unknown(kind, labels)
        for place in range(start, end):
            wanted = "SUBI" if end - start == 1 else "BI" if place == start else "ELI" if place == end - 1 else "I"
            found[place] = next((letters[letter] for letter in (*wanted, "") if letter in letters), -1)
            if found[place] < 0:
                raise _unknown(f"{wanted[-1]}-{kind}", labels)
    return tuple(found)


def _letters(kind: str, index: dict[str, int]) -> dict[str, int]:
    """The tags of an entity type by their prefix, "" for a bare type."""
    found: dict[str, int] = {}
    for label, place in index.items():
        match = _PREFIXED.fullmatch(label)
        letter, name = (match[1], match[2]) if match else ("", label)
        if name.casefold() == kind.casefold():
            found[letter] = place
    return found


def _unknown(name: str, labels: Sequence[str]) -> DataInputError:
    shown = ", ".join(label[:30] for label in labels[:SHOWN])
    return DataInputError(
        f"the canaries have the label {name[:40]!r}, and the model has none such ({shown}); give the manifest of the "
        "data that this model was trained on"
    )
