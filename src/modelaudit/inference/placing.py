"""Placing a model: in float32 on a device, without a change to the model that was handed in."""

from __future__ import annotations

import copy
from itertools import chain
from typing import TYPE_CHECKING, Any

import torch

from modelaudit.errors import ModelInputError

if TYPE_CHECKING:
    from transformers import PreTrainedModel

__all__ = ["placed"]


def placed(model: PreTrainedModel, device: str) -> PreTrainedModel:
    """Return the model where all of it is float32 and on the device, else a copy that is.

    The one handed in may be the user's, who goes on with it after the audit: what is trained in half precision or on
    another device stays so.

    Raises:
        ModelInputError: the model would have to be copied and can't be.
    """
    tensors = list(chain(model.parameters(), model.buffers()))
    try:
        if all(_moved(tensor, device) is tensor for tensor in tensors):
            return model
        # Moved tensors stand in for the originals while the rest is copied, so that no weight is held twice there.
        stand_ins: dict[int, Any] = {id(tensor): _stand_in(tensor, device) for tensor in tensors}
        return copy.deepcopy(model, stand_ins).to(device=device, dtype=torch.float32)
    except (TypeError, ValueError, RuntimeError, AttributeError, NotImplementedError) as error:
        reason = (str(error).strip().splitlines() or [type(error).__name__])[0]
        raise ModelInputError(
            f"{type(model).__name__} has to run in float32 on {device!r}, and can't be copied there ({reason:.200}); "
            "hand in a model that is already so, or the folder of a saved one"
        ) from error


def _moved(tensor: torch.Tensor, device: str) -> torch.Tensor:
    wanted = torch.float32 if tensor.is_floating_point() else tensor.dtype
    return tensor.to(device=device, dtype=wanted)


def _stand_in(tensor: torch.Tensor, device: str) -> torch.Tensor:
    moved = _moved(tensor.detach(), device)
    if isinstance(tensor, torch.nn.Parameter):
        return torch.nn.Parameter(moved, requires_grad=tensor.requires_grad)
    return moved
