"""Writing: what a model goes on with token by token, greedily, as its own settings say."""

from __future__ import annotations

import copy
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import torch
from numpy.typing import NDArray

from modelaudit.inference.families import IDS, generates

if TYPE_CHECKING:
    from transformers import PreTrainedModel

__all__ = ["ends_of", "written"]

Floats = NDArray[np.float32]

_GREEDY: Mapping[str, Any] = {
    "do_sample": False,
    "num_beams": 1,
    "num_return_sequences": 1,
    "temperature": 1.0,
    "top_k": 50,
    "top_p": 1.0,
    "typical_p": 1.0,
    "length_penalty": 1.0,
    "early_stopping": False,
    # Ways to search that transformers would fetch the code of.
    "penalty_alpha": None,
    "dola_layers": None,
    "force_words_ids": None,
    "constraints": None,
    "num_beam_groups": 1,
    "diversity_penalty": 0.0,
    "prompt_lookup_num_tokens": None,
    # It would ask a text that nobody gave.
    "guidance_scale": None,
    "max_length": None,
    "max_time": None,
    "stop_strings": None,
    # It would hide that an answer was cut.
    "forced_eos_token_id": None,
    "return_dict_in_generate": True,
    "output_logits": True,
    "output_scores": False,
    "output_attentions": False,
    "output_hidden_states": False,
    "use_cache": True,
}


def written(model: PreTrainedModel, arguments: Mapping[str, Any], *, most: int, rows: int) -> list[Floats]:
    """Return (k, 2) for each of the first `rows` rows: the new tokens and the natural log of the probability of each.

    The last is one that ends an answer (`ends_of`) unless `most` new tokens were not enough. Tokens that the model's
    settings force or forbid (a language, begin tokens) are; probabilities are those of the model before that.

    Args:
        model: one that writes.
        arguments: what it reads, of rows that are alike, and, of an encoder-decoder, what its decoder begins with.
        most: new tokens at the most.
    """
    from transformers import GenerationMixin

    ends = ends_of(model)
    # Whisper's own way to write cuts sounds into pieces and puts prompts before them; here the row says what is read.
    with _settings(model, most):
        output: Any = GenerationMixin.generate(model, **_called(model, arguments))
    steps = torch.stack(output.logits, dim=1)[:rows].float()
    new = output.sequences[:rows, -steps.shape[1] :]
    chances = steps.log_softmax(dim=-1).gather(2, new[..., None])[..., 0]
    table = torch.stack([new.float(), chances], dim=-1).cpu().numpy()
    return [_until(row, ends) for row in table]


def ends_of(model: PreTrainedModel) -> frozenset[int]:
    """Return the tokens that end what a model writes, by its generation settings or else its configuration."""
    settings = getattr(model, "generation_config", None)
    named = getattr(settings, "eos_token_id", None)
    named = getattr(model.config, "eos_token_id", None) if named is None else named
    ends = named if isinstance(named, list) else [named]
    return frozenset(int(token) for token in ends if token is not None)


@contextmanager
def _settings(model: PreTrainedModel, most: int) -> Iterator[None]:
    """Let the model write greedily, up to so many tokens, and otherwise as its own settings say.

    They stand in the place of its own for the time: whatever settings that are handed in leave open, such as no forced
    end, is filled from the model's.
    """
    own = model.generation_config
    settings = copy.deepcopy(own)
    for name, value in _GREEDY.items():
        setattr(settings, name, value)
    settings.max_new_tokens = most
    for name in ("min_length", "min_new_tokens"):
        least = getattr(settings, name, None)
        setattr(settings, name, None if least is None else min(int(least), most))
    if settings.pad_token_id is None and settings.eos_token_id is not None:
        ends = settings.eos_token_id
        settings.pad_token_id = ends[0] if isinstance(ends, list) else ends
    # Told that it was never changed, transformers would read an old configuration again.
    settings._from_model_config = False
    model.generation_config = settings
    try:
        yield
    finally:
        model.generation_config = own


def _called(model: PreTrainedModel, arguments: Mapping[str, Any]) -> dict[str, Any]:
    called = dict(arguments)
    read = next((name for name in (IDS, "input_features", "input_values") if name in called), None)
    if read is not None:
        # Rows are alike, so all of each is read; left out, it would be guessed from the tokens that pad and end.
        called["attention_mask"] = torch.ones(_lengths(model, called[read]), dtype=torch.int64, device=model.device)
    if generates(model):
        called.pop("token_type_ids", None)
    return called


def _lengths(model: PreTrainedModel, values: Any) -> tuple[int, int]:
    """Return how many rows there are and how many places each has; features of a sound stand in either order."""
    bins_first = values.dim() == 3 and values.shape[1] == getattr(model.config, "num_mel_bins", None)
    return int(values.shape[0]), int(values.shape[2 if bins_first else 1])


def _until(row: Floats, ends: frozenset[int]) -> Floats:
    """Return the row up to the first token that ends it, this included."""
    last = np.flatnonzero(np.isin(row[:, 0], list(ends)))
    return np.ascontiguousarray(row[: last[0] + 1] if last.size else row, dtype=np.float32)
