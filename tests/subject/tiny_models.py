"""Builders of tiny real models and tokenizers."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import BertConfig, PreTrainedTokenizerFast

from modelaudit.subject.quiet import quiet

WORDS = [*"the a bad good film she he was is very not claim paid london anna peter . , !".split(), "'"]  # noqa: SIM905
LETTERS = "abcdefghijklmnopqrstuvwxyz"
TAGS = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC")
MAX_LENGTH = 16


def make_tokenizer(words: list[str] = WORDS) -> PreTrainedTokenizerFast:
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
    vocabulary = dict.fromkeys([*special, *words, *LETTERS, *(f"##{letter}" for letter in LETTERS)])
    tokenizer = Tokenizer(models.WordPiece({w: i for i, w in enumerate(vocabulary)}, unk_token="[UNK]"))
    tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
    tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        unk_token="[UNK]",
        pad_token="[PAD]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
        model_max_length=MAX_LENGTH,
    )


def bert_config(labels: tuple[str, ...], **changes: Any) -> BertConfig:
    return BertConfig(
        vocab_size=len(make_tokenizer()),
        hidden_size=16,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=32,
        max_position_embeddings=64,
        id2label=dict(enumerate(labels)),
        label2id={label: i for i, label in enumerate(labels)},
        **changes,
    )


def save(model: Any, folder: Path, tokenizer: Any = None) -> Path:
    with quiet():
        model.save_pretrained(folder)
        (tokenizer or make_tokenizer()).save_pretrained(folder)
    return folder
