"""The packed encoder: rows lie end to end, and no token slot is wasted on padding.

Embeddings and head run as the model wrote them. Between the two the encoder's layers see one long row of exactly so
many slots, and an attention function of our own lets each document attend to itself alone. Positions come from the
embeddings, which see one document a row: resetting position ids in a packed row would let documents read one another.
"""

from __future__ import annotations

import inspect
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from itertools import groupby
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from modelaudit.errors import CapabilityError
from modelaudit.inference.inputs import ModelInput

if TYPE_CHECKING:
    from transformers import PreTrainedModel

__all__ = ["Packing", "Unpackable", "padded"]

ATTENTION = "modelaudit_packed"
_PLACES = ("encoder", "transformer")


class Unpackable(CapabilityError):
    """This model has no encoder that can be packed; the message says why."""


class Packing:
    """Runs the encoder of one model on packed rows.

    Raises:
        Unpackable: the model is laid out in another way, or its layers choose their attention by themselves.
    """

    def __init__(self, model: PreTrainedModel) -> None:
        self._model = model
        self._encoder = _encoder_of(model)
        _register()

    @contextmanager
    def packed(self, lengths: Sequence[int], *, slots: int, heads: int | None) -> Iterator[None]:
        """Let the model, asked for rows of these lengths padded to one width, run its encoder packed.

        The encoder's output is (heads, 1, H), the first token of each row, for a head that answers per row; or
        (1, slots, H) where `heads` is None.
        """
        rows = _Rows(lengths, slots)
        before = self._model.config._attn_implementation
        hooks = (
            self._encoder.register_forward_pre_hook(rows.gather, with_kwargs=True),
            self._encoder.register_forward_hook(lambda *call: rows.scatter(call[-1], heads)),
        )
        _running.segments, _running.calls = rows.segments, 0
        self._model.config._attn_implementation = ATTENTION
        try:
            yield
        finally:
            self._model.config._attn_implementation = before
            for hook in hooks:
                hook.remove()
        if not _running.calls:
            raise Unpackable("its layers choose their attention by themselves")


class _Rows:
    """The rows of one pack: where each lies among the slots."""

    def __init__(self, lengths: Sequence[int], slots: int) -> None:
        self._lengths = np.asarray(lengths)
        self._slots = slots
        self._starts = np.concatenate([[0], np.cumsum(self._lengths)])
        self.segments: list[tuple[int, int, int]] = []
        start = 0
        for length, same in groupby(lengths):
            count = len(list(same))
            self.segments.append((start, count, length))
            start += count * length

    def gather(self, encoder: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], Any]:
        """Put the real tokens of the embeddings' output end to end, before the encoder sees them."""
        call = _signature(type(encoder).forward).bind(encoder, *args, **kwargs)
        name = next(name for name in call.arguments if name != "self")
        states = call.arguments[name]
        if not isinstance(states, torch.Tensor) or states.dim() != 3 or not states.is_floating_point():
            raise Unpackable("its encoder does not take the embeddings' output")
        real = np.arange(states.shape[1]) < self._lengths[:, None]
        packed = states.new_zeros(1, self._slots, states.shape[2])
        packed[0, : self._starts[-1]] = states[torch.from_numpy(real).to(states.device)]
        call.arguments[name] = packed
        # Each document sees itself whole, so there is nothing to mask.
        if call.arguments.get("attention_mask") is not None:
            call.arguments["attention_mask"] = None
        elif "attention_mask" in call.arguments.get("kwargs", {}):
            call.arguments["kwargs"] = {**call.arguments["kwargs"], "attention_mask": None}
        return call.args[1:], call.kwargs

    def scatter(self, output: Any, heads: int | None) -> Any:
        """Give the head what it looks at: the first token of each row, or all slots."""
        if heads is None:
            return output
        states = output.last_hidden_state
        first = states.new_zeros(heads, 1, states.shape[2])
        first[: len(self._lengths), 0] = states[0, torch.from_numpy(self._starts[:-1]).to(states.device)]
        output.last_hidden_state = first
        return output


@cache
def _signature(forward: Callable[..., Any]) -> inspect.Signature:
    return inspect.signature(forward)


_running = threading.local()


def _attend(
    _module: Any, query: Any, key: Any, value: Any, _mask: Any, *, scaling: float | None = None, **_others: Any
) -> tuple[Any, None]:
    """Attention within each document. Documents of one length that lie side by side are one call of the kernel.

    query, key, value are (1, heads, slots, width); the answer is (1, slots, heads, width).
    """
    query, key, value = (part[0].transpose(0, 1) for part in (query, key, value))
    _, heads, width = query.shape
    answer = query.new_zeros(query.shape)
    _running.calls += 1
    for start, count, length in _running.segments:
        stop = start + count * length
        q, k, v = (part[start:stop].view(count, length, heads, width).transpose(1, 2) for part in (query, key, value))
        found = torch.nn.functional.scaled_dot_product_attention(q, k, v, scale=scaling)
        answer[start:stop].view(count, length, heads, width).copy_(found.transpose(1, 2))
    return answer[None], None


def _register() -> None:
    try:
        from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS
    except ImportError as error:
        raise Unpackable("this version of transformers has no attention interface") from error
    ALL_ATTENTION_FUNCTIONS.register(ATTENTION, _attend)


def _encoder_of(model: PreTrainedModel) -> Any:
    base = getattr(model, model.base_model_prefix, model) if model.base_model_prefix else model
    if getattr(model.config, "is_encoder_decoder", False) or getattr(model.config, "is_decoder", False):
        raise Unpackable("it is no plain encoder")
    for name in _PLACES:
        encoder = getattr(base, name, None)
        if isinstance(encoder, torch.nn.Module) and hasattr(base, "embeddings"):
            return encoder
    raise Unpackable("it has no encoder between embeddings and head")


def padded(rows: Sequence[ModelInput], *, fill: int) -> tuple[Any, Any | None]:
    """Return ids and type ids (or None), each int64 (rows, longest); `fill` stands behind the shorter rows."""
    lengths = np.array([len(row) for row in rows])
    real = np.arange(lengths.max()) < lengths[:, None]
    ids = np.full(real.shape, fill, dtype=np.int64)
    ids[real] = np.concatenate([row.ids for row in rows])
    if rows[0].type_ids is None:
        return ids, None
    types = np.zeros(real.shape, dtype=np.int64)
    types[real] = np.concatenate([row.type_ids for row in rows if row.type_ids is not None])
    return ids, types
