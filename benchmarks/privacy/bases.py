"""What the models are fine-tuned from: a pretrained encoder cut to its first layers, and a small GPT-2 made here."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from pathlib import Path
from typing import Any

import torch
from real_run import encoder_folder
from tokenizers import Tokenizer, pre_tokenizers, processors
from tokenizers.models import WordPiece
from transformers import (
    AutoModel,
    AutoModelForCausalLM,
    AutoModelForSequenceClassification,
    AutoModelForTokenClassification,
    AutoTokenizer,
    GPT2Config,
    GPT2LMHeadModel,
    PreTrainedTokenizerFast,
)

from modelaudit.training.compact import compact_model
from modelaudit.training.vocabulary import INSIDE, learn_pieces
from privacy.learning import Recipe, Teaching, taught
from privacy.tasks import TASKS, TRY, Pool
from privacy.tasks import pool as pool_of

ALL_LAYERS, ENCODER_LAYERS = 6, 2
"""Of the pretrained encoder, and of what is left of it where it is trained some hundred times."""

SPECIAL = ("[PAD]", "[UNK]", "[BOS]")
WIDTH, LAYERS, HEADS, POSITIONS, VOCABULARY = 96, 2, 4, 48, 3_000
PRETRAINING = Recipe("full", (6,), 2e-3)


def reads_whole(recipe: Mapping[str, Any]) -> bool:
    """Whether models of a recipe need all layers of the encoder: classifiers of text whose encoder is frozen.

    In its first layers the state of the first token, which BERT's head reads, hardly differs from text to text.
    """
    return recipe.get("way") == "head" and recipe["task"] != "entities"


def base_folder(folder: Path, pool: Pool, *, whole: bool = False) -> Path:
    """Return the folder of a task's base model, made there where it is not; `whole` has all layers of the encoder."""
    layers = ALL_LAYERS if whole else ENCODER_LAYERS
    make = {"text": lambda: _generator(pool), TRY: lambda: _compact(pool)}.get(pool.name, lambda: _encoder(layers))
    place = folder / "bases" / {"text": "generator", TRY: "compact"}.get(pool.name, f"encoder-{layers}")
    if not place.exists():
        model, tokenizer = make()
        half = place.with_suffix(".half")
        tokenizer.save_pretrained(half)
        model.save_pretrained(half)
        half.rename(place)
    return place


def made_from(data: Path, tasks: Collection[str]) -> list[str]:
    """Return what models and rows are, in sentences."""
    said = [
        f"`{pool.name}`: {pool.source}; {len(pool.rows):,} distinct rows."
        for pool in (pool_of(name, data) for name in (*TASKS, TRY) if name in tasks)
    ]
    if set(tasks) <= {TRY}:
        return said
    return [
        *said,
        f"Encoders: the pretrained all-MiniLM-L6-v2 ({ALL_LAYERS} layers, 384 units), cut to its first "
        f"{ENCODER_LAYERS} layers; for text with a frozen encoder (`head`) all {ALL_LAYERS}.",
        f"Language models: a GPT-2 of {LAYERS} layers and {WIDTH} units with a vocabulary learned from its data, "
        f"pre-trained for {PRETRAINING.epochs[-1]} epochs on rows that no study uses.",
        "`full`: all weights; `lora`: rank 8 on the attention (of a language model on all matrices of its layers); "
        "`head`: what stands behind the frozen encoder (for text BERT's pooler and the classifier).",
    ]


def opened(base: Path, pool: Pool, *, seed: int) -> tuple[Any, Any]:
    """Return the base model with a head for the task, drawn from the seed, and its tokenizer."""
    tokenizer = AutoTokenizer.from_pretrained(base)
    if pool.task == "text-generation":
        return AutoModelForCausalLM.from_pretrained(base), tokenizer
    names = dict(enumerate(pool.labels))
    auto = AutoModelForSequenceClassification if pool.task.startswith("text") else AutoModelForTokenClassification
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        ids = {name: place for place, name in names.items()}
        return auto.from_pretrained(base, num_labels=len(names), id2label=names, label2id=ids), tokenizer


def _encoder(layers: int) -> tuple[Any, Any]:
    model = AutoModel.from_pretrained(encoder_folder(), num_hidden_layers=layers)
    return model.eval(), AutoTokenizer.from_pretrained(encoder_folder())


def _compact(pool: Pool) -> tuple[Any, Any]:
    texts = [row["text"] for row in pool.rows]
    model, tokenizer = compact_model(texts, labels=pool.labels, task="text-classification", hidden=32, seed=0)
    return model.base_model, tokenizer


def _generator(pool: Pool) -> tuple[Any, Any]:
    """Return a GPT-2 of two layers, trained for some epochs on rows that no study uses for anything else."""
    tokenizer = _tokenizer([row["text"] for row in pool.before])
    config = GPT2Config(
        vocab_size=len(tokenizer),
        n_positions=POSITIONS,
        n_embd=WIDTH,
        n_layer=LAYERS,
        n_head=HEADS,
        bos_token_id=tokenizer.bos_token_id,
        eos_token_id=tokenizer.bos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(0)
        model = GPT2LMHeadModel(config)
    [(_, trained)] = taught(Teaching(model, tokenizer, pool.task), pool.before, PRETRAINING)
    return trained, tokenizer


def _tokenizer(texts: Sequence[str]) -> PreTrainedTokenizerFast:
    counts = Counter(word for text in texts for word in text.split())
    pieces = [*SPECIAL, *learn_pieces(counts, VOCABULARY - len(SPECIAL))]
    ids = {piece: place for place, piece in enumerate(dict.fromkeys(pieces))}
    backend = Tokenizer(WordPiece(ids, unk_token="[UNK]", continuing_subword_prefix=INSIDE))
    backend.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    backend.post_processor = processors.TemplateProcessing(single="[BOS] $A", special_tokens=[("[BOS]", ids["[BOS]"])])
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        model_max_length=POSITIONS,
        pad_token="[PAD]",
        unk_token="[UNK]",
        bos_token="[BOS]",
        eos_token="[BOS]",
        model_input_names=["input_ids", "attention_mask"],
    )
