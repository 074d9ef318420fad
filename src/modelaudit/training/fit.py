"""Fine-tuning on `transformers.Trainer`: quiet, grouped by length, and the same weights for the same seed on a CPU."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from torch import Tensor

from modelaudit.errors import DataInputError
from modelaudit.subject.quiet import quiet
from modelaudit.training.compact import TaskName
from modelaudit.training.surroundings import left_as_they_were

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerFast, TrainingArguments

__all__ = ["FitReport", "fit"]

IGNORED = -100
Encoded = dict[str, Any]


@dataclass(frozen=True, slots=True)
class FitReport:
    """What came of fine-tuning, measured on the training rows with dropout off.

    Attributes:
        rows: training rows; steps: updates of the weights.
        loss: mean cross-entropy in nats, over rows (text classification) or labelled words (token classification).
        accuracy: share of those whose most probable class is the label.
    """

    rows: int
    steps: int
    loss: float
    accuracy: float


def fit(
    model: PreTrainedModel,
    tokenizer: PreTrainedTokenizerFast,
    rows: Sequence[Mapping[str, Any]],
    *,
    task: TaskName,
    epochs: float,
    batch_size: int = 32,
    learning_rate: float = 5e-4,
    seed: int,
    folder: str | Path | None = None,
) -> FitReport:
    """Fine-tune the model in place and say how well it knows its training rows now.

    On a CPU, the same rows, seed and number of threads give the same weights; the generators of Python, numpy and
    torch are left as they were. Of a word that is split into pieces the first piece carries the tag.

    Args:
        rows: `text` and `label` (text classification), or `tokens` and `ner_tags` (token classification); labels
            and tags are names of the model's config or their ids.
        learning_rate: at its peak; linear warm-up over the first tenth, then linear decay (AdamW).
        folder: where to save model and tokenizer, or None.

    Raises:
        DataInputError: no rows, or a row without text or with a label that the model does not have.
    """
    from transformers import Trainer
    from transformers.trainer_callback import PrinterCallback

    encoded = _encode(rows, tokenizer, task=task, label2id=model.config.label2id)
    pad = _Padding(int(tokenizer.pad_token_id or 0))
    with quiet(), left_as_they_were(), tempfile.TemporaryDirectory(prefix="modelaudit-fit-") as scratch:
        trainer = Trainer(
            model=model,
            args=_arguments(
                scratch, epochs=epochs, batch_size=batch_size, learning_rate=learning_rate, seed=seed, rows=len(rows)
            ),
            train_dataset=encoded,
            data_collator=pad,
        )
        trainer.remove_callback(PrinterCallback)
        trainer.train()
        steps = int(trainer.state.global_step)
        model.eval()
        loss, accuracy = _measure(model, encoded, pad)
        if folder is not None:
            model.save_pretrained(folder)
            tokenizer.save_pretrained(folder)
    return FitReport(rows=len(rows), steps=steps, loss=loss, accuracy=accuracy)


def _arguments(
    scratch: str, *, epochs: float, batch_size: int, learning_rate: float, seed: int, rows: int
) -> TrainingArguments:
    from transformers import TrainingArguments

    steps = int(epochs * -(-rows // batch_size))
    known = {field.name for field in dataclasses.fields(TrainingArguments)}
    by_length: dict[str, Any] = (
        {"train_sampling_strategy": "group_by_length"}
        if "train_sampling_strategy" in known
        else {"group_by_length": True}
    )
    return TrainingArguments(
        output_dir=scratch,
        num_train_epochs=epochs,
        per_device_train_batch_size=batch_size,
        learning_rate=learning_rate,
        warmup_steps=steps // 10,
        lr_scheduler_type="linear",
        seed=seed,
        data_seed=seed,
        logging_strategy="no",
        save_strategy="no",
        report_to=[],
        disable_tqdm=True,
        dataloader_pin_memory=False,
        remove_unused_columns=False,
        **by_length,
    )


@dataclass(frozen=True, slots=True)
class _Padding:
    """Pads rows to the longest of the batch; labels of padding are ignored."""

    pad_id: int

    def __call__(self, batch: Sequence[Encoded]) -> dict[str, Tensor]:
        width = max(len(row["input_ids"]) for row in batch)
        ids = np.full((len(batch), width), self.pad_id, dtype=np.int64)
        mask = np.zeros((len(batch), width), dtype=np.int64)
        per_token = isinstance(batch[0]["labels"], list)
        labels = np.full((len(batch), width) if per_token else len(batch), IGNORED, dtype=np.int64)
        for index, row in enumerate(batch):
            length = len(row["input_ids"])
            ids[index, :length] = row["input_ids"]
            mask[index, :length] = 1
            if per_token:
                labels[index, :length] = row["labels"]
            else:
                labels[index] = row["labels"]
        arrays = {"input_ids": ids, "attention_mask": mask, "labels": labels}
        return {name: torch.from_numpy(array) for name, array in arrays.items()}


def _encode(
    rows: Sequence[Mapping[str, Any]],
    tokenizer: PreTrainedTokenizerFast,
    *,
    task: TaskName,
    label2id: Mapping[str, int],
) -> list[Encoded]:
    if not rows:
        raise DataInputError("there are no rows to train on; hand over at least one")
    token_task = task == "token-classification"
    names = ("tokens", "ner_tags") if token_task else ("text", "label")
    lacking = next((index for index, row in enumerate(rows) if any(name not in row for name in names)), None)
    if lacking is not None:
        raise DataInputError(f"training row {lacking + 1} lacks {names[0]!r} or {names[1]!r}; each row needs both")
    batch = tokenizer(
        [list(row["tokens"]) if token_task else row["text"] for row in rows],
        is_split_into_words=token_task,
        truncation=True,
        return_token_type_ids=False,
    )
    encoded = []
    for index, (row, ids) in enumerate(zip(rows, batch["input_ids"], strict=True)):
        if not token_task:
            encoded.append({"input_ids": ids, "labels": _label_id(row["label"], label2id, index)})
            continue
        tags = [_label_id(tag, label2id, index) for tag in row["ner_tags"]]
        if len(tags) != len(row["tokens"]):
            raise DataInputError(f"training row {index + 1} has {len(row['tokens'])} words but {len(tags)} tags")
        words = batch.word_ids(index)
        first = [
            IGNORED if word is None or word == before else tags[word]
            for word, before in zip(words, [None, *words], strict=False)
        ]
        encoded.append({"input_ids": ids, "labels": first})
    return encoded


def _label_id(label: Any, label2id: Mapping[str, int], index: int) -> int:
    if isinstance(label, str) and label in label2id:
        return label2id[label]
    if isinstance(label, int | np.integer) and int(label) in label2id.values():
        return int(label)
    raise DataInputError(f"training row {index + 1} has the label {label!r}; the model knows {sorted(label2id)}")


def _measure(model: PreTrainedModel, encoded: Sequence[Encoded], pad: _Padding) -> tuple[float, float]:
    """Return mean cross-entropy and accuracy over the rows, or over the labelled words."""
    ordered = sorted(encoded, key=lambda row: len(row["input_ids"]))
    losses, hits = [], []
    with torch.inference_mode():
        for start in range(0, len(ordered), 64):
            batch = {name: value.to(model.device) for name, value in pad(ordered[start : start + 64]).items()}
            labels = batch.pop("labels").flatten()
            logits = model(**batch).logits.flatten(0, -2)[labels != IGNORED]
            labels = labels[labels != IGNORED]
            losses.append(torch.nn.functional.cross_entropy(logits, labels, reduction="none").cpu().numpy())
            hits.append((logits.argmax(-1) == labels).cpu().numpy())
    return float(np.concatenate(losses).mean(dtype=np.float64)), float(np.concatenate(hits).mean(dtype=np.float64))
