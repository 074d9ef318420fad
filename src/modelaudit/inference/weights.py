"""The identity of a model's weights."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import torch

if TYPE_CHECKING:
    from transformers import PreTrainedModel

__all__ = ["weights_sha256"]


def weights_sha256(model: PreTrainedModel) -> str:
    """Return the SHA-256 of names, types, shapes and bytes of the state dict in sorted order, as 64 hex digits.

    Tied weights count once, under the first of their names; the device has no part in it.
    """
    digest = hashlib.sha256()
    seen: set[tuple[object, ...]] = set()
    for name, tensor in sorted(model.state_dict().items()):
        place = (tensor.device, tensor.data_ptr(), tuple(tensor.shape), tensor.stride(), tensor.dtype)
        if tensor.numel() and place in seen:
            continue
        seen.add(place)
        digest.update(f"{name}\0{tensor.dtype}\0{tuple(tensor.shape)}\0".encode())
        plain = tensor.detach().to("cpu").contiguous().reshape(-1)
        digest.update(memoryview(plain.view(torch.uint8).numpy()))
    return digest.hexdigest()
