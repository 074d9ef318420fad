"""Answering: what models write by themselves, as text, with how probable they find it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from modelaudit.checker import Answers
from modelaudit.inference.inputs import ModelInput
from modelaudit.inference.writing import ends_of
from modelaudit.subject.continuation import Content, read_prompts
from modelaudit.subject.encoding import Encoder, Encoding
from modelaudit.subject.generation import greedy, written
from modelaudit.subject.tokenizer_lock import lock_of

if TYPE_CHECKING:
    from modelaudit.inference.engine import Engine
    from modelaudit.subject.opened import OpenedModel

Encode = Callable[[Sequence[Any], Encoder], list[Encoding]]


def all_ends(opened: OpenedModel) -> frozenset[int]:
    """Return the tokens that end an answer, by the model's settings and its tokenizer."""
    own = opened.tokenizer.eos_token_id
    return ends_of(opened.model) | (frozenset() if own is None else {int(own)})


def continued(
    contents: Sequence[Content], encode: Encode, encoder: Encoder, engine: Engine, *, opened: OpenedModel, most: int
) -> Answers:
    """Return what a causal language model goes on with behind prompts, greedily.

    A prompt loses its beginning where the model has no room behind it for the new tokens, or for half as many tokens as
    it takes. The log-probability is the mean over what was written, its end included where the model ended it; NaN
    where a prompt leaves no room at all.

    Args:
        contents: what the model reads, without answers. encode: makes encodings of these.
        encoder, engine, opened: those of the model. most: new tokens a row at the most.

    Raises:
        ValueError: `most` is below 1.
    """
    length, lock = encoder.max_length, lock_of(encoder.tokenizer)
    with lock:
        prompts = encode(contents, replace(encoder, max_length=length - min(max(most, 0), length // 2)))
    ends = all_ends(opened)
    new = greedy(prompts, engine, ends=ends, most=most, length=length)
    pairs = list(zip((prompt.input for prompt in prompts), new, strict=True))
    # Nothing stops a row short of the limit and of the model's length but an end.
    ended = [len(tokens) < min(most, length - len(prompt)) for prompt, tokens in pairs]
    judged = [
        _judged(prompt, tokens, sorted(ends) if end else []) for (prompt, tokens), end in zip(pairs, ended, strict=True)
    ]
    told = engine.ask("log_probs", judged, [0] * len(judged))
    log_probs = [_mean(chances, len(tokens)) for chances, tokens in zip(told, new, strict=True)]
    with lock:
        texts = written(read_prompts(contents, encoder), prompts, new, encoder)
    return _answers([text.strip() for text in texts], log_probs, ended, prompts)


def decoded(
    encodings: Sequence[Encoding],
    inputs: Sequence[ModelInput],
    engine: Engine,
    *,
    opened: OpenedModel,
    spelled: Callable[[Sequence[int]], str],
    most: int,
) -> Answers:
    """Return what an encoder-decoder writes, greedily and as its own settings say.

    The log-probability is the mean over what was written, its end included where the model ended it, without the token
    that every text of the model begins with.

    Args:
        encodings: the rows, for what they lost. inputs: the same as they are asked, the decoder at its beginning.
        engine, opened: those of the model. spelled: gives the text of tokens. most: new tokens a row at the most.

    Raises:
        ValueError: `most` is below 1.
    """
    if most < 1:
        raise ValueError(f"max_new_tokens is {most}; ask for 1 or more")
    ends = ends_of(opened.model)
    begins = {opened.tokenizer.bos_token_id, getattr(opened.model.generation_config, "forced_bos_token_id", None)}
    texts, log_probs, ended = [], [], []
    for told in engine.ask("generated", inputs, [most] * len(inputs)):
        tokens, chances = told[:, 0].astype(np.int64).tolist(), told[:, 1].astype(np.float64)
        ended.append(tokens[-1] in ends)
        own = int(len(tokens) > 1 and tokens[0] in begins)
        texts.append(spelled(tokens))
        log_probs.append(float(chances[own:].mean()))
    return _answers(texts, log_probs, ended, encodings)


def _judged(prompt: ModelInput, new: Sequence[int], ends: Sequence[int]) -> ModelInput:
    """A prompt with what was written behind it, each new token to be judged, and each way to end it."""
    ids = np.concatenate([prompt.ids, np.array(new, dtype=np.int32)]).astype(np.int32)
    types = prompt.type_ids
    if types is not None:
        types = np.concatenate([types, np.zeros(len(new), dtype=np.int32)]).astype(np.int32)
    places = [*range(len(prompt) - 1, len(ids) - 1), *[len(ids) - 1] * len(ends)]
    return ModelInput(ids, types, np.array(places, dtype=np.int32), np.array([*new, *ends], dtype=np.int32))


def _mean(told: Any, written_: int) -> float:
    """The mean log-probability of the tokens that were written and of their end, which may be one of several."""
    parts = told[:written_].astype(np.float64).tolist()
    if len(told) > written_:
        parts.append(float(np.logaddexp.reduce(told[written_:].astype(np.float64))))
    return float(np.mean(parts)) if parts else np.nan


def _answers(
    texts: Sequence[str], log_probs: Sequence[float], ended: Sequence[bool], encodings: Sequence[Encoding]
) -> Answers:
    cut = [encoding.tokens_lost > 0 for encoding in encodings]
    return Answers(
        tuple(texts),
        np.array(log_probs, dtype=np.float64),
        np.array(ended, dtype=np.bool_),
        np.array(cut, dtype=np.bool_),
    )
