"""Builders of tiny real models that see or hear, with real processors, and of what they are shown."""

from __future__ import annotations

import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import soundfile
import torch
import transformers
from PIL import Image

from modelaudit.subject.quiet import quiet

CLASSES = ("cat", "dog", "owl")
NAMES = {"id2label": dict(enumerate(CLASSES)), "label2id": {name: i for i, name in enumerate(CLASSES)}}
WAV2VEC = {
    "hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16,
    "conv_dim": (8, 8, 8), "conv_kernel": (10, 3, 3), "conv_stride": (5, 4, 4), "num_feat_extract_layers": 3,
    "num_conv_pos_embeddings": 16, "num_conv_pos_embedding_groups": 2, "classifier_proj_size": 8,
}  # fmt: skip
RATE = 16_000
SIDE = {"height": 32, "width": 32}
SPECIAL = (
    "<|endoftext|>", "<|startoftranscript|>", "<|en|>", "<|hi|>", "<|translate|>", "<|transcribe|>", "<|notimestamps|>",
)  # fmt: skip


def pixels(seed: int, height: int = 40, width: int = 50) -> Any:
    return np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)


def png(seed: int) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels(seed)).save(buffer, "PNG")
    return buffer.getvalue()


def noise(seed: int, seconds: float = 0.5, rate: int = RATE) -> Any:
    return np.random.default_rng(seed).normal(scale=0.1, size=round(seconds * rate)).astype(np.float32)


def wav(seed: int, rate: int = RATE) -> bytes:
    buffer = io.BytesIO()
    soundfile.write(buffer, noise(seed, rate=rate), rate, format="WAV", subtype="FLOAT")
    return buffer.getvalue()


def heard(seed: int, seconds: float = 0.5, rate: int = RATE) -> dict[str, Any]:
    return {"array": noise(seed, seconds, rate), "sampling_rate": rate}


def save(model: Any, processor: Any, folder: Path) -> Path:
    with quiet():
        model.eval().save_pretrained(folder)
        processor.save_pretrained(folder)
    return folder


def vit(folder: Path, **changes: Any) -> Path:
    torch.manual_seed(0)
    size = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    config = transformers.ViTConfig(**size, image_size=32, patch_size=8, initializer_range=0.5, **NAMES, **changes)
    processor = transformers.ViTImageProcessor
    own = {"image_mean": [0.5], "image_std": [0.5]} if changes.get("num_channels") == 1 else {}
    with quiet():
        return save(transformers.ViTForImageClassification(config), processor(size=SIDE, **own), folder)


def wav2vec2_classifier(folder: Path) -> Path:
    torch.manual_seed(0)
    model = transformers.Wav2Vec2ForSequenceClassification(transformers.Wav2Vec2Config(**WAV2VEC, **NAMES))
    return save(model, transformers.Wav2Vec2FeatureExtractor(), folder)


def spectrogram_classifier(folder: Path) -> Path:
    torch.manual_seed(0)
    size = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    config = transformers.ASTConfig(**size, max_length=64, num_mel_bins=32, **NAMES)
    with quiet():
        extractor = transformers.ASTFeatureExtractor(max_length=64, num_mel_bins=32)
        return save(transformers.ASTForAudioClassification(config), extractor, folder)


def wav2vec2_ctc(folder: Path, *, marks: tuple[str, ...] = ("<s>", "</s>", "<unk>"), spare: int = 0) -> Path:
    torch.manual_seed(0)
    folder.mkdir(parents=True)
    vocabulary = {label: i for i, label in enumerate(["<pad>", *marks, "|", *"ABCDEFGHIJKLMNOPQRSTUVWXYZ'"])}
    (folder / "vocab.json").write_text(json.dumps(vocabulary))
    config = transformers.Wav2Vec2Config(**WAV2VEC, vocab_size=len(vocabulary) + spare, pad_token_id=0)
    tokenizer = transformers.Wav2Vec2CTCTokenizer(str(folder / "vocab.json"))
    extractor = transformers.Wav2Vec2FeatureExtractor()
    processor = transformers.Wav2Vec2Processor(feature_extractor=extractor, tokenizer=tokenizer)
    return save(transformers.Wav2Vec2ForCTC(config), processor, folder)


def whisper(folder: Path, *, language: str | None = "hindi") -> Path:
    torch.manual_seed(0)
    folder.mkdir(parents=True)
    alphabet = sorted(_byte_letters())
    vocabulary = {letter: i for i, letter in enumerate(alphabet)}
    (folder / "vocab.json").write_text(json.dumps(vocabulary))
    (folder / "merges.txt").write_text("#version: 0.2\n")
    with quiet():
        tokenizer = _whisper_tokenizer(folder, vocabulary)
    ids = {name: tokenizer.convert_tokens_to_ids(name) for name in SPECIAL}
    end = ids["<|endoftext|>"]
    config = transformers.WhisperConfig(
        vocab_size=len(tokenizer), d_model=16, encoder_layers=1, decoder_layers=1, encoder_attention_heads=2,
        decoder_attention_heads=2, encoder_ffn_dim=16, decoder_ffn_dim=16, num_mel_bins=16, max_source_positions=150,
        max_target_positions=32, decoder_start_token_id=ids["<|startoftranscript|>"], eos_token_id=end,
        bos_token_id=end, pad_token_id=end, init_std=0.5, suppress_tokens=[], begin_suppress_tokens=[],
    )  # fmt: skip
    model = transformers.WhisperForConditionalGeneration(config)
    settings = model.generation_config
    settings._from_model_config = False
    settings.lang_to_id = {name: ids[name] for name in ("<|en|>", "<|hi|>")}
    settings.task_to_id = {task: ids[f"<|{task}|>"] for task in ("transcribe", "translate")}
    settings.no_timestamps_token_id = ids["<|notimestamps|>"]
    settings.is_multilingual = True
    settings.language, settings.task = language, "transcribe"
    extractor = transformers.WhisperFeatureExtractor(feature_size=16, chunk_length=3)
    return save(model, transformers.WhisperProcessor(feature_extractor=extractor, tokenizer=tokenizer), folder)


def _whisper_tokenizer(folder: Path, vocabulary: dict[str, int]) -> Any:
    if transformers.__version__.startswith("4."):
        tokenizer = transformers.WhisperTokenizer(str(folder / "vocab.json"), str(folder / "merges.txt"))
        tokenizer.add_special_tokens({"additional_special_tokens": list(SPECIAL)})
        return tokenizer
    tokenizer = transformers.WhisperTokenizer(vocab=vocabulary, merges=[])
    tokenizer.add_special_tokens({"extra_special_tokens": list(SPECIAL)})
    return tokenizer


def _byte_letters() -> list[str]:
    from tokenizers import pre_tokenizers

    return list(pre_tokenizers.ByteLevel.alphabet())
