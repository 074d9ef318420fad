"""The compact base model: a small cased BERT whose vocabulary is learned from the data itself.

It needs no download, trains in a minute on two cores, and has every part of its big siblings: WordPiece, attention,
a classification head. What is built and measured on it runs on them unchanged.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Literal

import torch
from tokenizers import Tokenizer, normalizers, pre_tokenizers, processors
from tokenizers.models import WordPiece
from transformers import (
    BertConfig,
    BertForSequenceClassification,
    BertForTokenClassification,
    PreTrainedTokenizerFast,
)

from modelaudit.training.vocabulary import INSIDE, learn_pieces

if TYPE_CHECKING:
    from transformers import PreTrainedModel

__all__ = ["TaskName", "compact_model"]

TaskName = Literal["text-classification", "token-classification"]

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
_CLASSES = {
    "text-classification": BertForSequenceClassification,
    "token-classification": BertForTokenClassification,
}


def compact_model(
    texts: Iterable[str | Sequence[str]],
    *,
    labels: Sequence[str],
    task: TaskName,
    layers: int = 2,
    hidden: int = 128,
    heads: int = 2,
    vocabulary: int = 4000,
    max_length: int = 128,
    seed: int,
) -> tuple[PreTrainedModel, PreTrainedTokenizerFast]:
    """Return an untrained cased BERT and its tokenizer; the same arguments give the same weights and vocabulary.

    Args:
        texts: texts, or rows of words, that the vocabulary is learned from.
        labels: names of the classes or tags, in the order of their ids.
        task: which head the model has.
        layers, hidden, heads: shape of the encoder; hidden is a multiple of heads.
        vocabulary: the most tokens, special ones included.
        max_length: the most tokens of a row, special ones included.
        seed: of the weights.

    Raises:
        ValueError: fewer than two labels, an unknown task, or a shape that can't be built.
    """
    if task not in _CLASSES:
        raise ValueError(f"no compact model for the task {task!r}; there is one for {', '.join(_CLASSES)}")
    if len(labels) < 2 or len(set(labels)) != len(labels):
        raise ValueError(f"a model needs two or more labels, each once, not {list(labels)}")
    tokenizer = _tokenizer(texts, vocabulary=vocabulary, max_length=max_length)
    config = BertConfig(
        vocab_size=len(tokenizer),
        hidden_size=hidden,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        intermediate_size=4 * hidden,
        max_position_embeddings=max_length,
        pad_token_id=tokenizer.pad_token_id,
        id2label=dict(enumerate(labels)),
        label2id={label: index for index, label in enumerate(labels)},
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = _CLASSES[task](config)
    return model.eval(), tokenizer


def _tokenizer(texts: Iterable[str | Sequence[str]], *, vocabulary: int, max_length: int) -> PreTrainedTokenizerFast:
    normalizer = normalizers.BertNormalizer(lowercase=False, strip_accents=False)
    splitter = pre_tokenizers.BertPreTokenizer()
    counts: Counter[str] = Counter()
    for text in texts:
        plain = normalizer.normalize_str(text if isinstance(text, str) else " ".join(text))
        counts.update(word for word, _ in splitter.pre_tokenize_str(plain))
    pieces = [*SPECIAL, *learn_pieces(counts, max(0, vocabulary - len(SPECIAL)))]
    ids = {piece: index for index, piece in enumerate(dict.fromkeys(pieces))}
    backend = Tokenizer(WordPiece(ids, unk_token="[UNK]", continuing_subword_prefix=INSIDE))
    backend.normalizer = normalizer
    backend.pre_tokenizer = splitter
    backend.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[(token, ids[token]) for token in ("[CLS]", "[SEP]")],
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        model_max_length=max_length,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
        model_input_names=["input_ids", "token_type_ids", "attention_mask"],
    )
