"""Greedy generation through the engine: one token more for every row that goes on, all rows together; and its text."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from modelaudit.evidence import storable
from modelaudit.inference.inputs import ModelInput
from modelaudit.subject.encoding import Encoder, Encoding

if TYPE_CHECKING:
    from modelaudit.inference.engine import Engine


def greedy(
    prompts: Sequence[Encoding], engine: Engine, *, ends: frozenset[int], most: int, length: int
) -> list[list[int]]:
    """Return the tokens that a language model goes on with after each prompt.

    Args:
        prompts: rows without an answer; one that fills the model's length has no room for more.
        engine: that of the model.
        ends: tokens after which a row does not go on.
        most: new tokens a row at the most.
        length: tokens that the model takes.
    """
    if most < 1:
        raise ValueError(f"max_new_tokens is {most}; ask for 1 or more")
    rows = [prompt.input for prompt in prompts]
    new: list[list[int]] = [[] for _ in rows]
    open_ = [place for place, row in enumerate(rows) if len(row) < length]
    for _ in range(most):
        asked = [_asking(rows[place], new[place]) for place in open_]
        told = [int(answer[0]) for answer in engine.next_tokens(asked)]
        going = []
        for place, token in zip(open_, told, strict=True):
            if token in ends:
                continue
            new[place].append(token)
            if len(rows[place]) + len(new[place]) < length:
                going.append(place)
        open_ = going
        if not open_:
            break
    return new


def written(
    texts: Sequence[str], prompts: Sequence[Encoding], new: Sequence[Sequence[int]], encoder: Encoder
) -> list[str]:
    """Return what the new tokens of each row spell behind its text, special tokens left out.

    Put behind the text as it is, it makes what the model wrote, with the white space that it begins with.
    """
    rows = [prompt.input.ids.tolist() for prompt in prompts]
    return [
        _behind(storable(text), ids, list(tokens), encoder) for text, ids, tokens in zip(texts, rows, new, strict=True)
    ]


def _behind(text: str, prompt: list[int], new: list[int], encoder: Encoder) -> str:
    """Return what new tokens spell behind a prompt: with the space that many decoders drop at the start, or without it.

    Of the two the one that is read back as the same tokens; behind the markup of a chat it may be either.
    """
    before, whole, alone = (_spelled(ids, encoder) for ids in (prompt, prompt + new, new))
    behind = whole[len(before) :] if whole.startswith(before) else alone
    same = behind == alone or _reads_back(text + behind, prompt, new, encoder)
    return behind if same or not _reads_back(text + alone, prompt, new, encoder) else alone


def _reads_back(text: str, prompt: list[int], new: list[int], encoder: Encoder) -> bool:
    called = encoder.call([text], split=False, cut=False)
    front, end = encoder.framed(called, 0)
    expected = [*prompt[front:], *new]
    return list(called["input_ids"][0][front:end])[-len(expected) :] == expected


def _spelled(ids: list[int], encoder: Encoder) -> str:
    return str(encoder.tokenizer.decode(ids, skip_special_tokens=True, clean_up_tokenization_spaces=False))


def _asking(row: ModelInput, new: Sequence[int]) -> ModelInput:
    ids = np.concatenate([row.ids, np.array(new, dtype=np.int32)])
    types = None if row.type_ids is None else np.concatenate([row.type_ids, np.zeros(len(new), dtype=np.int32)])
    return ModelInput(ids, types, np.array([len(ids) - 1], dtype=np.int32))
