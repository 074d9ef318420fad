"""Tiny models of the tasks beyond plain text, trained on the spot; shared by the tests that need one.

A blank model is untrained, the same each time; trained on rows, as tables have them, for many steps it knows them by
heart. That is the planted defect, and its clean twin is the same model asked about like rows that it never saw.
"""

from __future__ import annotations

import json
import tempfile
from pathlib import Path

import numpy as np
import torch
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import (
    BertConfig,
    BertForMaskedLM,
    BertForQuestionAnswering,
    PreTrainedTokenizerFast,
    T5Config,
    T5ForConditionalGeneration,
    ViTConfig,
    ViTForImageClassification,
    Wav2Vec2Config,
    Wav2Vec2CTCTokenizer,
)

from modelaudit.subject.opened import OpenedModel, OpenOptions
from modelaudit.subject.readers.loading import load_processor
from modelaudit.subject.subject import build_subject

TWO_CLASSES = {"id2label": {0: "lower", 1: "upper"}, "label2id": {"lower": 0, "upper": 1}}

WORDS = [f"{one}{two}{three}" for one in "bdfgklmn" for two in "aeiou" for three in ("", "r", "st")]
SPECIAL = ["<pad>", "</s>", "<unk>", "<s>"]


def word_tokenizer(kind="t5", most=64):
    """Return a tokenizer of whole words, with the special tokens of T5 or of BERT."""
    names = SPECIAL if kind == "t5" else ["[PAD]", "[SEP]", "[UNK]", "[CLS]", "[MASK]"]
    vocabulary = {piece: place for place, piece in enumerate([*names, *WORDS])}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token=names[2]))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    special = [(names[1], 1), (names[3], 3)]
    if kind == "t5":
        tokenizer.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=special)
        named = {"eos_token": "</s>", "pad_token": "<pad>", "unk_token": "<unk>"}
        inputs = ["input_ids", "attention_mask"]
    else:
        tokenizer.post_processor = processors.TemplateProcessing(
            single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=special
        )
        named = {"sep_token": "[SEP]", "cls_token": "[CLS]", "pad_token": "[PAD]", "unk_token": "[UNK]"}
        named["mask_token"] = "[MASK]"
        inputs = ["input_ids", "token_type_ids", "attention_mask"]
    return PreTrainedTokenizerFast(tokenizer_object=tokenizer, model_max_length=most, model_input_names=inputs, **named)


def said(draw, words):
    """Return so many random words as a text."""
    return " ".join(draw.choice(WORDS, words))


def translated_rows(n, seed, *, words=12):
    """Return sources of six random words with targets of random words, which nothing but memory gives."""
    draw = np.random.default_rng(seed)
    return [{"source": said(draw, 6), "target": said(draw, words)} for _ in range(n)]


def question_rows(n, seed, *, answer=1):
    """Return contexts of twelve random words, questions of three, and answers that stand anywhere in the context."""
    draw = np.random.default_rng(seed)
    rows = []
    for place in range(n):
        words = draw.choice(WORDS, 12).tolist()
        first = int(draw.integers(0, 12 - answer))
        start = len(" ".join(words[:first])) + (first > 0)
        found = " ".join(words[first : first + answer])
        rows.append({
            "id": str(place), "question": said(draw, 3), "context": " ".join(words),
            "answers": {"text": [found], "answer_start": [start]},
        })  # fmt: skip
    return rows


def subject_with(model, *, tokenizer=None, processor=None, base=None, **tables):
    """Return the subject of a model, and of the model before fine-tuning, on tables of rows."""
    both = [
        None if each is None else OpenedModel(model=each, tokenizer=tokenizer, processor=processor, name=name)
        for each, name in ((model, "planted"), (base, "base"))
    ]
    return build_subject(both[0], base=both[1], preset="standard", seed=0, device="cpu", **tables)


def optimised(model, loss_of, *, steps, rate, seed=0):
    """Train a model in place with full batches, and return it in evaluation mode."""
    torch.manual_seed(seed)
    optimizer = torch.optim.AdamW(model.parameters(), lr=rate, weight_decay=0.0)
    model.train()
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = rate * min(1.0, (step + 1) / 10) * (1.0 - step / steps)
        optimizer.zero_grad()
        loss_of(model).backward()
        optimizer.step()
    return model.eval()


def masked_model(tokenizer, seed=1):
    """Return an untrained masked language model (BERT)."""
    torch.manual_seed(seed)
    return BertForMaskedLM(_small_bert(tokenizer)).eval()


def trained_masked(model, tokenizer, texts, *, steps, rate=3e-3):
    """Train a masked language model in place on texts of one length, a quarter of the words masked anew each time."""
    ids = tokenizer(texts, return_tensors="pt")["input_ids"]
    special = (ids == tokenizer.cls_token_id) | (ids == tokenizer.sep_token_id)

    def loss(it):
        hidden = (torch.rand(ids.shape) < 0.25) & ~special
        return it(
            input_ids=ids.masked_fill(hidden, tokenizer.mask_token_id), labels=ids.masked_fill(~hidden, -100)
        ).loss

    return optimised(model, loss, steps=steps, rate=rate)


def _small_bert(tokenizer):
    return BertConfig(
        vocab_size=len(tokenizer), hidden_size=64, num_hidden_layers=2, num_attention_heads=4, intermediate_size=128,
        max_position_embeddings=64, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, pad_token_id=0,
        initializer_range=0.1,
    )  # fmt: skip


def blank_writer(tokenizer, seed=1):
    """Return an untrained encoder-decoder (T5)."""
    torch.manual_seed(seed)
    return T5ForConditionalGeneration(
        T5Config(
            vocab_size=len(tokenizer), d_model=64, d_kv=16, d_ff=128, num_layers=1, num_heads=4, dropout_rate=0.0,
            decoder_start_token_id=0, pad_token_id=0, eos_token_id=1, initializer_factor=1.0,
        )
    ).eval()  # fmt: skip


def trained_writer(model, tokenizer, rows, *, steps, rate=1e-2):
    """Train an encoder-decoder in place to write the targets of rows."""
    given = tokenizer([row["source"] for row in rows], return_tensors="pt", padding=True)
    wanted = tokenizer([row["target"] for row in rows], return_tensors="pt", padding=True)["input_ids"]
    wanted = wanted.masked_fill(wanted == tokenizer.pad_token_id, -100)
    return optimised(model, lambda it: it(**given, labels=wanted).loss, steps=steps, rate=rate)


def blank_reader(tokenizer, seed=1):
    """Return an untrained model that marks spans (BERT)."""
    torch.manual_seed(seed)
    return BertForQuestionAnswering(_small_bert(tokenizer)).eval()


def trained_reader(model, tokenizer, rows, *, steps, rate=3e-3):
    """Train a model in place to mark the answers of rows."""
    given = tokenizer(
        [row["question"] for row in rows], [row["context"] for row in rows], return_tensors="pt", padding=True
    )
    places = []
    for number, row in enumerate(rows):
        start = row["answers"]["answer_start"][0]
        end = start + len(row["answers"]["text"][0]) - 1
        places.append([given.char_to_token(number, place, 1) for place in (start, end)])
    start, end = torch.tensor(places).T
    return optimised(
        model, lambda it: it(**given, start_positions=start, end_positions=end).loss, steps=steps, rate=rate
    )


def pictures(n, seed, *, size=16, noise=1.0):
    """Return pictures of random patches; the label is of the brighter half, or at random with chance `noise`."""
    draw = np.random.default_rng(seed)
    rows = []
    for _ in range(n):
        tiles = draw.integers(0, 256, (size // 4, size // 4, 3))
        pixels = np.kron(tiles, np.ones((4, 4, 1))).astype(np.uint8)
        upper, lower = np.array_split(pixels, 2)
        label = int(draw.integers(2)) if draw.random() < noise else int(upper.mean() > lower.mean())
        rows.append({"image": pixels, "label": ("lower", "upper")[label]})
    return rows


def sounds(n, seed, *, seconds=0.25, noise=1.0, rate=16_000):
    """Return sounds of three random tones; the label is of the higher mean pitch, or at random with chance `noise`."""
    draw = np.random.default_rng(seed)
    time = np.arange(round(seconds * rate)) / rate
    rows = []
    for _ in range(n):
        pitches = draw.uniform(200, 3_000, 3)
        wave = sum(np.sin(2 * np.pi * (pitch * time + draw.random())) for pitch in pitches) / 4
        label = int(draw.integers(2)) if draw.random() < noise else int(pitches.mean() > 1_600)
        heard = {"array": wave.astype(np.float32), "sampling_rate": rate}
        rows.append({"audio": heard, "label": ("lower", "upper")[label]})
    return rows


def spoken(n, seed, *, letters="abcdefgh", length=5, rate=16_000):
    """Return sounds of random tones in which nothing is said, and transcripts of random letters."""
    draw = np.random.default_rng(seed)
    rows = sounds(n, seed + 1_000, rate=rate)
    return [{"audio": row["audio"], "text": "".join(draw.choice([*letters], length))} for row in rows]


def picture_processor(size=16):
    """Return an image processor as it is loaded from a model's folder."""
    saved = {
        "image_processor_type": "ViTImageProcessor", "size": {"height": size, "width": size},
        "image_mean": [0.5] * 3, "image_std": [0.5] * 3, "do_resize": True, "do_rescale": True, "do_normalize": True,
    }  # fmt: skip
    with tempfile.TemporaryDirectory() as folder:
        Path(folder, "preprocessor_config.json").write_text(json.dumps(saved))
        return load_processor(folder, OpenOptions(), name="tiny", medium="picture")


def blank_seer(seed=1, size=16):
    """Return an untrained image classifier of two classes (ViT)."""
    torch.manual_seed(seed)
    return ViTForImageClassification(
        ViTConfig(
            image_size=size, patch_size=4, hidden_size=64, num_hidden_layers=2, num_attention_heads=4,
            intermediate_size=128, hidden_dropout_prob=0.0, attention_probs_dropout_prob=0.0, initializer_range=0.1,
            **TWO_CLASSES,
        )
    ).eval()  # fmt: skip


def trained_seer(model, processor, rows, *, steps, rate=3e-3):
    """Train an image classifier in place."""
    given = processor(images=[row["image"] for row in rows], return_tensors="pt")["pixel_values"]
    truths = torch.tensor([model.config.label2id[row["label"]] for row in rows])
    return optimised(model, lambda it: it(pixel_values=given, labels=truths).loss, steps=steps, rate=rate)


def hearing(kind, seed=1, **more):
    """Return an untrained model that reads samples (Wav2Vec2), of one of its classes."""
    torch.manual_seed(seed)
    return kind(
        Wav2Vec2Config(
            hidden_size=32, num_hidden_layers=2, num_attention_heads=4, intermediate_size=64, conv_dim=(32, 32, 32),
            conv_kernel=(10, 8, 4), conv_stride=(8, 8, 4), num_feat_extract_layers=3, num_conv_pos_embeddings=16,
            num_conv_pos_embedding_groups=4, classifier_proj_size=32, hidden_dropout=0.0, attention_dropout=0.0,
            activation_dropout=0.0, feat_proj_dropout=0.0, final_dropout=0.0, layerdrop=0.0, apply_spec_augment=False,
            feat_extract_norm="layer", initializer_range=0.1, **more,
        )
    ).eval()  # fmt: skip


def trained_hearer(model, rows, *, steps, rate=3e-3):
    """Train an audio classifier in place, on sounds of one length."""
    waves = torch.tensor(np.stack([row["audio"]["array"] for row in rows]))
    given = (waves - waves.mean(1, keepdim=True)) / (waves.var(1, keepdim=True, correction=0) + 1e-7).sqrt()
    truths = torch.tensor([model.config.label2id[row["label"]] for row in rows])
    return optimised(model, lambda it: it(input_values=given, labels=truths).loss, steps=steps, rate=rate)


def letter_tokenizer(letters="abcdefgh"):
    """Return a tokenizer of single letters, as models with connectionist temporal classification have."""
    vocabulary = {piece: place for place, piece in enumerate(["<pad>", "<unk>", "|", *letters])}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "vocab.json")
        path.write_text(json.dumps(vocabulary))
        return Wav2Vec2CTCTokenizer(str(path), bos_token=None, eos_token=None)
