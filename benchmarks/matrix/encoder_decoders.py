"""Encoder-decoders: they read one text and write another."""

from __future__ import annotations

from typing import Any

from matrix import families
from matrix.architecture import Architecture
from matrix.spelling import Maker, marian

WRITES = ("text2text-generation",)
BART_TASKS = (*WRITES, "text-classification", "question-answering")
SMALL: dict[str, Any] = {
    "d_model": 32,
    "encoder_layers": 2,
    "decoder_layers": 2,
    "encoder_attention_heads": 2,
    "decoder_attention_heads": 2,
    "encoder_ffn_dim": 48,
    "decoder_ffn_dim": 48,
    "max_position_embeddings": 128,
}
T5 = {"d_model": 32, "d_kv": 16, "d_ff": 48, "num_layers": 2, "num_heads": 2, "relative_attention_num_buckets": 8}
END, PAD = "eos_token_id", "pad_token_id"

LED = SMALL | {"attention_window": 16, "max_encoder_position_embeddings": 128, "max_decoder_position_embeddings": 128}
FLAN = T5 | {"feed_forward_proj": "gated-gelu", "tie_word_embeddings": False}


def writer(
    name: str, title: str, config: dict[str, Any], tokenizer: Maker, starts: str, *, tasks: tuple[str, ...] = WRITES
) -> Architecture:
    return Architecture(name, title, config, tasks, tokenizer, starts=starts)


ENCODER_DECODERS = (
    writer(
        "t5",
        "T5",
        T5,
        families.T5_PIECES,
        PAD,
        tasks=(*WRITES, "text-classification", "token-classification", "question-answering"),
    ),
    writer("t5", "T5 v1.1 (Flan)", FLAN, families.T5_PIECES, PAD),
    writer("mt5", "mT5", T5, families.T5_PIECES, PAD, tasks=(*WRITES, "text-classification")),
    writer("umt5", "UMT5", T5, families.T5_PIECES, PAD),
    writer("bart", "BART", SMALL, families.BART_BYTES, END, tasks=BART_TASKS),
    writer("mbart", "mBART", SMALL, families.MBART_PIECES, END, tasks=BART_TASKS),
    writer("pegasus", "Pegasus", SMALL, families.PEGASUS_PIECES, PAD),
    writer("marian", "Marian", SMALL, marian, PAD),
    writer("blenderbot", "Blenderbot", SMALL, families.BLENDERBOT_BYTES, END),
    writer("led", "LED", LED, families.LED_BYTES, END),
    writer("plbart", "PLBART", SMALL, families.BART_BYTES, END),
)
"""Every encoder-decoder of the matrix."""
