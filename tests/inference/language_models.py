"""Tiny random language models whose positions are told, counted by themselves or not there at all."""

from functools import cache

import torch
from transformers import (
    BloomConfig,
    BloomForCausalLM,
    FalconConfig,
    FalconForCausalLM,
    GPT2Config,
    GPT2LMHeadModel,
    LlamaConfig,
    LlamaForCausalLM,
    OPTConfig,
    OPTForCausalLM,
)

VOCABULARY = 257
"""Of a tokenizer of bytes: `<|endoftext|>` and 256 bytes."""
ENDS = {"bos_token_id": 0, "eos_token_id": 0}
TOLD = ("gpt2", "llama", "opt")
UNTOLD = ("bloom", "falcon")


@cache
def language_model(kind):
    torch.manual_seed(3)
    small = {"vocab_size": VOCABULARY, "hidden_size": 32, "num_attention_heads": 2, **ENDS}
    match kind:
        case "gpt2":
            model = GPT2LMHeadModel(
                GPT2Config(vocab_size=VOCABULARY, n_embd=32, n_layer=2, n_head=2, n_positions=64, **ENDS)
            )
        case "llama":
            model = LlamaForCausalLM(
                LlamaConfig(**small, num_hidden_layers=2, intermediate_size=48, max_position_embeddings=64)
            )
        case "opt":
            model = OPTForCausalLM(
                OPTConfig(**small, num_hidden_layers=2, ffn_dim=48, max_position_embeddings=64, word_embed_proj_dim=32)
            )
        case "bloom":
            model = BloomForCausalLM(BloomConfig(vocab_size=VOCABULARY, hidden_size=32, n_layer=2, n_head=2, **ENDS))
        case "falcon":
            model = FalconForCausalLM(FalconConfig(**small, num_hidden_layers=2, alibi=True))
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.mul_(4.0)  # the usual start gives logits that differ by little more than rounding
    return model.eval()
