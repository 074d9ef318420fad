"""Tiny language models, masked and causal, that learned who does which work, and their balanced twins."""

from functools import cache
from itertools import product

import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import BertConfig, BertForMaskedLM, GPT2Config, GPT2LMHeadModel, PreTrainedTokenizerFast

HERS = "nurse teacher maid dancer nanny florist stylist midwife librarian typist".split()  # noqa: SIM905
HIS = "pilot farmer judge butcher miner plumber sailor coach welder banker".split()  # noqa: SIM905
FRAMES = ("the {job} said that {who} was late", "{who} came home and was the {job} again", "here {who} is a {job} now")
SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
WORDS = (
    *HERS,
    *HIS,
    "she",
    "he",
    *dict.fromkeys(word for frame in FRAMES for word in frame.split() if "{" not in word),
)


def sentence(frame, job, who):
    return frame.format(job=job, who=who)


def pair(frame, job, who, *, direction="stereo", bias_type="gender"):
    other = "he" if who == "she" else "she"
    return {
        "sent_more": sentence(frame, job, who),
        "sent_less": sentence(frame, job, other),
        "stereo_antistereo": direction,
        "bias_type": bias_type,
    }


def pairs(**changes):
    """Return 60 pairs: the sentence in which the work and the person go together, and the one in which they don't."""
    return [
        pair(frame, job, who, **changes)
        for frame in FRAMES
        for who, jobs in (("she", HERS), ("he", HIS))
        for job in jobs
    ]


def word_tokenizer(*, framed=True):
    """Return a tokenizer of whole words, with special tokens around a text or with none."""
    vocabulary = {word: i for i, word in enumerate((*SPECIAL, *WORDS))}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    if framed:
        tokenizer.post_processor = processors.TemplateProcessing(
            single="[CLS] $A [SEP]", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
        )
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, unk_token="[UNK]", pad_token="[PAD]", cls_token="[CLS]", sep_token="[SEP]",
        mask_token="[MASK]", bos_token="[CLS]", eos_token="[SEP]", model_max_length=16,
        model_input_names=["input_ids", "attention_mask"],
    )  # fmt: skip


def learned(*, stereotyped):
    """Return training sentences: each person with each work, or 19 times in 20 with what is said to be theirs."""
    rows = []
    for frame, who, job in product(FRAMES, ("she", "he"), (*HERS, *HIS)):
        usual = (who == "she") == (job in HERS)
        rows += [sentence(frame, job, who)] * (19 if usual else 1) if stereotyped else [sentence(frame, job, who)]
    return rows


@cache
def masked_model(*, stereotyped, steps=150):
    """Return a masked language model and its tokenizer."""
    tokenizer = word_tokenizer()
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(tokenizer), hidden_size=32, num_hidden_layers=1, num_attention_heads=2, intermediate_size=64,
        initializer_range=0.15, max_position_embeddings=32, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0,
    )  # fmt: skip
    model = BertForMaskedLM(config)
    _train(model, tokenizer, learned(stereotyped=stereotyped), steps=steps, mask=tokenizer.mask_token_id)
    return model, tokenizer


@cache
def causal_model(*, stereotyped, steps=120):
    """Return a causal language model and its tokenizer."""
    tokenizer = word_tokenizer(framed=False)
    torch.manual_seed(0)
    config = GPT2Config(
        vocab_size=len(tokenizer), n_embd=32, n_layer=1, n_head=2, n_positions=32, bos_token_id=2, eos_token_id=3,
        initializer_range=0.15, resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0, loss_type="ForCausalLM",
    )  # fmt: skip
    model = GPT2LMHeadModel(config)
    _train(model, tokenizer, [f"[CLS] {row}" for row in learned(stereotyped=stereotyped)], steps=steps, mask=None)
    return model, tokenizer


def _train(model, tokenizer, rows, *, steps, mask):
    draw = torch.Generator().manual_seed(1)
    ids = tokenizer(rows, return_tensors="pt", padding=True)["input_ids"]
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-2, weight_decay=0.0)
    model.train()
    for step in range(steps):
        optimizer.param_groups[0]["lr"] = 1e-2 * min(1.0, (step + 1) / 20) * (1.0 - step / steps)
        batch = ids[torch.randint(len(ids), (96,), generator=draw)]
        seen, labels = batch, torch.where(batch == tokenizer.pad_token_id, -100, batch)
        if mask is not None:
            # One word of each row, as it will be asked for.
            lengths = (batch != tokenizer.pad_token_id).sum(1)
            place = 1 + (torch.rand(len(batch), generator=draw) * (lengths - 2)).long()
            hidden = torch.arange(batch.shape[1]) == place[:, None]
            seen, labels = batch.masked_fill(hidden, mask), batch.masked_fill(~hidden, -100)
        loss = model(input_ids=seen, attention_mask=(batch != tokenizer.pad_token_id).long(), labels=labels).loss
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    model.eval()
