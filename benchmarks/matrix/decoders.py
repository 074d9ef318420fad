"""Decoders: they write from left to right, and some have a head that classifies."""

from __future__ import annotations

from typing import Any

from matrix import families
from matrix.architecture import Architecture
from matrix.spelling import Maker

SMALL: dict[str, Any] = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "intermediate_size": 48,
    "max_position_embeddings": 192,
}
GROUPED = {**SMALL, "num_key_value_heads": 2}
TASKS = ("text-generation", "text-classification")
WRITES = ("text-generation",)
WITH_TAGS = (*TASKS, "token-classification")


def decoder(
    name: str, title: str, tokenizer: Maker, config: dict[str, Any], *, tasks: tuple[str, ...] = TASKS, **more: Any
) -> Architecture:
    return Architecture(name, title, config | more, tasks, tokenizer)


GPT2 = {"n_embd": 32, "n_layer": 2, "n_head": 4, "n_positions": 192, "n_inner": 48}
ROTARY = GPT2 | {"rotary_dim": 4}
GPT_NEO = {
    "hidden_size": 32,
    "num_layers": 2,
    "num_heads": 4,
    "intermediate_size": 48,
    "max_position_embeddings": 192,
    "attention_types": [[["global", "local"], 1]],
    "window_size": 16,
}
FALCON = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "ffn_hidden_size": 48,
    "max_position_embeddings": 192,
}
BLOOM = {"hidden_size": 32, "n_layer": 2, "n_head": 4}
MPT = {"d_model": 32, "n_layers": 2, "n_heads": 4, "expansion_ratio": 2, "max_seq_len": 192}
XGLM = {"d_model": 32, "num_layers": 2, "attention_heads": 4, "ffn_dim": 48, "max_position_embeddings": 192}
MAMBA = {"hidden_size": 32, "num_hidden_layers": 2, "state_size": 4}
GEMMA = GROUPED | {"head_dim": 8}
# Windows shorter than most rows, so that what they hide is seen.
GEMMA2 = GEMMA | {"sliding_window": 24, "query_pre_attn_scalar": 8}

DECODERS = (
    decoder("gpt2", "GPT-2", families.GPT2_PADDED, GPT2, tasks=WITH_TAGS),
    decoder("gpt_neo", "GPT-Neo", families.GPT2_PADDED, GPT_NEO, tasks=WITH_TAGS),
    decoder("gpt_neox", "GPT-NeoX (Pythia)", families.NEOX_BYTES, SMALL, tasks=WITH_TAGS),
    decoder("gptj", "GPT-J", families.GPT2_PADDED, ROTARY),
    decoder("codegen", "CodeGen", families.CODEGEN_BYTES, ROTARY, tasks=WRITES, n_ctx=192),
    decoder("opt", "OPT", families.OPT_BYTES, SMALL, ffn_dim=48, word_embed_proj_dim=32),
    decoder("llama", "Llama", families.LLAMA_PIECES, GROUPED, tasks=WITH_TAGS),
    decoder("mistral", "Mistral", families.LLAMA_PIECES, GROUPED, sliding_window=24),
    decoder("mixtral", "Mixtral", families.LLAMA_PIECES, GROUPED, num_local_experts=4, num_experts_per_tok=2),
    decoder("qwen2", "Qwen2", families.QWEN2_BYTES, GROUPED, tasks=WITH_TAGS),
    decoder("qwen3", "Qwen3", families.QWEN2_BYTES, GEMMA),
    decoder("gemma", "Gemma", families.GEMMA_PIECES, GEMMA),
    decoder("gemma2", "Gemma 2", families.GEMMA_PIECES, GEMMA2),
    decoder("gemma3_text", "Gemma 3 (text)", families.GEMMA_PIECES, GEMMA2, tasks=WRITES),
    decoder("phi", "Phi", families.CODEGEN_BYTES, SMALL, partial_rotary_factor=0.5),
    decoder("phi3", "Phi-3", families.LLAMA_PIECES, GROUPED, sliding_window=24),
    decoder("falcon", "Falcon", families.FALCON_BYTES, FALCON),
    decoder("bloom", "BLOOM", families.BLOOM_BYTES, BLOOM),
    decoder("mpt", "MPT", families.NEOX_BYTES, MPT),
    decoder("stablelm", "StableLM", families.NEOX_BYTES, GROUPED),
    decoder("cohere", "Cohere", families.COHERE_BYTES, GROUPED, tasks=WRITES),
    decoder("olmo", "OLMo", families.NEOX_BYTES, GROUPED, tasks=WRITES),
    decoder("olmo2", "OLMo 2", families.NEOX_BYTES, GROUPED, tasks=WRITES),
    decoder("starcoder2", "StarCoder2", families.GPT2_PADDED, GROUPED, sliding_window=24),
    decoder("granite", "Granite", families.GPT2_PADDED, GROUPED, tasks=WRITES),
    decoder("smollm3", "SmolLM3", families.LLAMA3_BYTES, GROUPED),
    decoder("biogpt", "BioGPT", families.OPT_BYTES, SMALL),
    decoder("xglm", "XGLM", families.OPT_BYTES, XGLM, tasks=WRITES),
    decoder("mamba", "Mamba", families.NEOX_BYTES, MAMBA, tasks=WRITES),
)
"""Every decoder of the matrix."""
