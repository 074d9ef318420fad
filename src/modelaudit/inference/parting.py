"""How a model leaves this process; what can't be pickled is said before any work is done."""

from __future__ import annotations

import copy
import io
import pickle
import sys
from collections import OrderedDict
from typing import IO, TYPE_CHECKING, Any, cast

import torch
from torch.nn.utils import parametrize

from modelaudit.errors import WorkerError

if TYPE_CHECKING:
    from transformers import PreTrainedModel

__all__ = ["check_sendable", "introduce", "write_model"]


RECORDING = "transformers.utils.output_capturing"
"""Whose hooks keep the states of layers for models that answer with more than the last. They are put on at the first
row that needs them, as a model says that has none."""
RECORDED = "_output_capturing_hooks_installed"


class Parting(pickle.Pickler):
    """Takes along what refuses to be pickled though it can be made again: computed weights, and hooks that record.

    The convolution that places sounds in Wav2Vec2, HuBERT and their kin has a weight norm. Such a module is of a class
    that torch makes for it alone; it is sent as one of the class before, with what its weights are computed from.
    """

    def reducer_override(self, obj: Any) -> Any:
        """Return how such a module is made again; leave everything else as it is."""
        if not isinstance(obj, torch.nn.Module):
            return NotImplemented
        state = dict(obj.__dict__)
        hooks = {key: hook for key, hook in obj._forward_hooks.items() if getattr(hook, "__module__", "") != RECORDING}
        recorded = state.pop(RECORDED, False) or len(hooks) < len(obj._forward_hooks)
        computed = parametrize.is_parametrized(obj)
        if not recorded and not computed:
            return NotImplemented
        state["_forward_hooks"] = OrderedDict(hooks)
        if computed:
            # One of them reads weights that were saved before torch knew this kind of module.
            state["_load_state_dict_pre_hooks"] = OrderedDict()
        return empty, (parametrize.type_before_parametrizations(obj),), state, None, None, restore


def empty(kind: type[torch.nn.Module]) -> torch.nn.Module:
    """Return a module of a class without anything in it."""
    return kind.__new__(kind)


def restore(module: torch.nn.Module, state: dict[str, Any]) -> None:
    """Give a module back what it held: its weights, or what they are computed from, are bit for bit what they were."""
    module.__dict__.update(state)
    computed = module._modules.pop("parametrizations", None)
    if computed is None:
        return
    assert isinstance(computed, torch.nn.ModuleDict)
    for name in computed:
        # A stand-in: it is registered for the class and the property that torch makes, and then replaced.
        module.register_parameter(name, torch.nn.Parameter(torch.empty(0)))
        parametrize.register_parametrization(module, name, torch.nn.Identity(), unsafe=True)
    module.parametrizations = computed


class _Structure(Parting):
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


class _Pickling:
    """What `torch.save` looks for in a module that pickles."""

    __name__ = "pickle"
    Pickler = Parting


def write_model(model: PreTrainedModel, file: IO[bytes]) -> None:
    """Write the model, as `worker.load_model` reads it; raise OSError where the file can't be written."""
    torch.save(model, file, pickle_module=_Pickling)


def introduce(model: PreTrainedModel) -> None:
    """Let transformers know the classes of a model that came out of a file.

    Which states of its layers a class can answer with is written down in each process when its first model is built,
    and those that weigh all their layers would have none to weigh.
    """
    if "transformers" not in sys.modules:
        return
    from transformers import PreTrainedModel

    known = {type(part): part.config for part in model.modules() if isinstance(part, PreTrainedModel)}
    for kind, config in known.items():
        PreTrainedModel.__init__(cast("PreTrainedModel", empty(kind)), copy.deepcopy(config))
