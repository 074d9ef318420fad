"""Greedy generation through the engine: one token more for every row that goes on, all rows together."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from modelaudit.inference.inputs import ModelInput
from modelaudit.subject.encoding import Encoder, Encoding

if TYPE_CHECKING:
    from modelaudit.inference.engine import Engine


def greedy(
    prompts: Sequence[Encoding], engine: Engine, encoder: Encoder, *, ends: frozenset[int], most: int
) -> list[str]:
    """Return the text that a language model goes on with after each prompt, special tokens left out.

    Args:
        prompts: rows without an answer.
        engine, encoder: those of the model.
        ends: tokens after which a row does not go on.
        most: new tokens a row at the most.
    """
    if most < 1:
        raise ValueError(f"max_new_tokens is {most}; ask for 1 or more")
    rows = [prompt.input for prompt in prompts]
    new: list[list[int]] = [[] for _ in rows]
    open_ = [place for place, row in enumerate(rows) if len(row) < encoder.max_length]
    for _ in range(most):
        asked = [_asking(rows[place], new[place]) for place in open_]
        told = [int(answer[0]) for answer in engine.next_tokens(asked)]
        going = []
        for place, token in zip(open_, told, strict=True):
            if token in ends:
                continue
            new[place].append(token)
            if len(rows[place]) + len(new[place]) < encoder.max_length:
                going.append(place)
        open_ = going
        if not open_:
            break
    return [str(encoder.tokenizer.decode(tokens, skip_special_tokens=True)) for tokens in new]


def _asking(row: ModelInput, new: Sequence[int]) -> ModelInput:
    ids = np.concatenate([row.ids, np.array(new, dtype=np.int32)])
    types = None if row.type_ids is None else np.concatenate([row.type_ids, np.zeros(len(new), dtype=np.int32)])
    return ModelInput(ids, types, np.array([len(ids) - 1], dtype=np.int32))
