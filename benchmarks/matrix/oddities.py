"""Odd checkpoints: folders as users have them that are not what `save_pretrained` makes of a plain model.

Each is made from a tiny model of the matrix, changed on disk or in memory as such checkpoints are.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
import transformers

from matrix import families
from matrix.architecture import AUTO, Architecture
from matrix.decoders import GPT2, GROUPED
from matrix.encoders import SMALL
from matrix.tables import CLASSES

BERT = Architecture("bert", "BERT", SMALL, ("text-classification",), families.BERT)
Folders = tuple[Path, Path | None]
CLASSIFIES, WRITES = ("text-classification",), ("text-generation",)


class Oddity(Architecture):
    """An architecture whose saved folder is changed afterwards."""

    def saved(self, task: str, folder: Path) -> Folders:
        """Save the plain model, then make of it what the checkpoint is."""
        plain = super().saved(task, folder)
        return CHANGES[self.title](task, *plain) if self.title in CHANGES else plain


def odd(title: str, plain: Architecture, tasks: tuple[str, ...] = CLASSIFIES, **config: Any) -> Oddity:
    """Return an odd checkpoint of a plain architecture."""
    told = replace(plain, config={**plain.config, **config})
    return Oddity(told.name, title, told.config, tasks, told.tokenizer, told.processing, told.heads, told.starts)


def _model(task: str, folder: Path, **options: Any) -> Any:
    return getattr(transformers, AUTO[task]).from_pretrained(folder, **options)


def _sharded(task: str, model: Path, base: Path | None) -> Folders:
    loaded = _model(task, model)
    (model / "model.safetensors").unlink()
    loaded.save_pretrained(model, max_shard_size="20KB")
    assert (model / "model.safetensors.index.json").exists()
    return model, base


def _in(precision: torch.dtype) -> Callable[[str, Path, Path | None], Folders]:
    def change(task: str, model: Path, base: Path | None) -> Folders:
        _model(task, model).to(precision).save_pretrained(model)
        return model, base

    return change


def _adapted(task: str, model: Path, base: Path | None, *, merged: bool = False) -> Folders:
    """Return a LoRA adapter of the model beside it, or the model with the adapter merged into its weights."""
    import peft

    kind = {"text-classification": "SEQ_CLS", "text-generation": "CAUSAL_LM"}[task]
    loaded = peft.get_peft_model(_model(task, model), peft.LoraConfig(task_type=kind, r=2, init_lora_weights=False))
    if merged:
        loaded.merge_and_unload().save_pretrained(model)
        return model, base
    adapter = model.parent / "adapter"
    loaded.save_pretrained(adapter)
    transformers.AutoTokenizer.from_pretrained(model).save_pretrained(adapter)
    return adapter, base


def _merged(task: str, model: Path, base: Path | None) -> Folders:
    return _adapted(task, model, base, merged=True)


def _holes(task: str, model: Path, base: Path | None) -> Folders:
    """Name two of three classes."""
    named = dict(enumerate(CLASSES))
    return _configured(model, base, id2label=named, label2id={name: place for place, name in named.items()})


def _configured(model: Path, base: Path | None, **changes: Any) -> Folders:
    path = model / "config.json"
    settings: dict[str, Any] = json.loads(path.read_text(encoding="utf-8")) | changes
    kept = {name: value for name, value in settings.items() if value is not None or name not in changes}
    path.write_text(json.dumps(kept), encoding="utf-8")
    return model, base


def _unpadded(task: str, model: Path, base: Path | None) -> Folders:
    return _configured(model, base, pad_token_id=None)


def _added(task: str, model: Path, base: Path | None) -> Folders:
    """Add tokens to the vocabulary and rows to the embedding, as before a fine-tuning; the base model has neither."""
    tokenizer = transformers.AutoTokenizer.from_pretrained(model)
    tokenizer.add_tokens(["Globex", "Initech"])
    tokenizer.add_special_tokens({"additional_special_tokens": ["<order>"]})
    loaded = _model(task, model)
    loaded.resize_token_embeddings(len(tokenizer), mean_resizing=False)
    loaded.save_pretrained(model)
    tokenizer.save_pretrained(model)
    return model, base


def _left(task: str, model: Path, base: Path | None) -> Folders:
    for folder in filter(None, (model, base)):
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder, padding_side="left", truncation_side="right")
        tokenizer.save_pretrained(folder)
    return model, base


def _long(task: str, model: Path, base: Path | None) -> Folders:
    for folder in filter(None, (model, base)):
        transformers.AutoTokenizer.from_pretrained(folder, model_max_length=1024).save_pretrained(folder)
    return model, base


TEMPLATE = "{{ bos_token }}{% for turn in messages %}{{ turn.role }}: {{ turn.content }}\n{% endfor %}assistant:\n"


def _talking(task: str, model: Path, base: Path | None) -> Folders:
    """Give the tokenizer a chat template; the base model has none, as most have not."""
    tokenizer = transformers.AutoTokenizer.from_pretrained(model, model_max_length=400)
    tokenizer.chat_template = TEMPLATE
    tokenizer.save_pretrained(model)
    if base is not None:
        transformers.AutoTokenizer.from_pretrained(base, model_max_length=400).save_pretrained(base)
    return model, base


CHANGES: Mapping[str, Callable[[str, Path, Path | None], Folders]] = {
    "sharded safetensors": _sharded,
    "float16 checkpoint": _in(torch.float16),
    "bfloat16 checkpoint": _in(torch.bfloat16),
    "LoRA adapter": _adapted,
    "LoRA merged": _merged,
    "holes in id2label": _holes,
    "no padding token": _unpadded,
    "added tokens": _added,
    "padding on the left": _left,
    "longer than 512 tokens": _long,
    "chat template": _talking,
}

LLAMA = Architecture("llama", "Llama", GROUPED, WRITES, families.LLAMA_PIECES)
GPT_2 = Architecture("gpt2", "GPT-2", GPT2, WRITES, families.GPT2_BYTES)

ODDITIES: tuple[Architecture, ...] = (
    odd("sharded safetensors", BERT),
    odd("float16 checkpoint", BERT),
    odd("bfloat16 checkpoint", LLAMA, WRITES),
    odd("LoRA adapter", BERT),
    odd("LoRA adapter", LLAMA, WRITES),
    odd("LoRA merged", LLAMA, WRITES),
    odd("holes in id2label", replace(BERT, heads={"text-classification": {"num_labels": 3}})),
    odd("no padding token", GPT_2, (*CLASSIFIES, *WRITES)),
    odd("longer than 512 tokens", BERT, ("long-texts",), max_position_embeddings=1024),
    odd("chat template", LLAMA, ("chat",), max_position_embeddings=512),
    odd("added tokens", BERT),
    odd("added tokens", LLAMA, WRITES),
    odd("padding on the left", replace(GPT_2, tokenizer=families.GPT2_PADDED), (*CLASSIFIES, *WRITES)),
)
"""Every odd checkpoint of the matrix."""
