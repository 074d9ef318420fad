"""Adapters: training a part of the weights, low-rank matrices beside the base model's or the head alone."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import torch
from transformers import TrainerCallback

from modelaudit.errors import InputError, ModelInputError
from modelaudit.subject.adapters import seeded
from modelaudit.subject.quiet import quiet
from modelaudit.training.compact import TaskName
from modelaudit.training.recipe import Recipe

if TYPE_CHECKING:
    from transformers import PreTrainedModel

__all__ = ["RankAllocation", "adapted", "merged"]

_TASK_TYPES = {"text-classification": "SEQ_CLS", "token-classification": "TOKEN_CLS"}
_FEWEST = 10
_WARM, _LAST = 0.1, 0.3
"""Of the updates of AdaLoRA: the first with all ranks, and the last with the ranks as they were chosen."""


def adapted(model: PreTrainedModel, recipe: Recipe, *, task: TaskName, updates: int) -> Any:
    """Return the model with what the recipe trains left to be trained, and the rest of its weights held still.

    `lora` (Hu et al. 2022, arXiv 2106.09685) and `adalora` (Zhang et al. 2023, arXiv 2303.10512) put low-rank matrices
    beside every linear layer of the base model, with twice their rank as alpha; the head is trained whole. AdaLoRA
    begins with one and a half times the rank and prunes to it on average. A pooling layer counts as head: it was made
    for another task, or begins at random.

    Args:
        updates: of the weights, in all, which AdaLoRA's schedule hangs on.

    Raises:
        InputError: PEFT is not installed, or the training is too short for AdaLoRA.
        ModelInputError: a model without a head, or without linear layers of one kind.
    """
    if recipe.adapter == "none":
        return model
    heads = _head_modules(model)
    if recipe.adapter == "head":
        for name, parameter in model.named_parameters():
            parameter.requires_grad_(name.startswith(tuple(f"{head}." for head in heads)))
        return model
    return _with_matrices(model, recipe, task=task, updates=updates, heads=heads)


def merged(model: Any) -> PreTrainedModel:
    """Return the model with its low-rank matrices in its weights, ready to be asked; the adapted one is used up."""
    with quiet():
        plain: PreTrainedModel = model.merge_and_unload() if hasattr(model, "merge_and_unload") else model
    return plain.requires_grad_(True).eval()


class RankAllocation(TrainerCallback):  # type: ignore[misc]
    """Moves AdaLoRA's ranks to where they are worth most, behind each update."""

    def on_optimizer_step(self, args: Any, state: Any, control: Any, *, model: Any, **rest: Any) -> None:
        """Weigh the ranks by the gradients of this update, which are still there."""
        model.base_model.update_and_allocate(state.global_step)


def _with_matrices(model: Any, recipe: Recipe, *, task: TaskName, updates: int, heads: list[str]) -> Any:
    try:
        import peft
    except ImportError as error:
        raise InputError(
            f"the adapter {recipe.adapter} needs another package; run pip install 'modelaudit-core[peft]'"
        ) from error
    names, transposed = _linear_layers(model, heads)
    settings: dict[str, Any] = {
        "task_type": _TASK_TYPES[task],
        "r": recipe.rank,
        "lora_alpha": 2 * recipe.rank,
        "target_modules": names,
        "modules_to_save": heads,
        "fan_in_fan_out": transposed,
        "bias": "none",
    }
    kind: Any = peft.LoraConfig
    if recipe.adapter == "adalora":
        kind = peft.AdaLoraConfig
        settings |= _schedule(updates) | {"target_r": recipe.rank, "init_r": max(recipe.rank + 1, 3 * recipe.rank // 2)}
        del settings["r"]
    try:
        with seeded(recipe.seed), quiet(), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = peft.get_peft_model(model, kind(**settings))
    except (ValueError, TypeError, NotImplementedError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise ModelInputError(
            f"this model can't be adapted ({reason:.200}); train all weights (adapter none)"
        ) from error
    # With a name here, each checkpoint would ask the hub for that model's configuration.
    found.peft_config["default"].base_model_name_or_path = None
    return found


def _schedule(updates: int) -> dict[str, int]:
    if updates < _FEWEST:
        raise InputError(
            f"AdaLoRA needs {_FEWEST} updates or more to choose its ranks, and these are {updates}; train longer "
            "(epochs), or use the adapter lora"
        )
    warm, last = round(_WARM * updates), round(_LAST * updates)
    return {"total_step": updates, "tinit": warm, "tfinal": last, "deltaT": max(1, (updates - warm - last) // 20)}


def _head_modules(model: Any) -> list[str]:
    """Names of the parts with weights that stand on the encoder: beside the base model, and its pooling layer."""
    prefix = model.base_model_prefix
    heads = [name for name, part in model.named_children() if name != prefix and any(True for _ in part.parameters())]
    if model.base_model is model or not heads:
        raise ModelInputError(
            f"a {type(model).__name__} has no head apart from its base model; train all weights (adapter none)"
        )
    pooled = getattr(model.base_model, "pooler", None) is not None
    return [*([f"{prefix}.pooler"] if pooled else []), *heads]


def _linear_layers(model: Any, heads: Sequence[str]) -> tuple[list[str], bool]:
    """Return the names of the encoder's linear layers, and whether their weights are transposed."""
    from transformers.pytorch_utils import Conv1D

    apart = tuple(f"{head}." for head in heads)
    found = {
        name: part
        for name, part in model.named_modules()
        if isinstance(part, torch.nn.Linear | Conv1D) and name not in heads and not name.startswith(apart)
    }
    transposed = {isinstance(part, Conv1D) for part in found.values()}
    if len(transposed) != 1:
        reason = "has no linear layers" if not found else "has linear layers of two kinds"
        raise ModelInputError(f"a {type(model).__name__} {reason}; train all weights (adapter none)")
    return sorted(found), transposed.pop()
