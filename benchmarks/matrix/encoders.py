"""Encoders: they read a text whole, and a head on top answers."""

from __future__ import annotations

from typing import Any

from matrix import families
from matrix.architecture import Architecture
from matrix.spelling import Maker

SMALL: dict[str, Any] = {
    "hidden_size": 32,
    "num_hidden_layers": 2,
    "num_attention_heads": 2,
    "intermediate_size": 48,
    "max_position_embeddings": 128,
}
SEQUENCES = ("text-classification", "sentence-pairs", "multi-label-classification", "text-regression")
ALL = (*SEQUENCES, "token-classification", "question-answering", "fill-mask")


def encoder(name: str, title: str, tokenizer: Maker, *, tasks: tuple[str, ...] = ALL, **config: Any) -> Architecture:
    return Architecture(name, title, SMALL | config, tasks, tokenizer)


FUNNEL = {"block_sizes": [1, 1], "num_decoder_layers": 1, "d_model": 32, "n_head": 2, "d_head": 16, "d_inner": 48}
XLNET = {"d_model": 32, "n_layer": 2, "n_head": 2, "d_inner": 48}

ENCODERS = (
    encoder("bert", "BERT", families.BERT),
    encoder("roberta", "RoBERTa", families.ROBERTA_BYTES, type_vocab_size=1),
    encoder(
        "distilbert",
        "DistilBERT",
        families.BERT,
        dim=32,
        n_layers=2,
        n_heads=2,
        hidden_dim=48,
    ),
    encoder("albert", "ALBERT", families.ALBERT_PIECES, embedding_size=16),
    encoder("electra", "ELECTRA", families.BERT, embedding_size=16),
    encoder(
        "deberta-v2",
        "DeBERTa-v2/v3",
        families.DEBERTA_PIECES,
        relative_attention=True,
        pos_att_type=["p2c", "c2p"],
        position_buckets=16,
        norm_rel_ebd="layer_norm",
        share_att_key=True,
        position_biased_input=False,
        type_vocab_size=0,
        pooler_hidden_size=32,
    ),
    encoder(
        "deberta",
        "DeBERTa",
        families.DEBERTA_BYTES,
        relative_attention=True,
        pos_att_type=["c2p", "p2c"],
        position_biased_input=False,
        type_vocab_size=0,
        pooler_hidden_size=32,
        max_relative_positions=64,
    ),
    encoder("xlm-roberta", "XLM-R", families.XLMR_PIECES, type_vocab_size=1),
    encoder("xlm-roberta-xl", "XLM-R XL", families.XLMR_PIECES, type_vocab_size=1),
    encoder("mpnet", "MPNet", families.MPNET),
    encoder("modernbert", "ModernBERT", families.MODERNBERT_BYTES, global_attn_every_n_layers=2, local_attention=16),
    encoder("camembert", "CamemBERT", families.CAMEMBERT_PIECES, type_vocab_size=1),
    encoder("longformer", "Longformer", families.LONGFORMER_BYTES, attention_window=[16, 16], type_vocab_size=1),
    encoder(
        "big_bird",
        "BigBird",
        families.BIG_BIRD_PIECES,
        attention_type="block_sparse",
        block_size=4,
        num_random_blocks=1,
    ),
    Architecture("funnel", "Funnel", FUNNEL, ALL, families.FUNNEL),
    encoder("rembert", "RemBERT", families.REMBERT_PIECES, input_embedding_size=16, output_embedding_size=24),
    encoder("convbert", "ConvBERT", families.BERT, embedding_size=16, head_ratio=1, conv_kernel_size=3),
    encoder("squeezebert", "SqueezeBERT", families.BERT, embedding_size=32),
    encoder(
        "mobilebert",
        "MobileBERT",
        families.BERT,
        embedding_size=16,
        intra_bottleneck_size=16,
        true_hidden_size=16,
        num_feedforward_networks=1,
    ),
    encoder("nystromformer", "Nystromformer", families.ALBERT_PIECES, num_landmarks=8, segment_means_seq_len=128),
    encoder("roformer", "RoFormer", families.BERT, embedding_size=32),
    Architecture("xlnet", "XLNet", XLNET, (*SEQUENCES, "token-classification"), families.ALBERT_PIECES),
    encoder("ernie", "ERNIE", families.BERT),
    encoder("data2vec-text", "data2vec (text)", families.ROBERTA_BYTES, type_vocab_size=1),
    encoder("xmod", "X-MOD", families.XLMR_PIECES, type_vocab_size=1, languages=["en_XX"], default_language="en_XX"),
)
"""Every encoder of the matrix."""
