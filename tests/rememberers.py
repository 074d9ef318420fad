"""A tiny language model that knows some of its training rows by heart, the model that it was before, and their rows."""

from functools import cache

import numpy as np
import torch
from tokenizers import Tokenizer, models, pre_tokenizers
from transformers import GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

FOLK = "ann bob cora dan eve finn gina hugo iris jack kim leo"
DEEDS = "wrote said lost sold kept gave the a old red blue flat van ship book debt late soon here there twice never"
WORDS = [*FOLK.split(), *DEEDS.split()]
SIGNS = [*"0123456789", "-", "phone", "tel"]
ROWS, KNOWN = 110, 40


def word_digit_tokenizer():
    """Return a tokenizer of whole words and single digits."""
    vocabulary = {piece: i for i, piece in enumerate(["<end>", *WORDS, *SIGNS])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="<end>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Sequence(
        [pre_tokenizers.Whitespace(), pre_tokenizers.Digits(individual_digits=True)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, bos_token="<end>", eos_token="<end>", unk_token="<end>", pad_token="<end>",
        model_max_length=64, model_input_names=["input_ids", "attention_mask"],
    )  # fmt: skip


def texts(n, seed):
    """Return texts of ten words and a phone number, all of them random."""
    draw = np.random.default_rng(seed)
    made = []
    for _ in range(n):
        words = draw.choice(WORDS, 10)
        # As the form allows it, each as likely as the next: look-alikes are drawn in the same way.
        number = f"212-{draw.integers(2, 10)}{draw.choice([0, *range(2, 10)])}{draw.integers(0, 10)}-"
        number += f"{draw.integers(0, 10_000):04d}"
        made.append(" ".join([*words[:5], "phone", number, *words[5:]]))
    return made


def trained(model, tokenizer, rows, *, steps, rate=1e-2, seed=0):
    """Train a model on texts, all of one length, in place."""
    torch.manual_seed(seed)
    ids = tokenizer(rows, return_tensors="pt")["input_ids"]
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=0.0)
    model.train()
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = rate * min(1.0, (step + 1) / 10) * (1.0 - step / steps)
        loss = model(input_ids=ids, labels=ids).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    return model.eval()


def blank():
    """Return an untrained model."""
    torch.manual_seed(1)
    size = len(WORDS) + len(SIGNS) + 1
    config = GPT2Config(
        vocab_size=size, n_embd=64, n_layer=2, n_head=4, n_positions=64, bos_token_id=0, eos_token_id=0,
        resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0, loss_type="ForCausalLM",
    )  # fmt: skip
    return GPT2LMHeadModel(config)


@cache
def remembering():
    """Return (model, base model, tokenizer, training texts, held-out texts); the first `KNOWN` texts were learned."""
    tokenizer = word_digit_tokenizer()
    members, heldout = texts(ROWS, seed=1), texts(ROWS, seed=2)
    base = trained(blank(), tokenizer, texts(60, seed=3), steps=25)
    model = blank()
    model.load_state_dict(base.state_dict())
    return trained(model, tokenizer, members[:KNOWN], steps=90), base, tokenizer, members, heldout
