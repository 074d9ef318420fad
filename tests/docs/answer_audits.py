"""Small audits that make task performance and group performance say all that they can where answers are text."""

from __future__ import annotations

import json

import numpy as np
import torch
from privacy_audits import audited
from tokenizers import Tokenizer, models, pre_tokenizers, processors
from transformers import (
    BertConfig,
    BertForMaskedLM,
    BertForQuestionAnswering,
    GPT2Config,
    GPT2LMHeadModel,
    PreTrainedTokenizerFast,
    T5Config,
    T5ForConditionalGeneration,
    Wav2Vec2Config,
    Wav2Vec2CTCTokenizer,
    Wav2Vec2FeatureExtractor,
    Wav2Vec2ForCTC,
)

from modelaudit.subject.quiet import quiet

ROWS = 64
BOTH = ("task-performance", "group-performance")
SPECIAL = ("[PAD]", "[SEP]", "[UNK]", "[CLS]", "[MASK]")
WORDS = tuple(f"{one}{two}{three}" for one in "bdfgklmn" for two in "aei" for three in ("", "st"))
SIZES = {
    "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 32,
    "max_position_embeddings": 64,
}  # fmt: skip
RATE = 8_000


def of_answers(given, folder):
    """Questions with an answer and without, texts to write, short answers to prompts, masked words, and speech."""
    torch.manual_seed(0)
    words = words_alone()
    pairs = (
        (BertForQuestionAnswering(BertConfig(vocab_size=len(words), **SIZES)), words, questions(), BOTH),
        (writer(words), words, texts(), BOTH),
        (GPT2LMHeadModel(decoder(words)), words, prompts(), BOTH[:1]),
        (BertForMaskedLM(BertConfig(vocab_size=len(words), **SIZES)), words, prompts(), BOTH[:1]),
    )
    found = [
        result
        for model, tokenizer, rows, names in pairs
        for result in audited(model.eval(), rows, only=names, tokenizer=tokenizer, **given)
    ]
    model, tokenizer, processor = transcriber(folder)
    return found + audited(model, spoken(), only=BOTH, tokenizer=tokenizer, processor=processor, **given)


def said(draw, count):
    return " ".join(draw.choice(WORDS, count))


def sex(place):
    return "fm"[place % 2]


def questions():
    draw, rows = np.random.default_rng(1), []
    for place in range(ROWS):
        context = said(draw, 9)
        truth = {"text": [context.split()[0]], "answer_start": [0]} if place % 4 else {"text": [], "answer_start": []}
        rows.append({"question": said(draw, 3), "context": context, "answers": truth, "sex": sex(place)})
    return rows


def texts():
    draw = np.random.default_rng(2)
    return [{"source": said(draw, 6), "target": said(draw, 3), "sex": sex(place)} for place in range(ROWS)]


def prompts():
    draw = np.random.default_rng(3)
    return [{"prompt": said(draw, 5), "answer": said(draw, 1), "text": said(draw, 6)} for _ in range(ROWS)]


def spoken():
    draw = np.random.default_rng(4)
    return [
        {
            "audio": {"array": draw.normal(0.0, 0.2, RATE // 4).astype(np.float32), "sampling_rate": RATE},
            "text": "ab ba", "sex": sex(place),
        }
        for place in range(ROWS)
    ]  # fmt: skip


def words_alone():
    """Return a tokenizer of whole words, for models of all kinds."""
    vocabulary = {word: place for place, word in enumerate((*SPECIAL, *WORDS))}
    tokenizer = Tokenizer(models.WordLevel(vocabulary, unk_token="[UNK]"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 3), ("[SEP]", 1)]
    )
    names = ("pad_token", "sep_token", "unk_token", "cls_token", "mask_token")
    return PreTrainedTokenizerFast(
        tokenizer_object=tokenizer, model_max_length=64, eos_token="[SEP]", bos_token="[CLS]",
        **dict(zip(names, SPECIAL, strict=True)),
    )  # fmt: skip


def decoder(tokenizer):
    """Return the sizes of a model that reads one way."""
    ends = {"bos_token_id": tokenizer.bos_token_id, "eos_token_id": tokenizer.eos_token_id}
    return GPT2Config(vocab_size=len(tokenizer), n_positions=64, n_embd=16, n_layer=1, n_head=2, **ends)


def writer(tokenizer):
    """Return an encoder-decoder that ends whatever it writes after one word."""
    sizes = {"d_model": 16, "d_kv": 8, "d_ff": 32, "num_layers": 1, "num_heads": 2}
    model = T5ForConditionalGeneration(
        T5Config(vocab_size=len(tokenizer), decoder_start_token_id=0, pad_token_id=0, eos_token_id=1, **sizes)
    )
    model.generation_config.eos_token_id = list(range(len(tokenizer)))
    return model


def transcriber(folder):
    """Return a model that writes letters as it hears (CTC), with its tokenizer and what prepares a sound."""
    labels = ("<pad>", "<s>", "</s>", "<unk>", "|", "a", "b")
    folder.mkdir(exist_ok=True)
    (folder / "vocab.json").write_text(json.dumps({label: place for place, label in enumerate(labels)}))
    with quiet():
        tokenizer = Wav2Vec2CTCTokenizer(str(folder / "vocab.json"))
    sizes = {name: size for name, size in SIZES.items() if name != "max_position_embeddings"}
    model = Wav2Vec2ForCTC(
        Wav2Vec2Config(
            vocab_size=len(labels), conv_dim=(16, 16), conv_stride=(8, 8), conv_kernel=(16, 8),
            num_feat_extract_layers=2, num_conv_pos_embeddings=4, num_conv_pos_embedding_groups=2, pad_token_id=0,
            **sizes,
        )
    )  # fmt: skip
    return model.eval(), tokenizer, Wav2Vec2FeatureExtractor(sampling_rate=RATE, return_attention_mask=False)
