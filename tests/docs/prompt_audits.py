"""A small audit that makes prompt robustness say all that it can: options put to a model that guesses."""

from __future__ import annotations

import numpy as np
import torch
from privacy_audits import audited
from tokenizers import Tokenizer, pre_tokenizers
from tokenizers.models import WordLevel
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

NAMED = "apple pear hammer saw chisel lemon".split()  # noqa: SIM905


def of_prompts(given):
    """Return what the check says of thirty questions with three options each."""
    words = ["[PAD]", "[UNK]", *NAMED, *"ABCabc123", *").(:?", "Which", "Answer", "Question"]
    backend = Tokenizer(WordLevel({word: place for place, word in enumerate(words)}, unk_token="[UNK]"))
    backend.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    tokenizer = PreTrainedTokenizerFast(tokenizer_object=backend, pad_token="[PAD]", unk_token="[UNK]")
    torch.manual_seed(0)
    config = GPT2Config(
        vocab_size=len(words), n_embd=16, n_layer=1, n_head=2, n_positions=64, bos_token_id=0, eos_token_id=0
    )
    draw = np.random.default_rng(0)
    rows = []
    for number in range(30):
        options = "\n".join(
            f"{letter}) {option}" for letter, option in zip("ABC", draw.permutation(NAMED)[:3], strict=True)
        )
        rows.append({"prompt": f"{number}. Which is it?\n{options}\nAnswer:", "answer": "ABC"[number % 3]})
    return audited(GPT2LMHeadModel(config).eval(), rows, only="prompt-robustness", tokenizer=tokenizer, **given)
