"""Targets: the texts that an encoder-decoder should write, as its decoder reads them and is judged by."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from modelaudit.errors import ModelInputError
from modelaudit.evidence import storable
from modelaudit.inference.inputs import ModelInput
from modelaudit.subject.encoding import Encoder, Encoding
from modelaudit.subject.limits import SANE_LENGTH

if TYPE_CHECKING:
    from transformers import PreTrainedModel, PreTrainedTokenizerBase

    from modelaudit.subject.opened import OpenedModel

Content = tuple[str, str | None]
"""A source, and the target that is judged, or None."""


@dataclass(frozen=True, slots=True, eq=False)
class Target:
    """One target on token ids.

    Attributes:
        decoder: what the decoder reads, the target moved on by one place. labels: what it should say at each place.
        judged: the places of the target's own tokens and of the token that ends it; what is put before a target, such
            as its language, is given to the model and not judged.
        lost: tokens beyond what the decoder takes; a target that is cut has no end to be judged.
    """

    decoder: NDArray[np.int32]
    labels: NDArray[np.int32]
    judged: NDArray[np.int32]
    lost: int


@dataclass(frozen=True, kw_only=True)
class TargetEncoder(Encoder):
    """A tokenizer that reads sources for an encoder and targets for its decoder.

    Attributes:
        shift: gives, for what the decoder should say, what it reads, as the model is trained (labels to decoder ids).
        opening: what the decoder reads before it writes.
        most: the most tokens that the decoder takes.
    """

    shift: Callable[[Sequence[int]], list[int]]
    opening: tuple[int, ...]
    most: int

    @classmethod
    def of(cls, opened: OpenedModel, *, length: int) -> TargetEncoder:
        """Return the encoder of a model that takes so many tokens of a source.

        Raises ModelInputError where nothing says what the decoder begins with.
        """
        model = opened.model
        start = _setting(model, "decoder_start_token_id")
        if start is None:
            raise ModelInputError(
                f"{opened.name}: nothing says what its decoder begins with; set decoder_start_token_id in config.json, "
                "as it was when the model was trained"
            )
        tokenizer = _told_language(opened.tokenizer, model)
        forced = _setting(model, "forced_bos_token_id")
        spoken = getattr(tokenizer, "tgt_lang", None)
        # A tokenizer of many languages names the target's; what is not forced by the settings has to be said.
        language: Any = tokenizer.convert_tokens_to_ids(spoken) if spoken and forced is None else None
        leads = language is not None and language != start and _leads(tokenizer, language)
        return cls(
            tokenizer,
            length,
            shift=partial(_shifted, model, start),
            opening=(start, int(language)) if leads else (start,),
            most=_decoder_length(model, tokenizer, length),
        )

    def pairs(self, contents: Sequence[Content]) -> list[Encoding]:
        """Return sources with their targets, each token of a target to be judged from all before it."""
        sources = self.texts([source for source, _ in contents])
        targets = iter(self.targets([target for _, target in contents if target is not None]))
        opening = np.array(self.opening, dtype=np.int32)
        nothing = np.zeros(0, dtype=np.int32)
        encodings = []
        for source, (_, text) in zip(sources, contents, strict=True):
            target = Target(opening, nothing, nothing, 0) if text is None else next(targets)
            row = replace(
                source.input, decoder=target.decoder, gather=target.judged, targets=target.labels[target.judged]
            )
            parts = np.arange(len(target.judged), dtype=np.int32)
            encodings.append(Encoding(row, source.tokens_lost + target.lost, len(parts), parts))
        return encodings

    def targets(self, texts: Sequence[str]) -> list[Target]:
        """Return the targets as the tokenizer writes them for a decoder, cut to what that takes."""
        if not texts:
            return []
        called = self.tokenizer(
            text_target=[storable(text) for text in texts],
            padding=False,
            truncation=False,
            return_attention_mask=False,
            verbose=False,
        )
        return [self._target(called, place) for place in range(len(texts))]

    def spelled(self, tokens: Sequence[int]) -> str:
        """Return what tokens of the decoder spell, without special ones and white space at either end."""
        return str(self.tokenizer.decode(list(tokens), skip_special_tokens=True)).strip()

    def _target(self, called: Any, place: int) -> Target:
        labels = list(called["input_ids"][place])
        front, end = self.framed(called, place)
        lost = max(0, len(labels) - self.most)
        kept = labels[: end - lost] + labels[end:]
        end -= lost
        ended = not lost and end < len(kept) and kept[end] == self.tokenizer.eos_token_id
        decoder = self.shift(kept) if kept else list(self.opening)
        judged = np.arange(front, end + int(ended), dtype=np.int32)
        return Target(np.array(decoder, dtype=np.int32), np.array(kept, dtype=np.int32), judged, lost)


def opening_input(source: ModelInput, encoder: TargetEncoder) -> ModelInput:
    """Return a source for which the decoder has read nothing yet but what it begins with."""
    return replace(source, decoder=np.array(encoder.opening, dtype=np.int32), gather=None, targets=None)


def _shifted(model: PreTrainedModel, start: int, labels: Sequence[int]) -> list[int]:
    """What the decoder reads to say `labels`, by the model's own rule where it has one."""
    own: Any = getattr(model, "prepare_decoder_input_ids_from_labels", None)
    if own is None:
        return [start, *labels[:-1]]
    import torch

    # A row alone makes no vector of one rule's start tokens; two do, and the second is dropped.
    return [int(token) for token in own(torch.tensor([list(labels)] * 2))[0]]


def _setting(model: PreTrainedModel, name: str) -> int | None:
    """A token that the generation settings name, or else the configuration."""
    for source in (getattr(model, "generation_config", None), model.config):
        value = getattr(source, name, None)
        if value is not None:
            return int(value)
    return None


def _told_language(tokenizer: PreTrainedTokenizerBase, model: PreTrainedModel) -> PreTrainedTokenizerBase:
    """The tokenizer, as a copy that knows the language of targets where the model's settings alone name it."""
    if not hasattr(tokenizer, "tgt_lang") or tokenizer.tgt_lang is not None:
        return tokenizer
    named = [_setting(model, name) for name in ("forced_bos_token_id", "decoder_start_token_id")]
    marks = {tokenizer.bos_token_id, tokenizer.eos_token_id, tokenizer.pad_token_id, tokenizer.unk_token_id}
    language = next((token for token in named if token is not None and token not in marks), None)
    told = copy.deepcopy(tokenizer)
    told.tgt_lang = tokenizer.src_lang if language is None else tokenizer.convert_ids_to_tokens(language)
    return told


def _leads(tokenizer: PreTrainedTokenizerBase, language: int) -> bool:
    """Whether the tokenizer puts the language before a target, and not behind it."""
    return bool(tokenizer(text_target=["a"], verbose=False)["input_ids"][0][0] == language)


def _decoder_length(model: PreTrainedModel, tokenizer: PreTrainedTokenizerBase, length: int) -> int:
    """The most tokens that a decoder takes: its own positions where it has a limit of its own, else the source's."""
    own = getattr(model.config, "max_decoder_position_embeddings", None)
    if own is None:
        return length
    return int(min(own, tokenizer.model_max_length if tokenizer.model_max_length < SANE_LENGTH else own))
