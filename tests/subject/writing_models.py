"""Tiny encoder-decoders with real tokenizers of their families."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import sentencepiece
import torch
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, processors, trainers
from transformers import (
    BartConfig,
    BartForConditionalGeneration,
    MarianConfig,
    MarianMTModel,
    MarianTokenizer,
    MBartConfig,
    MBartForConditionalGeneration,
    PreTrainedTokenizerFast,
    T5Config,
    T5ForConditionalGeneration,
)

from modelaudit.inference.engine import Engine
from modelaudit.subject.model import Model
from modelaudit.subject.opened import OpenedModel
from modelaudit.subject.quiet import quiet
from modelaudit.subject.tasks.text2text_generation import Text2TextGeneration

SENTENCES = (
    "peter paid the claim in london",
    "anna saw a very bad film",
    "she was not good, and he is",
    "the claim is not paid, peter",
    "une réclamation 电影 😀 !",
)
ROOM = 32
SMALL: dict[str, Any] = {
    "d_model": 16,
    "encoder_layers": 1,
    "decoder_layers": 1,
    "encoder_attention_heads": 2,
    "decoder_attention_heads": 2,
    "encoder_ffn_dim": 32,
    "decoder_ffn_dim": 32,
    "max_position_embeddings": 64,
    "init_std": 0.5,
    "forced_eos_token_id": None,
}


def pieces(*, special: tuple[str, ...], single: str) -> Tokenizer:
    """Unigram pieces, as SentencePiece makes them; one a character, so that every machine makes the same ones."""
    letters = sorted({letter for sentence in SENTENCES for letter in sentence.replace(" ", "▁")})
    words = ["▁peter", "▁the", "▁claim", "▁anna", "▁not"]
    scores = [(token, 0.0) for token in special] + [(word, -3.0) for word in words] + [(one, -5.0) for one in letters]
    tokenizer = Tokenizer(models.Unigram(scores, unk_id=special.index("<unk>")))
    tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
    tokenizer.decoder = decoders.Metaspace()
    named = [(token, special.index(token)) for token in special if token in single]
    tokenizer.post_processor = processors.TemplateProcessing(single=single, special_tokens=named)
    return tokenizer


def t5() -> tuple[Any, Any]:
    tokenizer = PreTrainedTokenizerFast(
        tokenizer_object=pieces(special=("<pad>", "</s>", "<unk>"), single="$A </s>"),
        pad_token="<pad>",
        eos_token="</s>",
        unk_token="<unk>",
        model_max_length=ROOM,
        model_input_names=["input_ids", "attention_mask"],
    )
    config = T5Config(
        vocab_size=len(tokenizer),
        d_model=16,
        d_kv=8,
        d_ff=32,
        num_layers=1,
        num_heads=2,
        decoder_start_token_id=0,
        tie_word_embeddings=False,
        initializer_factor=3.0,
    )
    torch.manual_seed(5)
    return T5ForConditionalGeneration(config).eval(), tokenizer


def bart(**settings: Any) -> tuple[Any, Any]:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    special = ["<s>", "<pad>", "</s>", "<unk>", "<mask>"]
    trainer = trainers.BpeTrainer(
        vocab_size=300,
        special_tokens=special,
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(SENTENCES, trainer)
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), add_prefix_space=False)
    wrapped = PreTrainedTokenizerFast(
        tokenizer_object=tokenizer,
        bos_token="<s>",
        pad_token="<pad>",
        eos_token="</s>",
        unk_token="<unk>",
        mask_token="<mask>",
        model_max_length=ROOM,
        model_input_names=["input_ids", "attention_mask"],
    )
    torch.manual_seed(5)
    return BartForConditionalGeneration(BartConfig(vocab_size=len(wrapped), **SMALL, **settings)).eval(), wrapped


def marian(folder: Path) -> tuple[Any, Any]:
    """A slow tokenizer with other pieces for the target than for the source."""
    tokens = ["</s>", "<unk>"]
    for side, sentences in (("source", SENTENCES[:4]), ("target", SENTENCES[4:])):
        written = io.BytesIO()
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(sentences * 4), model_writer=written, model_type="char", minloglevel=2
        )
        (folder / f"{side}.spm").write_bytes(written.getvalue())
        known = sentencepiece.SentencePieceProcessor(model_proto=written.getvalue())
        tokens += [known.id_to_piece(place) for place in range(3, known.get_piece_size())]
    vocabulary = {token: place for place, token in enumerate(dict.fromkeys([*tokens, "<pad>"]))}
    (folder / "vocab.json").write_text(json.dumps(vocabulary))
    with quiet():
        tokenizer = MarianTokenizer(
            source_spm=str(folder / "source.spm"),
            target_spm=str(folder / "target.spm"),
            vocab=str(folder / "vocab.json"),
            source_lang="en",
            target_lang="fr",
            model_max_length=ROOM,
        )
    pad = vocabulary["<pad>"]
    config = MarianConfig(
        vocab_size=len(vocabulary), pad_token_id=pad, eos_token_id=0, decoder_start_token_id=pad, **SMALL
    )
    torch.manual_seed(5)
    return MarianMTModel(config).eval(), tokenizer


def mbart(tokenizer: Any, **settings: Any) -> Any:
    torch.manual_seed(5)
    return MBartForConditionalGeneration(MBartConfig(vocab_size=len(tokenizer), **SMALL, **settings)).eval()


def handle(model: Any, tokenizer: Any) -> Model:
    opened = OpenedModel(model=model, tokenizer=tokenizer, name="tiny")
    return Model(opened, Text2TextGeneration(), Engine(model, model_id="tiny", device="cpu"))
