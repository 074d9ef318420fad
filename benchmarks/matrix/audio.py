"""Models that hear: sounds told apart, and speech written down."""

from __future__ import annotations

from typing import Any

from matrix import families
from matrix.architecture import Architecture
from matrix.processing import Processing
from matrix.spelling import characters, speech_pieces

BOTH = ("audio-classification", "speech-ctc")
SMALL: dict[str, Any] = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 48,
    "conv_dim": [16, 16, 16],
    "conv_stride": [10, 8, 4],
    "conv_kernel": [10, 8, 4],
    "num_feat_extract_layers": 3,
    "num_conv_pos_embeddings": 8,
    "num_conv_pos_embedding_groups": 2,
    "classifier_proj_size": 16,
    "ctc_loss_reduction": "sum",
}
RAW = Processing("Wav2Vec2FeatureExtractor", {"return_attention_mask": False}, joined="Wav2Vec2Processor")
MASKED = Processing("Wav2Vec2FeatureExtractor", {"return_attention_mask": True}, joined="Wav2Vec2Processor")
LAYER_NORM = {"feat_extract_norm": "layer", "do_stable_layer_norm": True}


def hearer(name: str, title: str, *, processing: Processing = RAW, **config: Any) -> Architecture:
    return Architecture(name, title, SMALL | config, BOTH, characters, processing)


AUDIO = (
    hearer("wav2vec2", "Wav2Vec2"),
    hearer("wav2vec2", "Wav2Vec2 (large, layer norm)", processing=MASKED, **LAYER_NORM),
    hearer("hubert", "HuBERT"),
    hearer("wavlm", "WavLM", num_buckets=16),
    hearer("unispeech", "UniSpeech", num_ctc_classes=32),
    hearer("unispeech-sat", "UniSpeech-SAT"),
    hearer("data2vec-audio", "data2vec (audio)", conv_pos_kernel_size=5),
    hearer("sew", "SEW", squeeze_factor=2),
    Architecture(
        "wav2vec2-bert",
        "Wav2Vec2-BERT",
        {
            "hidden_size": 32,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "intermediate_size": 48,
            "feature_projection_input_dim": 160,
            "conv_depthwise_kernel_size": 5,
            "classifier_proj_size": 16,
            "add_adapter": False,
        },
        BOTH,
        characters,
        Processing("SeamlessM4TFeatureExtractor", joined="Wav2Vec2BertProcessor"),
    ),
    Architecture(
        "audio-spectrogram-transformer",
        "AST",
        {
            "hidden_size": 32,
            "num_hidden_layers": 2,
            "num_attention_heads": 2,
            "intermediate_size": 48,
            "num_mel_bins": 32,
            "max_length": 64,
            "patch_size": 16,
            "frequency_stride": 10,
            "time_stride": 10,
        },
        ("audio-classification",),
        processing=Processing("ASTFeatureExtractor", {"num_mel_bins": 32, "max_length": 64}),
    ),
    Architecture(
        "whisper",
        "Whisper",
        {
            "d_model": 32,
            "encoder_layers": 2,
            "decoder_layers": 2,
            "encoder_attention_heads": 2,
            "decoder_attention_heads": 2,
            "encoder_ffn_dim": 48,
            "decoder_ffn_dim": 48,
            "num_mel_bins": 20,
            "max_source_positions": 100,
            "max_target_positions": 64,
            "decoder_start_token_id": 1,
            "suppress_tokens": None,
            "begin_suppress_tokens": None,
        },
        ("speech-seq2seq", "audio-classification"),
        families.WHISPER_BYTES,
        Processing("WhisperFeatureExtractor", {"feature_size": 20, "chunk_length": 2}, joined="WhisperProcessor"),
    ),
    Architecture(
        "speech_to_text",
        "Speech2Text",
        {
            "d_model": 32,
            "encoder_layers": 2,
            "decoder_layers": 2,
            "encoder_attention_heads": 2,
            "decoder_attention_heads": 2,
            "encoder_ffn_dim": 48,
            "decoder_ffn_dim": 48,
            "max_source_positions": 256,
            "max_target_positions": 64,
            "input_feat_per_channel": 20,
            "conv_channels": 16,
        },
        ("speech-seq2seq",),
        speech_pieces,
        Processing(
            "Speech2TextFeatureExtractor", {"feature_size": 20, "num_mel_bins": 20}, joined="Speech2TextProcessor"
        ),
        starts="eos_token_id",
    ),
)
"""Every model of the matrix that hears."""
