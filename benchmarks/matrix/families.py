"""The tokenizer of each family, as its checkpoints have it."""

from __future__ import annotations

from typing import Any

from matrix.spelling import Maker, byte_pairs, byte_pairs_whole, pieces, unigram_whole, word_piece

ROBERTA = ("<s>", "<pad>", "</s>", "<unk>", "<mask>")
GPT2 = ("<|endoftext|>",)
END: dict[str, Any] = {"bos_token": "<|endoftext|>", "eos_token": "<|endoftext|>", "unk_token": "<|endoftext|>"}
PADDED = END | {"pad_token": "<|endoftext|>"}


def named(tokenizer_class: str, **settings: Any) -> dict[str, Any]:
    """Return the settings of a tokenizer of this class."""
    return {"tokenizer_class": tokenizer_class, **settings}


BERT = word_piece(settings=named("BertTokenizer"))
FUNNEL = word_piece(("<pad>", "<unk>", "<cls>", "<sep>", "<mask>", "<s>", "</s>"), named("FunnelTokenizer"))
MPNET = word_piece(("<s>", "<pad>", "</s>", "[UNK]", "<mask>"), named("MPNetTokenizer"))
ROBERTA_BYTES = byte_pairs(ROBERTA, named("RobertaTokenizer"))
BART_BYTES = byte_pairs(ROBERTA, named("BartTokenizer"))
LED_BYTES = byte_pairs(ROBERTA, named("LEDTokenizer"))
LONGFORMER_BYTES = byte_pairs(ROBERTA, named("LongformerTokenizer"))
BLENDERBOT_BYTES = byte_pairs(ROBERTA, named("BlenderbotTokenizer"))
DEBERTA_BYTES = byte_pairs(("[CLS]", "[PAD]", "[SEP]", "[UNK]", "[MASK]"), named("DebertaTokenizer"))
GPT2_BYTES = byte_pairs(GPT2, named("GPT2Tokenizer", **END))
GPT2_PADDED = byte_pairs(GPT2, named("GPT2Tokenizer", **PADDED))
CODEGEN_BYTES = byte_pairs(GPT2, named("CodeGenTokenizer", **PADDED))
OPT_BYTES = byte_pairs(
    ("<s>", "<pad>", "</s>", "<unk>"),
    named("GPT2Tokenizer", bos_token="</s>", eos_token="</s>", unk_token="</s>", pad_token="<pad>", add_bos_token=True),
)
QWEN2_BYTES = byte_pairs(GPT2, named("Qwen2Tokenizer", eos_token="<|endoftext|>", pad_token="<|endoftext|>"))
WHISPER_SPECIAL = (
    "<|endoftext|>", "<|startoftranscript|>", "<|en|>", "<|translate|>", "<|transcribe|>", "<|startoflm|>",
    "<|startofprev|>", "<|nospeech|>", "<|notimestamps|>",
)  # fmt: skip
WHISPER_BYTES = byte_pairs(
    WHISPER_SPECIAL, named("WhisperTokenizer", **PADDED, additional_special_tokens=list(WHISPER_SPECIAL[1:]))
)
NEOX_BYTES = byte_pairs_whole(("<|endoftext|>", "<|padding|>"), named("GPTNeoXTokenizerFast", **PADDED))
BLOOM_BYTES = byte_pairs_whole(
    ("<unk>", "<s>", "</s>", "<pad>"),
    named("BloomTokenizerFast", bos_token="<s>", eos_token="</s>", unk_token="<unk>", pad_token="<pad>"),
)
FALCON_BYTES = byte_pairs_whole(GPT2, {"eos_token": "<|endoftext|>"})
COHERE_BYTES = byte_pairs_whole(
    ("<PAD>", "<UNK>", "<BOS_TOKEN>", "<|END_OF_TURN_TOKEN|>"),
    named(
        "CohereTokenizerFast",
        bos_token="<BOS_TOKEN>",
        eos_token="<|END_OF_TURN_TOKEN|>",
        pad_token="<PAD>",
        unk_token="<UNK>",
    ),
    start="<BOS_TOKEN>",
)
LLAMA3_BYTES = byte_pairs_whole(
    ("<|begin_of_text|>", "<|end_of_text|>"),
    {"bos_token": "<|begin_of_text|>", "eos_token": "<|end_of_text|>"},
    start="<|begin_of_text|>",
)
MODERNBERT_BYTES = byte_pairs_whole(
    ("[UNK]", "[CLS]", "[SEP]", "[PAD]", "[MASK]"),
    {"unk_token": "[UNK]", "cls_token": "[CLS]", "sep_token": "[SEP]", "pad_token": "[PAD]", "mask_token": "[MASK]"},
    start="[CLS]",
    end="[SEP]",
)
ALBERT_PIECES = pieces(
    "spiece.model",
    named("AlbertTokenizer"),
    pad_id=0, unk_id=1, bos_id=2, eos_id=3, bos_piece="[CLS]", eos_piece="[SEP]", user_defined_symbols=["[MASK]"],
)  # fmt: skip
BIG_BIRD_PIECES = pieces(
    "spiece.model",
    named("BigBirdTokenizer"),
    pad_id=0, eos_id=1, bos_id=2, unk_id=3, user_defined_symbols=["[CLS]", "[SEP]", "[MASK]"],
)  # fmt: skip
REMBERT_PIECES = unigram_whole(
    ("<pad>", "<unk>", "[CLS]", "[SEP]", "[MASK]"),
    named(
        "PreTrainedTokenizerFast",
        unk_token="<unk>",
        cls_token="[CLS]",
        sep_token="[SEP]",
        pad_token="<pad>",
        mask_token="[MASK]",
    ),
    start="[CLS]",
    end="[SEP]",
)
DEBERTA_PIECES = pieces(
    "spm.model",
    named("DebertaV2Tokenizer"),
    pad_id=0, bos_id=1, eos_id=2, unk_id=3, pad_piece="[PAD]", bos_piece="[CLS]", eos_piece="[SEP]", unk_piece="[UNK]",
)  # fmt: skip
XLMR_PIECES = pieces("sentencepiece.bpe.model", named("XLMRobertaTokenizer"))
CAMEMBERT_PIECES = pieces("sentencepiece.bpe.model", named("CamembertTokenizer"))
MBART_PIECES = pieces("sentencepiece.bpe.model", named("MBartTokenizer", src_lang="en_XX", tgt_lang="de_DE"))
_T5 = {"pad_id": 0, "eos_id": 1, "unk_id": 2, "bos_id": -1}
T5_PIECES = pieces("spiece.model", named("T5Tokenizer", legacy=False), **_T5)
PEGASUS_PIECES = pieces("spiece.model", named("PegasusTokenizer"), **_T5)
LLAMA_PIECES: Maker = pieces(
    "tokenizer.model",
    named("LlamaTokenizer", add_bos_token=True, legacy=False, bos_token="<s>", eos_token="</s>", unk_token="<unk>"),
    kind="bpe",
    byte_fallback=True,
)
GEMMA_PIECES = pieces(
    "tokenizer.model",
    named("GemmaTokenizer", add_bos_token=True, **{f"{it}_token": f"<{it}>" for it in ("bos", "eos", "unk", "pad")}),
    kind="bpe", byte_fallback=True, pad_id=0, eos_id=1, bos_id=2, unk_id=3,
    pad_piece="<pad>", eos_piece="<eos>", bos_piece="<bos>", unk_piece="<unk>",
)  # fmt: skip
