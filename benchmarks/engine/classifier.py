"""The model that all arms ask: one pretrained encoder with a head of two classes, or a tiny random one for tries."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from real_run import encoder_folder, prepared, sst2
from tokenizers import Tokenizer
from tokenizers.models import WordLevel
from tokenizers.pre_tokenizers import WhitespaceSplit
from tokenizers.processors import BertProcessing
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    BertConfig,
    BertForSequenceClassification,
    PreTrainedTokenizerFast,
)

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
TRAINING = {"epochs": 3, "seed": 0}


@dataclass(frozen=True, eq=False)
class Classifier:
    """A model on its device with its tokenizer.

    Attributes:
        words: words of its vocabulary that are one token each, for texts.
        folder: where a fine-tuned model lies; None for a head that was not trained.
    """

    model: Any
    tokenizer: Any
    device: str
    name: str
    words: tuple[str, ...]
    folder: Path | None = None


def fine_tuned_folder(models: Path | None) -> Path | None:
    """Return the folder of the fine-tuned SST-2 model, made there where it is not and the data is; else None."""
    if models is None:
        return None
    folder = models if (models / "config.json").exists() else models / "sst2"
    data = os.environ.get("MODELAUDIT_DATA")
    if not (folder / "config.json").exists():
        if not data:
            print("no fine-tuned model: MODELAUDIT_DATA does not name the folder with the data", file=sys.stderr)
            return None
        print(f"fine-tuning into {folder}, about ten minutes, once", file=sys.stderr)
        prepared(sst2(Path(data)), folder, **TRAINING)
    return folder


def real(device: str, folder: Path | None) -> Classifier:
    """Return the fine-tuned model, or the encoder with a random head whose logits are as far apart as trained ones."""
    tokenizer = AutoTokenizer.from_pretrained(folder or encoder_folder())
    torch.manual_seed(0)
    # Weights in half precision are run as float32, which is what all arms are compared in.
    model = AutoModelForSequenceClassification.from_pretrained(folder or encoder_folder(), num_labels=2).float().eval()
    name = "all-MiniLM-L6-v2 fine-tuned on SST-2" if folder else "all-MiniLM-L6-v2 with a random head"
    words = tuple(word for word in sorted(tokenizer.get_vocab()) if word.isascii() and word.isalpha() and len(word) > 2)
    if folder is None:
        _spread(model, len(tokenizer))
    return Classifier(model.to(device), tokenizer, device, name, words, folder)


def tiny(device: str) -> Classifier:
    """Return a random BERT of two layers over invented words."""
    words = tuple("".join(letters) for letters in _combinations("bdfgklmn", "aeio", "prst", "uy"))
    tokens = Tokenizer(WordLevel({word: i for i, word in enumerate([*SPECIAL, *words])}, unk_token="[UNK]"))
    tokens.pre_tokenizer = WhitespaceSplit()
    tokens.post_processor = BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    names = {f"{word.strip('[]').lower()}_token": word for word in SPECIAL}
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=tokens, model_max_length=64, **names)
    return Classifier(random_bert(32, 2, vocabulary=len(tokenizer)).to(device), tokenizer, device, "tiny random", words)


def random_bert(width: int, layers: int, *, vocabulary: int) -> BertForSequenceClassification:
    """Return a random BERT with heads of 64 units, or 16 where it is narrow."""
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=vocabulary,
        hidden_size=width,
        num_hidden_layers=layers,
        num_attention_heads=width // 64 or 2,
        intermediate_size=4 * width,
        max_position_embeddings=64 if width < 64 else 512,
    )
    model = BertForSequenceClassification(config).eval()
    _spread(model, vocabulary)
    return model


def _spread(model: Any, vocabulary: int) -> None:
    """Scale the head so that logits differ by about 4 between the classes: near 0 no arm could be seen to differ."""
    draw = np.random.default_rng(0)
    with torch.no_grad():
        ids = torch.from_numpy(draw.integers(5, vocabulary, (64, 16)))
        gaps = (model(input_ids=ids).logits @ torch.tensor([-1.0, 1.0])).float()
        scale = 4.0 / float(gaps.std())
        model.classifier.weight *= scale
        model.classifier.bias *= scale
        model.classifier.bias[1] -= scale * gaps.mean()


def _combinations(*sets: str) -> list[tuple[str, ...]]:
    found: list[tuple[str, ...]] = [()]
    for letters in sets:
        found = [(*start, letter) for start in found for letter in letters]
    return found
