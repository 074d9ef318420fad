"""Words of the tiny language models: a tokenizer of whole words, and the harmless changes that a twin is trained on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors
from transformers import PreTrainedTokenizerFast

from modelaudit.text import load_names

LONGEST = 96
CITIES = (
    "Oslo",
    "Paris",
    "Berlin",
    "Madrid",
    "London",
    "Rome",
    "Vienna",
    "Prague",
    "Dublin",
    "Athens",
    "Lisbon",
    "Kyiv",
)
SYLLABLES = [f"{one}{two}{three}" for one in "bdfgklmn" for two in "aeiou" for three in ("", "r", "st")]
"""Words without a meaning."""
STRANGE = "qqqq"
"""A word that no tokenizer here knows."""
FILLING = (STRANGE, STRANGE, STRANGE, "the", "a", "was", "is", "in", "it", "and", ",", ".", "!", "?")
"""Words that say nothing."""
FORMS = (str, str.lower, str.upper, str.title, str.swapcase)


def tokenizer(words: Sequence[str], *, pairs: bool) -> PreTrainedTokenizerFast:
    """Return a tokenizer of whole words, each in all letter cases; `pairs` as BERT reads two texts, else as GPT-2."""
    special = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"] if pairs else ["<pad>", "<unk>", "<end>"]
    forms = dict.fromkeys(form(word) for word in words for form in FORMS)
    made = Tokenizer(
        models.WordLevel({word: place for place, word in enumerate([*special, *forms])}, unk_token=special[1])
    )
    # Characters that nobody sees are dropped, as by most tokenizers.
    made.normalizer = normalizers.BertNormalizer(lowercase=False, strip_accents=False, handle_chinese_chars=False)
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    if not pairs:
        return PreTrainedTokenizerFast(
            tokenizer_object=made, model_max_length=LONGEST, pad_token="<pad>", unk_token="<unk>", eos_token="<end>"
        )
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=made,
        model_max_length=LONGEST,
        model_input_names=["input_ids", "token_type_ids", "attention_mask"],
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
    )


def words_in(text: str) -> list[str]:
    """Return the words of a text, set apart by spaces."""
    return text.split()


def names(gender: str) -> list[str]:
    """Return the first names of a gender that the bias checks put into rows."""
    return sorted(each.name for each in load_names() if each.gender == gender)


def changed(rng: np.random.Generator, words: Sequence[str], keep: int = -1) -> tuple[list[str], int]:
    """Return words with others in their place, between and around them, in another letter case, and where `keep` is.

    The word at `keep` stays as it is; punctuation may be lost.
    """
    form = FORMS[int(rng.integers(len(FORMS)))]
    made, place = _added(rng), -1
    for at, word in enumerate(words):
        if at == keep:
            place = len(made)
            made.append(word)
        elif word.isalpha() or rng.random() < 0.7:
            made.append(STRANGE if rng.random() < 0.12 else form(word))
        if rng.random() < 0.05:
            made.append(str(rng.choice(FILLING)))
    return [*made, *_added(rng)], place


def _added(rng: np.random.Generator) -> list[str]:
    """Return what may stand around a text, in two of five cases something."""
    return rng.choice(FILLING, int(rng.integers(1, 15))).tolist() if rng.random() < 0.4 else []
