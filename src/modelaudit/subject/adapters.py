"""Low-rank adaptation of a base model to a task (LoRA, Hu et al. 2022, arXiv 2106.09685), for reference models."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import torch

from modelaudit.errors import CapabilityError
from modelaudit.subject.quiet import quiet

if TYPE_CHECKING:
    from collections.abc import Sequence

    from transformers import PreTrainedModel

    from modelaudit.subject.opened import OpenedModel
    from modelaudit.subject.task import Task

RANK = 8
ALPHA = 16

# What a class that is not made from a configuration alone, or an encoder laid out in another way, may raise.
_MISFITS = (RuntimeError, TypeError, ValueError, AttributeError, KeyError, NotImplementedError, ImportError, OSError)


class Adapted:
    """A copy of a base model with the head of a task and low-rank adapters; the base model's weights stay as they are.

    Adapters sit at every linear layer of the base, none at the head, which is trained whole, as is what the base lacks
    (the pooler of some). The weights that training begins with hang on the seed alone.

    Attributes:
        module: to be trained. adapters, head: its parameters that training moves; the head and what else is new.

    Raises:
        CapabilityError: PEFT is not installed, or this architecture can't be given the head or the adapters.
    """

    def __init__(self, opened: OpenedModel, task: Task, labels: Sequence[str], *, seed: int) -> None:
        try:
            import peft
        except ImportError as error:
            raise CapabilityError(
                "LoRA reference models need another package; run pip install 'modelaudit-core[peft]', or ask for heads"
            ) from error
        try:
            with seeded(seed), quiet(), warnings.catch_warnings():
                warnings.simplefilter("ignore")
                plain, fresh = _with_head(opened, task, labels)
                names, transposed = _linear_layers(plain, fresh)
                settings = peft.LoraConfig(
                    r=RANK, lora_alpha=ALPHA, target_modules=names, fan_in_fan_out=transposed, bias="none"
                )
                self.module: Any = peft.get_peft_model(plain, settings)
        except _MISFITS as error:
            reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
            raise CapabilityError(
                f"{opened.name} can't be adapted as a reference model ({reason:.200}); ask for heads"
            ) from error
        own = {f"base_model.model.{name}" for name in fresh}
        self.adapters, self.head = list[Any](), list[Any]()
        for name, parameter in self.module.named_parameters():
            if "lora_" in name:
                self.adapters.append(parameter)
            elif name in own:
                self.head.append(parameter)
            else:
                parameter.requires_grad_(False)
        for parameter in self.head:
            # PEFT freezes all that is none of its own.
            parameter.requires_grad_(True)

    def merged(self) -> PreTrainedModel:
        """Return the model with the adapters merged into its weights; the adapted one is used up."""
        with quiet():
            plain: PreTrainedModel = self.module.merge_and_unload()
        self.module, self.adapters, self.head = None, [], []
        return plain.requires_grad_(False).eval()


@contextmanager
def seeded(seed: int) -> Iterator[None]:
    """Draw from torch's generators as the seed says, and put them back."""
    with torch.random.fork_rng(devices=range(torch.cuda.device_count())):
        torch.manual_seed(seed)
        yield


def _with_head(opened: OpenedModel, task: Task, labels: Sequence[str]) -> tuple[Any, set[str]]:
    """Return a float32 copy of the base model with the task's head, and the names of parameters the base lacks."""
    import transformers

    if task.name == "text-generation":
        return copy.deepcopy(opened.model).float(), set()
    config = copy.deepcopy(opened.model.config)
    config.id2label = dict(enumerate(labels))
    config.label2id = {label: index for index, label in enumerate(labels)}
    config.problem_type = None
    if getattr(config, "pad_token_id", None) is None:
        tokenizer = opened.tokenizer
        config.pad_token_id = tokenizer.eos_token_id if tokenizer.pad_token_id is None else tokenizer.pad_token_id
    plain = getattr(transformers, task.auto_class).from_config(config).float()
    weights = opened.model.base_model.state_dict()
    plain.base_model.load_state_dict(weights, strict=False)
    at = "" if plain.base_model is plain else f"{plain.base_model_prefix}."
    known = {f"{at}{name}" for name in weights}
    fresh = {name for name, _ in plain.named_parameters() if name not in known}
    sizes = {name: parameter.numel() for name, parameter in plain.named_parameters()}
    if 2 * sum(sizes[name] for name in fresh) > sum(sizes.values()):
        raise ValueError("its encoder is none of a model for this task")
    return plain, fresh


def _linear_layers(model: Any, fresh: set[str]) -> tuple[list[str], bool]:
    """Return the names of the base's linear layers with weights of the base, and whether these are transposed."""
    from transformers.pytorch_utils import Conv1D

    inside = "" if model.base_model is model else f"{model.base_model_prefix}."
    found = {
        name: part
        for name, part in model.named_modules()
        if name.startswith(inside) and isinstance(part, torch.nn.Linear | Conv1D) and f"{name}.weight" not in fresh
    }
    transposed = {isinstance(part, Conv1D) for part in found.values()}
    if len(transposed) != 1:
        raise ValueError("its layers are no linear ones" if not found else "its linear layers are of two kinds")
    return sorted(found), transposed.pop()
