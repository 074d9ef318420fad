"""Trainings that take a fraction of a second, for tests."""

from modelaudit.testing.planted import planted_rows, planted_tag_rows
from modelaudit.training.compact import compact_model
from modelaudit.training.trainer import ReferenceTrainer

WORDS = {"good": 1.0, "kind": 1.0, "bad": -1.0, "late": -1.0}
LEXICON = {"Anna": "B-PER", "Quentin": "B-PER", "Smith": "I-PER", "Paris": "B-LOC", "Acme": "B-ORG"}
ROWS = planted_rows(60, 0, words=WORDS, per_row=1)
TAG_ROWS = planted_tag_rows(60, 0, lexicon=LEXICON)


def small_base(task="classification"):
    """A model in memory of another task's labels, and its tokenizer."""
    texts = [row["tokens"] for row in TAG_ROWS] if task == "ner" else [row["text"] for row in ROWS]
    return compact_model(
        texts,
        labels=("x", "y"),
        task="token-classification",
        layers=1,
        hidden=16,
        vocabulary=150,
        max_length=40,
        seed=1,
    )


def small_trainer(out, task="classification", **settings):
    settings = {"base_model": small_base(task), "epochs": 3, "batch_size": 16, "device": "cpu", **settings}
    data = settings.pop("data", TAG_ROWS if task == "ner" else ROWS)
    return ReferenceTrainer(data, task=task, out=out, **settings)
