"""Families: what a model reads and in which form it answers, told by its class and its configuration."""

from __future__ import annotations

import inspect
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from transformers import PreTrainedModel

__all__ = ["IDS", "fills", "generates", "marks_spans", "reads", "transcribes", "translates", "two_halves"]

IDS = "input_ids"


def reads(model: PreTrainedModel) -> str:
    """Return the name of a model's main input: `input_ids`, `pixel_values`, `input_values` or `input_features`."""
    return str(getattr(model, "main_input_name", IDS))


def generates(model: PreTrainedModel) -> bool:
    """Whether a model is a language model, whose head gives the next token of what it reads."""
    return _writes(model) and not _has_decoder(model)


def translates(model: PreTrainedModel) -> bool:
    """Whether a model writes with a decoder what it read with an encoder, be that text or sound."""
    return _writes(model) and _has_decoder(model)


def fills(model: PreTrainedModel) -> bool:
    """Whether a model is a masked language model, whose head gives the token that stands at each place of a row."""
    return type(model).__name__.endswith("ForMaskedLM") and not _has_decoder(model)


def marks_spans(model: PreTrainedModel) -> bool:
    """Whether a model gives each token of a row as the start and as the end of an answer."""
    return type(model).__name__.endswith("ForQuestionAnswering")


def transcribes(model: PreTrainedModel) -> bool:
    """Whether a model gives a character at each frame of a sound, or none (connectionist temporal classification)."""
    return type(model).__name__.endswith("ForCTC")


def two_halves(model: PreTrainedModel) -> bool:
    """Whether a model has an encoder and a decoder of its own.

    The configuration does not always say so: a folder that an encoder alone was saved to, or a tagger on one, is opened
    as a base model of both halves.
    """
    if _has_decoder(model):
        return True
    encoder, decoder = getattr(model, "encoder", None), getattr(model, "decoder", None)
    if encoder is None or decoder is None:
        return False
    # What a Funnel calls its decoder only brings states back to the length of the text.
    return "encoder_hidden_states" in inspect.signature(decoder.forward).parameters


def _writes(model: PreTrainedModel) -> bool:
    able = getattr(model, "can_generate", None)
    return able is not None and bool(able())


def _has_decoder(model: PreTrainedModel) -> bool:
    config: Any = model.config
    return bool(getattr(config, "is_encoder_decoder", False))
