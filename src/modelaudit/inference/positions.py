"""What a model makes of the places of its tokens: does it heed the positions that it is told, and does it look ahead?

Taking tokens out and keeping the positions of the rest is to cut the attention to them: nothing sees them, and nothing
moves up. That holds where a model takes positions and heeds them, which the signature of its code does not tell: some
count them themselves, others have none (ALiBi, relative positions). Nor does a class name tell whether a language model
reads from left to right. So the model is asked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from modelaudit.inference.forward import is_out_of_memory, parameters_of
from modelaudit.inference.probe import AGREEMENT, MISFITS
from modelaudit.inference.trial_rows import short_rows

if TYPE_CHECKING:
    from transformers import PreTrainedModel

__all__ = ["heeds_positions", "looks_ahead", "narrowest_window"]

_WINDOWS = ("window", "local_attention", "attention_chunk")


def heeds_positions(model: PreTrainedModel, device: str) -> bool:
    """Ask the model one short row in four ways, and tell whether tokens can be taken out without moving the others.

    Raises:
        RuntimeError: memory ran out.
    """
    if "position_ids" not in parameters_of(type(model).forward):
        return False
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
    except MISFITS as error:
        if isinstance(error, RuntimeError) and is_out_of_memory(error):
            raise
        return False
    return _equal(told, plain) and _equal(out, hidden) and not _equal(out, moved_up)


def narrowest_window(model: PreTrainedModel) -> int | None:
    """Return the fewest tokens that some layer attends to, by the configuration; None where all see the whole row.

    A window is counted in tokens that are there, whatever positions they are told, so that tokens taken out let
    farther ones in.
    """
    config = model.config
    if getattr(config, "use_sliding_window", True) is False:
        return None
    entries = config.to_dict().items()
    named = [value for name, value in entries if any(part in name for part in _WINDOWS)]
    sizes = [size for value in named for size in (value if isinstance(value, list) else [value])]
    return min((int(size) for size in sizes if type(size) is int and size > 0), default=None)


def looks_ahead(model: PreTrainedModel, device: str) -> bool:
    """Tell whether what a language model gives at a place hangs on tokens behind it."""
    ids = short_rows(model)[-1].ids.astype(np.int64)
    other = ids.copy()
    other[-1] = ids[0] if ids[0] != ids[-1] else ids[1]
    with torch.inference_mode():
        one, two = (model(input_ids=_tensor(row, device), return_dict=True).logits[0, :-1] for row in (ids, other))
    return not _equal(one, two)


def _tensor(row: Any, device: str) -> Any:
    return torch.from_numpy(row).to(device)[None]


def _states(base: Any, **arguments: Any) -> Any:
    return base(**arguments, return_dict=True).last_hidden_state[0]


def _equal(one: Any, other: Any) -> bool:
    return bool((one - other).abs().max() <= AGREEMENT * (1.0 + other.abs().max()))
