"""Arguments: a recipe as `transformers.TrainingArguments`, the same with every supported version of transformers."""

from __future__ import annotations

import dataclasses
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import torch

from modelaudit.errors import InputError
from modelaudit.inference.numerics import choose_device
from modelaudit.training.recipe import Recipe

if TYPE_CHECKING:
    from transformers import TrainingArguments

__all__ = ["arguments_of", "device_for", "goes_on", "precision_on", "updates_of"]

EVAL_BATCH = 64
"""Rows a batch, at least, where nothing is trained."""
LOG_EVERY, LOGGED = 50, 20
"""Updates between two looks at the loss, which wait for the device each time; and how many looks a short training has
at least, where it has as many updates."""


def device_for(device: str) -> str:
    """Return `cpu` or `cuda`; `auto` takes CUDA where it is there.

    Raises:
        InputError: no such device here, or one of several cards was named.
    """
    chosen = choose_device(device)
    if ":" in chosen and chosen != "cuda:0":
        number = chosen.partition(":")[2]
        raise InputError(
            f"training runs on the first card that it sees, and {device!r:.40} was asked for; set "
            f"CUDA_VISIBLE_DEVICES={number:.8} and use cuda"
        )
    return chosen.partition(":")[0]


def precision_on(recipe: Recipe, device: str) -> str:
    """Return `float32`, `bfloat16` or `float16`.

    Raises:
        InputError: half precision was asked for where there is no card, or bfloat16 where the card has none.
    """
    if device == "cpu":
        if recipe.precision not in ("auto", "float32"):
            raise InputError(
                f"precision {recipe.precision} is for CUDA, and the device is the CPU; use auto or float32"
            )
        return "float32"
    if recipe.precision == "auto":
        return "bfloat16" if torch.cuda.is_bf16_supported(including_emulation=False) else "float16"
    if recipe.precision == "bfloat16" and not torch.cuda.is_bf16_supported(including_emulation=False):
        raise InputError("this card has no bfloat16; use precision auto, float16 or float32")
    return recipe.precision


def goes_on(recipe: Recipe) -> bool:
    """Return whether a training can go on from a checkpoint, and take the weights of an earlier one.

    AdaLoRA's estimate of what each rank is worth is in no checkpoint, and ends with the last update; of a private
    training what was spent, and the noise to come, are in none.
    """
    return recipe.adapter != "adalora" and recipe.dp_epsilon is None


def updates_of(recipe: Recipe, examples: int) -> int:
    """Return how often the weights are updated."""
    batches = math.ceil(examples / recipe.batch_size)
    return math.ceil(recipe.epochs * math.ceil(batches / recipe.accumulate))


def arguments_of(
    recipe: Recipe, *, folder: Path, device: str, examples: int, dev_rows: int, rate: float
) -> TrainingArguments:
    """Return what `transformers.Trainer` is told.

    AdamW with a linear warm-up and a linear decay; weight decay spares biases and layer norms, as Trainer does it;
    rows of about one length go together. At the end of each epoch the weights are scored on the dev rows and saved, so
    that a killed training loses one epoch at most; the best ones are taken at the end where there are dev rows. A
    training that can't go on from a checkpoint saves none, and ends with its last weights.

    Args:
        folder: of the checkpoints. device: `cpu` or `cuda`. rate: the learning rate at its peak.
    """
    from transformers import TrainingArguments

    precision = precision_on(recipe, device)
    on_card = device != "cpu"
    chooses = bool(dev_rows) and goes_on(recipe)
    updates = updates_of(recipe, examples)
    settings = TrainingArguments(
        output_dir=str(folder),
        num_train_epochs=recipe.epochs,
        per_device_train_batch_size=recipe.batch_size,
        per_device_eval_batch_size=max(EVAL_BATCH, recipe.batch_size),
        gradient_accumulation_steps=recipe.accumulate,
        learning_rate=rate,
        lr_scheduler_type="linear",
        warmup_steps=math.ceil(recipe.warmup * updates),
        weight_decay=recipe.weight_decay,
        max_grad_norm=recipe.clip,
        label_smoothing_factor=recipe.label_smoothing,
        seed=recipe.seed,
        data_seed=recipe.seed,
        bf16=precision == "bfloat16",
        fp16=precision == "float16",
        use_cpu=not on_card,
        eval_strategy="epoch" if dev_rows else "no",
        save_strategy="epoch" if goes_on(recipe) else "no",
        save_total_limit=2,
        load_best_model_at_end=chooses,
        metric_for_best_model=recipe.stop_on if chooses else None,
        greater_is_better=recipe.stop_on == "score" if chooses else None,
        restore_callback_states_from_checkpoint=True,
        logging_strategy="steps",
        logging_steps=max(1, min(LOG_EVERY, updates // LOGGED)),
        logging_nan_inf_filter=False,
        report_to=[],
        disable_tqdm=True,
        dataloader_pin_memory=on_card,
        accelerator_config={"non_blocking": on_card},
        remove_unused_columns=False,
        label_names=["labels"],
        **_by_length(TrainingArguments),
    )
    if settings.n_gpu > 1:
        # Trainer would spread each batch over all cards, and a recipe would mean another batch size on each machine.
        settings._n_gpu = 1
    return settings


def _by_length(arguments: Any) -> dict[str, Any]:
    """How rows of about one length are put together, which transformers 5 calls otherwise than 4."""
    known = {field.name for field in dataclasses.fields(arguments)}
    if "train_sampling_strategy" in known:
        return {"train_sampling_strategy": "group_by_length"}
    return {"group_by_length": True}
