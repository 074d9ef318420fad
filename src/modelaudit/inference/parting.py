"""Whether a model can leave this process: what can't be pickled is said before any work is done."""

from __future__ import annotations

import io
import pickle
from typing import TYPE_CHECKING, Any

import torch

from modelaudit.errors import WorkerError

if TYPE_CHECKING:
    from transformers import PreTrainedModel

__all__ = ["check_sendable"]


class _Structure(pickle.Pickler):
    """Goes through everything but the weights, which are large and always can be sent."""

    def persistent_id(self, obj: Any) -> str | None:
        """Take tensors as read, and refuse what is defined where no other process can import it."""
        if isinstance(obj, torch.Tensor):
            return "tensor"
        if getattr(obj, "__module__", None) == "__main__" and hasattr(obj, "__qualname__"):
            raise pickle.PicklingError(f"{obj.__qualname__} is defined in the main script or notebook")
        return None


def check_sendable(model: PreTrainedModel) -> None:
    """Raise WorkerError where the model can't be sent to another process."""
    try:
        _Structure(io.BytesIO()).dump(model)
    except Exception as error:
        raise WorkerError(
            f"the model can't be sent to workers ({error}); use workers=1, or define its parts in a module that can "
            "be imported"
        ) from error
