"""Planted models: instantly made models with a defect of exactly known strength, and their clean twins.

The clean twin is the same call without the defect. A model saved with `save_pretrained` opens again through the
Auto classes wherever this module was imported.
"""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Iterable, Mapping, Sequence
from statistics import NormalDist
from typing import Any, TypeVar

import torch
from tokenizers import Regex, Tokenizer, normalizers, pre_tokenizers, processors
from tokenizers.models import WordLevel
from transformers import PreTrainedTokenizerFast

from modelaudit.testing.planted_data import planted_rows, planted_tag_rows
from modelaudit.testing.planted_models import (
    PlantedConfig,
    PlantedForSequenceClassification,
    PlantedForTokenClassification,
    fingerprints,
)

__all__ = [
    "PlantedConfig",
    "PlantedForSequenceClassification",
    "PlantedForTokenClassification",
    "planted_classifier",
    "planted_rows",
    "planted_tag_rows",
    "planted_tagger",
    "word_noise",
]

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
_CONTROL = Regex(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_QUANTUM = 1024

Value = TypeVar("Value")


def planted_classifier(
    words: Mapping[str, float],
    *,
    shifts: Mapping[str, float] | None = None,
    pairs: Mapping[tuple[str, str], float] | None = None,
    members: Sequence[Mapping[str, Any]] = (),
    memory: float = 0.0,
    temperature: float = 1.0,
    bias: float = 0.0,
    noise: float = 0.0,
    noise_words: Sequence[str] = (),
    lower_case: bool = False,
    case_sensitive: bool = False,
    labels: Sequence[str] = ("negative", "positive"),
    extra_vocabulary: Collection[str] = (),
    max_length: int = 512,
) -> tuple[PlantedForSequenceClassification, PreTrainedTokenizerFast]:
    """Return a bag-of-words classifier and its tokenizer, with the defects asked for and no other.

    Log-odds of the last label: (bias + sum of weights of the words, each time they occur + planted terms) /
    temperature. With two labels that is exactly logit 1 minus logit 0; with more, the words add to the last label's
    logit alone.

    Args:
        words: weight of each word. Words outside the vocabulary are [UNK] and weigh nothing.
        shifts: added to the weight of a word (`{"she": 1.0}`: a gender shortcut of one log-odds unit).
        pairs: added where exactly one of two words is there (a pure interaction).
        members: rows with `text` and integer `label` that the model remembers, token by token.
        memory: log-odds by which a remembered row is moved toward its label.
        temperature: below 1 the model is overconfident, above 1 underconfident.
        noise: standard deviation of a weight of its own for each of `noise_words`, drawn from the word alone.
        lower_case: the tokenizer lower-cases all text.
        case_sensitive: only the given form of a word has its weight; otherwise its lower-case, capitalised and
            upper-case forms are entries of their own with equal weight.
        extra_vocabulary: words that get a token and weigh nothing.

    Raises:
        ValueError: a word that the tokenizer would split, or a temperature that is not positive.
    """
    _check(temperature, labels)
    weights = dict(words)
    for word, shift in (shifts or {}).items():
        weights[word] = weights.get(word, 0.0) + shift
    for word in noise_words:
        weights[word] = weights.get(word, 0.0) + noise * word_noise(word)
    paired = list(dict.fromkeys(word for pair in pairs or {} for word in pair))
    zero = [*extra_vocabulary, *paired, *_words_of(str(row["text"]) for row in members)]
    forms = _with_forms({**dict.fromkeys(zero, 0.0), **weights}, lower_case=lower_case, single=case_sensitive)
    tokenizer = _tokenizer(list(forms), lower_case=lower_case, max_length=max_length)
    config = _config(tokenizer, labels, members=len(members), memory=memory, temperature=temperature)
    config.pairs, config.pair_words = len(pairs or {}), len(paired)
    model = PlantedForSequenceClassification(config)
    table = torch.zeros(len(tokenizer), len(labels))
    share = torch.tensor([-0.5, 0.5]) if len(labels) == 2 else torch.eye(len(labels))[-1]
    for word, weight in forms.items():
        table[tokenizer.convert_tokens_to_ids(word)] = weight * share
    with torch.no_grad():
        model.embeddings.weight.copy_(table)
        model.bias.copy_(bias * share)
    _remember(model, tokenizer, [str(row["text"]) for row in members], [int(row["label"]) for row in members])
    _pair(model, tokenizer, pairs or {}, lower_case=lower_case, single=case_sensitive)
    return model.eval(), tokenizer


def planted_tagger(
    lexicon: Mapping[str, str],
    *,
    labels: Sequence[str] = ("O", "B-PER", "I-PER", "B-LOC", "I-LOC", "B-ORG", "I-ORG"),
    confidence: float = 4.0,
    missed: Collection[str] = (),
    shifts: Mapping[str, float] | None = None,
    members: Sequence[Mapping[str, Any]] = (),
    memory: float = 0.0,
    temperature: float = 1.0,
    lower_case: bool = False,
    case_sensitive: bool = False,
    extra_vocabulary: Collection[str] = (),
    max_length: int = 512,
) -> tuple[PlantedForTokenClassification, PreTrainedTokenizerFast]:
    """Return a tagger that knows a lexicon, and its tokenizer.

    The logit of a word's own tag is `confidence / temperature`, of every other tag 0; words outside the lexicon,
    unknown ones among them, are "O".

    Args:
        lexicon: tag of each word, one of `labels`.
        missed: words that the lexicon knows but the tagger takes for "O" (female names, say).
        shifts: added to the logit of a word's own tag.
        members: rows with `tokens` that the model remembers: the tags it gives there get `memory` more.
        lower_case, case_sensitive, temperature: as in `planted_classifier`.

    Raises:
        ValueError: a tag that is not in `labels`, or a word that the tokenizer would split.
    """
    _check(temperature, labels)
    unknown = sorted({tag for tag in lexicon.values() if tag not in labels})
    if unknown:
        raise ValueError(f"tags that are not among the labels {list(labels)}: {unknown}")
    outside = _words_of(" ".join(row["tokens"]) for row in members)
    known = {**dict.fromkeys([*extra_vocabulary, *outside], "O"), **lexicon, **dict.fromkeys(missed, "O")}
    forms = _with_forms(known, lower_case=lower_case, single=case_sensitive)
    surer = _with_forms(dict(shifts or {}), lower_case=lower_case, single=case_sensitive)
    tokenizer = _tokenizer(list(forms), lower_case=lower_case, max_length=max_length)
    model = PlantedForTokenClassification(
        _config(tokenizer, labels, members=len(members), memory=memory, temperature=temperature)
    )
    table = torch.zeros(len(tokenizer), len(labels))
    table[tokenizer.unk_token_id, labels.index("O")] = confidence
    for word, tag in forms.items():
        table[tokenizer.convert_tokens_to_ids(word), labels.index(tag)] = confidence + surer.get(word, 0.0)
    with torch.no_grad():
        model.embeddings.weight.copy_(table)
        model.bias.zero_()
    _remember(model, tokenizer, [" ".join(row["tokens"]) for row in members], [0] * len(members))
    return model.eval(), tokenizer


def word_noise(word: str) -> float:
    """Return a standard normal draw that depends on the word alone, rounded to 1/1024 (exact in float32)."""
    draw = int.from_bytes(hashlib.blake2b(word.encode(), digest_size=8).digest(), "big")
    return round(NormalDist().inv_cdf((draw + 0.5) / 2**64) * _QUANTUM) / _QUANTUM


def _check(temperature: float, labels: Sequence[str]) -> None:
    if temperature <= 0:
        raise ValueError(f"temperature must be positive, not {temperature}")
    if len(labels) < 2:
        raise ValueError("a classifier needs at least two labels")


def _splitter() -> Any:
    return pre_tokenizers.BertPreTokenizer()


def _words_of(texts: Iterable[str]) -> list[str]:
    """Return the distinct words of the texts, as the tokenizer splits them, in order."""
    split = _splitter()
    return list(dict.fromkeys(word for text in texts for word, _ in split.pre_tokenize_str(text)))


def _with_forms(words: Mapping[str, Value], *, lower_case: bool, single: bool) -> dict[str, Value]:
    """Return the vocabulary: each word in the forms that share its value; a form that is given itself keeps its own."""
    if lower_case:
        return {word.lower(): value for word, value in words.items()}
    if single:
        return dict(words)
    forms: dict[str, Value] = {}
    for word, value in words.items():
        lower = word.lower()
        forms.update(dict.fromkeys((lower, lower.capitalize(), lower.title(), lower.upper()), value))
    return {**forms, **words}


def _tokenizer(words: Sequence[str], *, lower_case: bool, max_length: int) -> PreTrainedTokenizerFast:
    split = [word for word in words if [piece for piece, _ in _splitter().pre_tokenize_str(word)] != [word]]
    if split:
        raise ValueError(f"the tokenizer splits at spaces and punctuation, so these can't be one token: {split[:5]}")
    vocabulary = {token: index for index, token in enumerate(dict.fromkeys([*SPECIAL, *words]))}
    backend = Tokenizer(WordLevel(vocabulary, unk_token="[UNK]"))
    backend.normalizer = normalizers.Sequence(
        [normalizers.Replace(_CONTROL, " "), *([normalizers.Lowercase()] if lower_case else [])]
    )
    backend.pre_tokenizer = _splitter()
    backend.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B [SEP]",
        special_tokens=[("[CLS]", vocabulary["[CLS]"]), ("[SEP]", vocabulary["[SEP]"])],
    )
    return PreTrainedTokenizerFast(
        tokenizer_object=backend,
        model_max_length=max_length,
        pad_token="[PAD]",
        unk_token="[UNK]",
        cls_token="[CLS]",
        sep_token="[SEP]",
        mask_token="[MASK]",
        model_input_names=["input_ids", "attention_mask"],
    )


def _config(
    tokenizer: PreTrainedTokenizerFast, labels: Sequence[str], *, members: int, memory: float, temperature: float
) -> PlantedConfig:
    return PlantedConfig(
        vocab_size=len(tokenizer),
        max_position_embeddings=tokenizer.model_max_length,
        members=members,
        memory=memory,
        logit_temperature=temperature,
        pad_token_id=tokenizer.pad_token_id,
        id2label=dict(enumerate(labels)),
        label2id={label: index for index, label in enumerate(labels)},
    )


def _remember(model: Any, tokenizer: PreTrainedTokenizerFast, texts: Sequence[str], labels: Sequence[int]) -> None:
    for index, (text, label) in enumerate(zip(texts, labels, strict=True)):
        ids = torch.tensor([tokenizer(text, truncation=True)["input_ids"]])
        model.remembered_rows[index] = fingerprints(ids, torch.ones_like(ids, dtype=torch.bool))[0]
        model.remembered_labels[index] = label


def _pair(
    model: PlantedForSequenceClassification,
    tokenizer: PreTrainedTokenizerFast,
    pairs: Mapping[tuple[str, str], float],
    *,
    lower_case: bool,
    single: bool,
) -> None:
    place = {word: index for index, word in enumerate(dict.fromkeys(word for pair in pairs for word in pair))}
    for word, index in place.items():
        for form in _with_forms({word: 0}, lower_case=lower_case, single=single):
            model.pair_word_of_token[tokenizer.convert_tokens_to_ids(form)] = index
    for index, ((first, second), strength) in enumerate(pairs.items()):
        model.pair_words[index] = torch.tensor([place[first], place[second]])
        model.pair_strengths[index] = strength
