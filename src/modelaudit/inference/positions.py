"""Positions told to a model: is a row with tokens taken out, the others left where they stand, what it should be?

Taking tokens out and keeping the positions of the rest is to cut the attention to them: nothing sees them, and nothing
moves up. That holds where a model takes positions and heeds them, which the signature of its code does not tell: some
count them themselves, others have none (ALiBi, relative positions).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from modelaudit.inference.probe import AGREEMENT, MISFITS, short_rows

if TYPE_CHECKING:
    from transformers import PreTrainedModel

__all__ = ["heeds_positions"]


def heeds_positions(model: PreTrainedModel, device: str) -> bool:
    """Ask the model one short row in four ways, and tell whether tokens can be taken out without moving the others."""
    base = getattr(model, model.base_model_prefix, model) if model.base_model_prefix else model
    ids = short_rows(model)[-1].ids.astype(np.int64)
    kept = np.ones(len(ids), dtype=np.bool_)
    kept[1 : len(ids) - 1 : 2] = False
    row, seen = _tensor(ids, device), _tensor(kept.astype(np.int64), device)
    places, few = torch.arange(len(ids), device=device)[None], seen[0].bool()
    try:
        with torch.inference_mode():
            plain = _states(base, input_ids=row)
            told = _states(base, input_ids=row, position_ids=places, attention_mask=torch.ones_like(row))
            hidden = _states(base, input_ids=row, position_ids=places, attention_mask=seen)[few]
            ones = torch.ones_like(row[:, few])
            out = _states(base, input_ids=row[:, few], position_ids=places[:, few], attention_mask=ones)
            moved_up = _states(base, input_ids=row[:, few], attention_mask=ones)
    except MISFITS:
        return False
    return _equal(told, plain) and _equal(out, hidden) and not _equal(out, moved_up)


def _tensor(row: Any, device: str) -> Any:
    return torch.from_numpy(row).to(device)[None]


def _states(base: Any, **arguments: Any) -> Any:
    return base(**arguments, return_dict=True).last_hidden_state[0]


def _equal(one: Any, other: Any) -> bool:
    return bool((one - other).abs().max() <= AGREEMENT * (1.0 + other.abs().max()))
