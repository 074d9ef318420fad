"""The numerics of an engine: all that a number can depend on beside the weights and the row."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import torch

from modelaudit.errors import ModelInputError
from modelaudit.inference import onnx_encoder
from modelaudit.inference.units import Layout

if TYPE_CHECKING:
    from transformers import PreTrainedModel

__all__ = ["choose_backend", "choose_batch_tokens", "choose_device", "describe", "identify", "strict"]

_ONNX_WEIGHTS = 5_000_000
"""Weights of a model's linear layers from which on the seconds that an export takes are worth it."""

_CUDA_BATCH_TOKENS = 16_384
_CPU_BATCH_TOKENS = 1_024
_CAUTIOUS_BATCH_TOKENS = 256


def choose_device(device: str) -> str:
    """Return "cpu" or a CUDA device; "auto" takes CUDA where it is there.

    Raises:
        ModelInputError: CUDA was asked for and is not there, or the name is no device.
    """
    if device == "auto":
        return "cuda" if torch.cuda.is_available() else "cpu"
    if device.split(":")[0] not in {"cpu", "cuda"}:
        raise ModelInputError(f"the device {device!r} is not known; use auto, cpu or cuda")
    if device.startswith("cuda") and not torch.cuda.is_available():
        raise ModelInputError(f"the device {device!r} was asked for, but torch finds no CUDA here; use auto or cpu")
    return device


def choose_backend(backend: str, model: PreTrainedModel, device: str) -> str:
    """Return "torch" or "onnx"; "auto" takes ONNX Runtime for all but small models on a CPU, where it is installed.

    Raises:
        ModelInputError: ONNX Runtime was asked for and is not there, or the name is not known.
    """
    if backend not in {"auto", "torch", "onnx"}:
        raise ModelInputError(f"the backend {backend!r} is not known; use auto, torch or onnx")
    if backend == "onnx" and device != "cpu":
        raise ModelInputError(f"the backend onnx is for the CPU, and the device is {device!r}; use auto or torch")
    if backend == "onnx" and not onnx_encoder.installed():
        raise ModelInputError(
            "the backend onnx was asked for, but ONNX Runtime is not installed; install modelaudit-core[onnx], or use "
            "auto or torch"
        )
    if backend != "auto":
        return backend
    linear = (part for part in model.modules() if isinstance(part, torch.nn.Linear))
    worth_it = sum(part.weight.numel() for part in linear) >= _ONNX_WEIGHTS
    return "onnx" if device == "cpu" and worth_it and onnx_encoder.installed() else "torch"


def choose_batch_tokens(device: str, *, sizes_hold: bool = True) -> int:
    """Return the token slots a batch that suit this kind of device.

    On a CPU about a thousand slots take a matrix product to its best speed (`benchmarks/bench_engine.py`). Where
    smaller units would change bits (`sizes_hold` is False) every half-filled batch costs a whole one, so batches are
    small. The size for CUDA is not measured.
    """
    if device != "cpu":
        return _CUDA_BATCH_TOKENS
    return _CPU_BATCH_TOKENS if sizes_hold else _CAUTIOUS_BATCH_TOKENS


def describe(model: PreTrainedModel, device: str, layout: Layout) -> dict[str, str]:
    """Return what the numbers depend on, as short strings for the report."""
    if device == "cpu":
        device_class, instructions = "cpu", torch.backends.cpu.get_cpu_capability()
    else:
        device_class = f"cuda:{torch.cuda.get_device_name(device)}"
        instructions = ".".join(map(str, torch.cuda.get_device_capability(device)))
    return {
        "device_class": device_class,
        "instructions": instructions,
        "dtype": "float32",
        "torch": str(torch.__version__),
        "attention": str(getattr(model.config, "_attn_implementation", None) or "own"),
        "batch_tokens": str(layout.batch_tokens),
        "shape": layout.describe(),
    }


def identify(numerics: dict[str, str]) -> str:
    """Return 12 hex digits that stand for these numerics."""
    return hashlib.sha256(json.dumps(numerics, sort_keys=True).encode()).hexdigest()[:12]


@contextmanager
def strict(model: PreTrainedModel, device: str) -> Iterator[None]:
    """Evaluation mode, plain float32 without TF32 or autocast; everything is put back at the end.

    Sums of float16 products, for units of half precision, are kept in float32.
    """
    training = [module for module in model.modules() if module.training]
    precision = torch.get_float32_matmul_precision()
    convolutions = torch.backends.cudnn.allow_tf32
    halves = torch.backends.cuda.matmul.allow_fp16_reduced_precision_reduction
    model.eval()
    torch.set_float32_matmul_precision("highest")
    torch.backends.cudnn.allow_tf32 = False
    torch.backends.cuda.matmul.allow_fp16_reduced_precision_reduction = False
    try:
        with torch.autocast(device.split(":")[0], enabled=False):
            yield
    finally:
        torch.backends.cuda.matmul.allow_fp16_reduced_precision_reduction = halves
        torch.backends.cudnn.allow_tf32 = convolutions
        torch.set_float32_matmul_precision(precision)
        for module in training:
            module.training = True
