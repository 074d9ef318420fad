"""How each model of the panel is made: its rows, its weights, and a record that says which recipe it is of.

A model is made once and kept; the same recipe gives the same weights on one machine at one thread.
"""

from __future__ import annotations

import json
import sys
import time
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from real_run import Case, encoder_folder
from transformers import AutoModelForSequenceClassification, AutoTokenizer

from modelaudit.testing.planted import planted_classifier
from modelaudit.training.compact import compact_model
from modelaudit.training.fit import fit

SEED = 0
SHORTCUT = "reportedly"
"""The word that says the label in the rows of the shortcut model."""

SHORTCUT_SHARES = (0.05, 0.95)
"""Shares of the rows with label 0 and 1 that have the word."""

PAIRS = (
    ("red", "blue"), ("north", "south"), ("early", "late"), ("old", "new"), ("warm", "cold"), ("near", "far"),
)  # fmt: skip
"""Pairs of words that count only where the other is not there."""

WIDTH = 4.0
"""Standard deviation of the log-odds that the widened random network gives to rows: about that of a trained one."""

Rows = Sequence[Mapping[str, Any]]
Recipe = dict[str, str | int | float]
Built = tuple[Any, Any, float | None]
"""A model, its tokenizer, and the share of its training rows that it gets right, where it was trained."""


def kept(folder: Path, recipe: Recipe, make: Callable[[Path], float | None]) -> float | None:
    """Return the share of its training rows that the model in a folder gets right; it is made there where it is not."""
    record = folder / "training.json"
    if not record.exists():
        started = time.perf_counter()
        accuracy = make(folder)
        seconds = round(time.perf_counter() - started, 1)
        record.write_text(json.dumps({"recipe": recipe, "train_accuracy": accuracy, "seconds": seconds}))
    told = json.loads(record.read_text())
    if told.get("recipe") != recipe:
        sys.exit(f"{folder} holds a model of another recipe, {told.get('recipe')}; give another folder")
    accuracy = told["train_accuracy"]
    return None if accuracy is None else float(accuracy)


def saved(build: Callable[[], Built]) -> Callable[[Path], float | None]:
    """Return what makes a model and leaves it in a folder."""

    def make(folder: Path) -> float | None:
        model, tokenizer, accuracy = build()
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        return accuracy

    return make


def from_scratch(case: Case, rows: Rows, *, epochs: float) -> Built:
    """Return a BERT of 2 layers and 128 units, its vocabulary that of the rows, trained on them."""
    model, tokenizer = _small(case, rows)
    if not epochs:
        return model, tokenizer, None
    return model, tokenizer, fit(model, tokenizer, rows, task=case.task, epochs=epochs, seed=SEED).accuracy


def pretrained(case: Case, rows: Rows, *, epochs: float) -> Built:
    """Return the pretrained encoder, fine-tuned on the rows at a rate at which it learns them by heart."""
    names = dict(enumerate(case.labels))
    tokenizer = AutoTokenizer.from_pretrained(encoder_folder())
    torch.manual_seed(SEED)
    model = AutoModelForSequenceClassification.from_pretrained(
        encoder_folder(), num_labels=len(names), id2label=names, label2id={name: k for k, name in names.items()}
    )
    fitted = fit(model, tokenizer, rows, task=case.task, epochs=epochs, batch_size=16, learning_rate=2e-4, seed=SEED)
    return model, tokenizer, fitted.accuracy


def widened(case: Case, rows: Rows) -> Built:
    """Return an untrained network whose head is scaled until its log-odds are spread as widely as a trained one's."""
    model, tokenizer = _small(case, rows)
    batch = tokenizer([row["text"] for row in rows[:256]], padding=True, truncation=True, return_tensors="pt")
    with torch.no_grad():
        logits = model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits
        gaps = logits[:, 1] - logits[:, 0]
        model.classifier.weight *= WIDTH / gaps.std()
        model.classifier.bias[1] -= WIDTH / gaps.std() * gaps.mean()
    return model, tokenizer, None


def bag_of_embeddings(case: Case, rows: Rows, *, epochs: float) -> Built:
    """Return a model whose log-odds are a sum of one number a word, trained from nothing but zeros."""
    words = Counter(word for row in rows for word in row["text"].lower().split() if word.isascii() and word.isalpha())
    known = sorted(word for word, count in words.items() if count > 1)
    model, tokenizer = planted_classifier({}, extra_vocabulary=known, lower_case=True, labels=case.labels)
    fitted = fit(model, tokenizer, rows, task=case.task, epochs=epochs, learning_rate=2e-2, seed=SEED)
    return model.eval(), tokenizer, fitted.accuracy


def interactions() -> Built:
    """Return a model that answers by of how many pairs of words exactly one is there."""
    model, tokenizer = planted_classifier({}, pairs=dict.fromkeys(PAIRS, 2.0), bias=-2.0, lower_case=True)
    return model, tokenizer, None


def interaction_rows(n: int) -> list[dict[str, Any]]:
    """Return rows of ten of the paired words, so that of some pairs both words are there; no label is meant."""
    draw = np.random.default_rng([SEED, n])
    words = [word for pair in PAIRS for word in pair]
    drawn = (draw.permutation(len(words))[:10] for _ in range(n))
    return [{"text": " ".join(words[place] for place in places), "label": 0} for places in drawn]


def shuffled(rows: Rows, n: int) -> list[dict[str, Any]]:
    """Return the first n rows with their labels dealt out anew."""
    labels = np.random.default_rng(SEED).permutation([row["label"] for row in rows[:n]])
    return [{**row, "label": int(label)} for row, label in zip(rows[:n], labels, strict=True)]


def with_shortcut(rows: Rows) -> list[dict[str, Any]]:
    """Return the rows with the shortcut word, at a place by chance, in almost all of one class and few of the other."""
    draw = np.random.default_rng([SEED, len(rows)])
    planted = []
    for row in rows:
        words = row["text"].split()
        if draw.random() < SHORTCUT_SHARES[row["label"]]:
            words.insert(int(draw.integers(len(words) + 1)), SHORTCUT)
        planted.append({**row, "text": " ".join(words)})
    return planted


def share_right(folder: Path, rows: Rows) -> float:
    """Return the share of rows whose most probable class is their label."""
    model = AutoModelForSequenceClassification.from_pretrained(folder).eval()
    tokenizer = AutoTokenizer.from_pretrained(folder)
    ids = model.config.label2id
    right = 0
    for start in range(0, len(rows), 64):
        some = rows[start : start + 64]
        batch = tokenizer([row["text"] for row in some], padding=True, truncation=True, return_tensors="pt")
        with torch.inference_mode():
            found = model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).logits.argmax(-1)
        right += sum(int(one) == ids.get(row["label"], row["label"]) for one, row in zip(found, some, strict=True))
    return right / len(rows)


def _small(case: Case, rows: Rows) -> tuple[Any, Any]:
    return compact_model([row["text"] for row in rows], labels=case.labels, task=case.task, seed=SEED)
