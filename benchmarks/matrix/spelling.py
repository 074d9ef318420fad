"""Tokenizers of the families that checkpoints use, made on the spot from a few sentences.

Each writes the files that a checkpoint of its family has, and is opened from these by transformers itself.
"""

from __future__ import annotations

import io
import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import sentencepiece
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

from matrix.sentences import corpus

Maker = Callable[[Path], None]
Settings = Mapping[str, Any]

LONGEST = 96
"""Tokens that a row may have, special tokens included; tiny models have positions for a few more."""


def word_piece(
    special: Sequence[str] = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"), settings: Settings | None = None
) -> Maker:
    """WordPiece as BERT's, `vocab.txt`; the second special token stands for unknown words."""

    def make(folder: Path) -> None:
        unknown = next(token for token in special if "unk" in token.lower())
        tokenizer = Tokenizer(models.WordPiece(unk_token=unknown))
        tokenizer.normalizer = normalizers.BertNormalizer(lowercase=True)
        tokenizer.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
        trainer = trainers.WordPieceTrainer(vocab_size=260, special_tokens=list(special), show_progress=False)
        tokenizer.train_from_iterator(corpus(), trainer)
        vocabulary = tokenizer.get_vocab()
        lines = sorted(vocabulary, key=lambda token: vocabulary[token])
        (folder / "vocab.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
        _settings(folder, settings or {})

    return make


def byte_pairs(special: Sequence[str], settings: Settings) -> Maker:
    """Byte-level BPE as GPT-2's, `vocab.json` and `merges.txt`."""

    def make(folder: Path) -> None:
        _byte_level(special).model.save(str(folder))
        _settings(folder, settings)

    return make


def byte_pairs_whole(special: Sequence[str], settings: Settings, *, start: str = "", end: str = "") -> Maker:
    """Byte-level BPE in one `tokenizer.json`, as newer checkpoints have it; `start` and `end` stand around a text."""

    def make(folder: Path) -> None:
        tokenizer = _byte_level(special)
        tokenizer.decoder = decoders.ByteLevel()
        if start or end:
            around = [(token, tokenizer.token_to_id(token)) for token in (start, end) if token]
            behind = f" {end}" if end else ""
            tokenizer.post_processor = processors.TemplateProcessing(
                single=f"{start} $A{behind}".strip(),
                pair=f"{start} $A{behind} $B{behind}".strip(),
                special_tokens=around,
            )
        tokenizer.save(str(folder / "tokenizer.json"))
        _settings(folder, {"tokenizer_class": "PreTrainedTokenizerFast"} | dict(settings))

    return make


def unigram_whole(special: Sequence[str], settings: Settings, *, start: str, end: str) -> Maker:
    """SentencePiece's unigram model in one `tokenizer.json`."""

    def make(folder: Path) -> None:
        tokenizer = Tokenizer(models.Unigram())
        tokenizer.pre_tokenizer = pre_tokenizers.Metaspace()
        tokenizer.decoder = decoders.Metaspace()
        unknown = next(token for token in special if "unk" in token.lower())
        trainer = trainers.UnigramTrainer(
            vocab_size=260, special_tokens=list(special), unk_token=unknown, show_progress=False
        )
        tokenizer.train_from_iterator(corpus(), trainer)
        around = [(token, tokenizer.token_to_id(token)) for token in (start, end)]
        tokenizer.post_processor = processors.TemplateProcessing(
            single=f"{start} $A {end}", pair=f"{start} $A {end} $B:1 {end}:1", special_tokens=around
        )
        tokenizer.save(str(folder / "tokenizer.json"))
        _settings(folder, settings)

    return make


def pieces(name: str, settings: Settings, *, kind: str = "unigram", **options: Any) -> Maker:
    """SentencePiece, one model file under the name that the family gives it."""

    def make(folder: Path) -> None:
        (folder / name).write_bytes(_sentence_pieces(kind, **options))
        _settings(folder, settings)

    return make


def marian(folder: Path) -> None:
    """Marian's: a SentencePiece model each for source and target, and one vocabulary for both; a slow tokenizer."""
    model = _sentence_pieces("unigram")
    for side in ("source", "target"):
        (folder / f"{side}.spm").write_bytes(model)
    known = sentencepiece.SentencePieceProcessor(model_proto=model)
    words = [known.id_to_piece(place) for place in range(known.get_piece_size())]
    tokens = ["</s>", "<unk>", *(word for word in words if word not in {"<s>", "</s>", "<unk>"}), "<pad>"]
    (folder / "vocab.json").write_text(json.dumps({token: place for place, token in enumerate(tokens)}))
    _settings(folder, {"tokenizer_class": "MarianTokenizer", "source_lang": "en", "target_lang": "de"})


def speech_pieces(folder: Path) -> None:
    """Speech2Text's: a SentencePiece model and a vocabulary file beside it."""
    model = _sentence_pieces("unigram")
    (folder / "sentencepiece.bpe.model").write_bytes(model)
    known = sentencepiece.SentencePieceProcessor(model_proto=model)
    words = [known.id_to_piece(place) for place in range(known.get_piece_size())]
    tokens = ["<s>", "<pad>", "</s>", "<unk>", *(word for word in words if word not in {"<s>", "</s>", "<unk>"})]
    (folder / "vocab.json").write_text(json.dumps({token: place for place, token in enumerate(tokens)}))
    _settings(folder, {"tokenizer_class": "Speech2TextTokenizer"})


def characters(folder: Path) -> None:
    """One token a character, as speech recognition by CTC has it."""
    tokens = ["<pad>", "<s>", "</s>", "<unk>", "|", *"ABCDEFGHIJKLMNOPQRSTUVWXYZ'"]
    (folder / "vocab.json").write_text(json.dumps({token: place for place, token in enumerate(tokens)}))
    _settings(folder, {"tokenizer_class": "Wav2Vec2CTCTokenizer"})


def _byte_level(special: Sequence[str]) -> Tokenizer:
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=420,
        special_tokens=list(special),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    tokenizer.train_from_iterator(corpus(), trainer)
    return tokenizer


def _sentence_pieces(kind: str, **options: Any) -> bytes:
    written = io.BytesIO()
    size = 400 if options.get("byte_fallback") else 160
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(corpus()),
        model_writer=written,
        **{"vocab_size": size, "model_type": kind, "hard_vocab_limit": False, "num_threads": 1, "minloglevel": 2}
        | options,
    )
    return written.getvalue()


def _settings(folder: Path, settings: Settings) -> None:
    told = {"model_max_length": LONGEST, **settings}
    (folder / "tokenizer_config.json").write_text(json.dumps(told), encoding="utf-8")
