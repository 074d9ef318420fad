"""The other arm of the training benchmark: a Trainer script as its users write it, with the same base and settings."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from seqeval.metrics import f1_score
from torch.utils.data import Dataset
from transformers import (
    AutoModelForTokenClassification,
    AutoTokenizer,
    DataCollatorForTokenClassification,
    EvalPrediction,
    Trainer,
    TrainingArguments,
)

from mending.tagging import Corpus


class Rows(Dataset):
    """Encoded sentences."""

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        self.rows = rows

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, place: int) -> dict[str, Any]:
        return self.rows[place]


def trained_plainly(
    corpus: Corpus,
    base: str,
    out: Path,
    *,
    epochs: float,
    batch_size: int,
    learning_rate: float,
    seed: int,
    device: str,
) -> int:
    """Train, keep the best epoch by entity F1 on dev, save it to `out`; return the updates that were made."""
    train, dev = (sentences(place) for place in (corpus.train, corpus.dev))
    kinds = sorted({tag[2:] for _, tags in train for tag in tags if tag != "O"})
    names = ["O", *(f"{begin}-{kind}" for kind in kinds for begin in "BI")]
    ids = {name: index for index, name in enumerate(names)}
    tokenizer = AutoTokenizer.from_pretrained(base)
    model = AutoModelForTokenClassification.from_pretrained(
        base, num_labels=len(names), id2label=dict(enumerate(names)), label2id=ids
    ).float()

    def encoded(rows: list[tuple[list[str], list[str]]]) -> Rows:
        batch = tokenizer([words for words, _ in rows], is_split_into_words=True, truncation=True, max_length=256)
        found = []
        for place, (_, tags) in enumerate(rows):
            numbers = batch.word_ids(place)
            labels = [
                -100 if number is None or number == before else ids[tags[number]]
                for before, number in zip([None, *numbers[:-1]], numbers, strict=True)
            ]
            found.append({"input_ids": batch["input_ids"][place], "attention_mask": batch["attention_mask"][place]})
            found[-1]["labels"] = labels
        return Rows(found)

    def metrics(answers: EvalPrediction) -> dict[str, float]:
        best, truth = np.argmax(answers.predictions, axis=-1), answers.label_ids
        pairs = [
            [(names[t], names[p]) for t, p in zip(row, said, strict=True) if t != -100]
            for row, said in zip(truth, best, strict=True)
        ]
        true, said = ([[pair[side] for pair in row] for row in pairs] for side in (0, 1))
        return {"f1": float(f1_score(true, said))}

    rows = encoded(train)
    steps = int(epochs * -(-len(rows) // batch_size))
    trainer = Trainer(
        model=model,
        args=TrainingArguments(
            output_dir=str(out / "checkpoints"),
            num_train_epochs=epochs,
            per_device_train_batch_size=batch_size,
            per_device_eval_batch_size=batch_size,
            learning_rate=learning_rate,
            warmup_steps=steps // 10,
            weight_decay=0.01,
            seed=seed,
            bf16=device == "cuda",
            use_cpu=device == "cpu",
            eval_strategy="epoch",
            save_strategy="epoch",
            save_total_limit=1,
            load_best_model_at_end=True,
            metric_for_best_model="f1",
            logging_strategy="no",
            report_to=[],
            disable_tqdm=True,
        ),
        train_dataset=rows,
        eval_dataset=encoded(dev),
        data_collator=DataCollatorForTokenClassification(tokenizer),
        compute_metrics=metrics,
    )
    trainer.train()
    trainer.save_model(str(out))
    tokenizer.save_pretrained(str(out))
    return int(trainer.state.global_step)


def sentences(place: Path) -> list[tuple[list[str], list[str]]]:
    """Return words and tags of each sentence of a CoNLL file."""
    found: list[tuple[list[str], list[str]]] = [([], [])]
    for line in place.read_text(encoding="utf-8").splitlines():
        cells = line.split()
        if not cells:
            found.append(([], []))
        elif cells[0] != "-DOCSTART-":
            found[-1][0].append(cells[0])
            found[-1][1].append(cells[-1])
    return [pair for pair in found if pair[0]]
