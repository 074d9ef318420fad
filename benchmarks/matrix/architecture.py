"""An architecture of the matrix, and the folder that a tiny model of it is saved to."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
import transformers

from matrix.processing import Processing
from matrix.spelling import Maker
from matrix.tables import HEADS

TEXTS = frozenset({"text-generation", "chat", "text2text-generation", "fill-mask", "speech-seq2seq"})
"""Tasks whose head is part of what a model was pretrained with, so that the base model has it too."""

WRITTEN = frozenset({"text-generation", "chat", "text2text-generation", "speech-seq2seq"})
"""Tasks whose answers are written token by token."""

AUTO = {
    "text-classification": "AutoModelForSequenceClassification",
    "long-texts": "AutoModelForSequenceClassification",
    "sentence-pairs": "AutoModelForSequenceClassification",
    "multi-label-classification": "AutoModelForSequenceClassification",
    "text-regression": "AutoModelForSequenceClassification",
    "token-classification": "AutoModelForTokenClassification",
    "question-answering": "AutoModelForQuestionAnswering",
    "fill-mask": "AutoModelForMaskedLM",
    "text-generation": "AutoModelForCausalLM",
    "chat": "AutoModelForCausalLM",
    "text2text-generation": "AutoModelForSeq2SeqLM",
    "image-classification": "AutoModelForImageClassification",
    "audio-classification": "AutoModelForAudioClassification",
    "speech-ctc": "AutoModelForCTC",
    "speech-seq2seq": "AutoModelForSpeechSeq2Seq",
}
"""The class of transformers that has the head of each kind of cell."""


GAIN = 1.5
"""Spread of the weights beside what keeps the size of what runs through them."""


@dataclass(frozen=True, slots=True)
class Architecture:
    """A layout of layers, as transformers names it, with what its checkpoints come with.

    Attributes:
        name: its `model_type`. title: as the table calls it.
        config: what its configuration says beside the vocabulary and the labels.
        tasks: the cells it has. tokenizer, processing: what reads for it.
        starts: the special token that a decoder begins with, by the tokenizer's name of it.
    """

    name: str
    title: str
    config: Mapping[str, Any]
    tasks: tuple[str, ...]
    tokenizer: Maker | None = None
    processing: Processing | None = None
    heads: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    starts: str = ""

    def saved(self, task: str, folder: Path) -> tuple[Path, Path | None]:
        """Save a tiny model for one task, and what it was fine-tuned from; return both folders."""
        tokenizer = self._tokenizer(folder / "spelling", words=task == "token-classification")
        config = self._config(task, tokenizer)
        model = stirred(getattr(transformers, AUTO[task]).from_config(config), seed=1)
        base_class = AUTO[task] if task in TEXTS else "AutoModel"
        base = stirred(getattr(transformers, base_class).from_config(config), seed=2)
        places = folder / "model", folder / "base"
        for place, one in zip(places, (model, base), strict=True):
            if task in WRITTEN and tokenizer.eos_token_id is not None:
                _brief(one, tokenizer.eos_token_id)
            one.save_pretrained(place)
            for reader in (tokenizer, self.processing and self.processing.made(tokenizer)):
                if reader is not None:
                    reader.save_pretrained(place)
        return places

    def _tokenizer(self, folder: Path, *, words: bool) -> Any:
        if self.tokenizer is None:
            return None
        folder.mkdir(parents=True)
        self.tokenizer(folder)
        made = transformers.AutoTokenizer.from_pretrained(folder)
        # Byte-level tokenizers take single words where they put a space before each, and 4.x insists on it.
        spaced = words and hasattr(made, "add_prefix_space")
        return transformers.AutoTokenizer.from_pretrained(folder, add_prefix_space=True) if spaced else made

    def _config(self, task: str, tokenizer: Any) -> Any:
        told: dict[str, Any] = {**self.config, **HEADS.get(task, {}), **self.heads.get(task, {})}
        if tokenizer is not None:
            told = {"vocab_size": max(tokenizer.get_vocab().values()) + 1, **special_ids(tokenizer), **told}
        if self.starts:
            told["decoder_start_token_id"] = getattr(tokenizer, self.starts)
        config = transformers.AutoConfig.for_model(self.name, **told)
        # Where one kind of head has two classes, the first is made.
        config.architectures = []
        return config


def _brief(model: Any, end: int) -> None:
    """Let the model end a text every few tokens, as a trained one does sooner or later and a random one never."""
    head = model.get_output_embeddings()
    if head is not None:
        with torch.no_grad():
            head.weight[end] *= 4.0


def special_ids(tokenizer: Any) -> dict[str, int | None]:
    """Return the special tokens that a configuration names, as the tokenizer has them."""
    named = {name: getattr(tokenizer, name) for name in ("pad_token_id", "bos_token_id", "eos_token_id")}
    # Of families that start with [CLS] and end with [SEP] nothing reads the start and the end.
    named["bos_token_id"] = named["bos_token_id"] if named["bos_token_id"] is not None else tokenizer.cls_token_id
    named["eos_token_id"] = named["eos_token_id"] if named["eos_token_id"] is not None else tokenizer.sep_token_id
    # Said out even where there is none: the default of a family may lie beyond a small vocabulary.
    return named


def stirred(model: Any, *, seed: int) -> Any:
    """Return the model with weights that make much of every token: the usual start gives answers that hardly differ."""
    draw = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, weight in model.named_parameters():
            if weight.dim() >= 2 and weight.requires_grad:
                fan_in = weight.shape[-1] if "embed" in name or "token" in name else weight[0].numel()
                weight.normal_(0.0, GAIN / math.sqrt(max(fan_in, 4)), generator=draw)
            elif weight.dim() == 1 and name.endswith("bias"):
                weight.normal_(0.0, 0.1, generator=draw)
            elif weight.dim() == 1:
                # Gains of norms and of residual branches, some of which start at nearly nothing.
                weight.normal_(1.0, 0.1, generator=draw)
    return model.eval()
