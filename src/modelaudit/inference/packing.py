"""The packed encoder: rows lie end to end, and no token slot is wasted on padding.

Embeddings and head run as the model wrote them. Between the two the encoder's layers see one long row of exactly so
many slots, and an attention function of our own lets each document attend to itself alone. Positions come from the
embeddings, which see one document a row: resetting position ids in a packed row would let documents read one another.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from modelaudit.inference.attention import ATTENTION, Documents, Unpackable, attending, register
from modelaudit.inference.inputs import ModelInput
from modelaudit.inference.last_layer import LastLayer, bound
from modelaudit.inference.onnx_encoder import OnnxEncoder

if TYPE_CHECKING:
    from transformers import PreTrainedModel

__all__ = ["Packing", "Unpackable", "padded"]

_PLACES = ("encoder", "transformer")


class Packing:
    """Runs the encoder of one model on packed rows.

    Args:
        pruned: run the last layer for first tokens alone, where the head answers per row.
        onnx: run the layers in ONNX Runtime; where they are pruned, for heads that answer per row alone.

    Raises:
        Unpackable: the model is laid out in another way, its layers choose their attention by themselves, or ONNX
            Runtime does not take them.
    """

    def __init__(self, model: PreTrainedModel, *, pruned: bool = False, onnx: bool = False) -> None:
        self._model = model
        self._encoder = _encoder_of(model)
        self._last: LastLayer | None = None
        self._onnx: OnnxEncoder | None = None
        register()
        if pruned:
            self._last = LastLayer(self._encoder, self._glance)
        if onnx:
            self._onnx = self._exported()

    @property
    def pruned(self) -> bool:
        """Whether the last layer runs for first tokens alone."""
        return self._last is not None

    @property
    def onnx(self) -> bool:
        """Whether the layers run in ONNX Runtime."""
        return self._onnx is not None

    @contextmanager
    def packed(self, lengths: Sequence[int], *, slots: int, heads: int | None) -> Iterator[None]:
        """Let the model, asked for rows of these lengths padded to one width, run its encoder packed.

        The encoder's output is (heads, 1, H), the first token of each row, for a head that answers per row; or
        (1, slots, H) where `heads` is None.
        """
        rows = _Rows(lengths, slots, heads)
        last = self._last if heads is not None else None
        onnx = self._onnx if last is not None or not self.pruned else None
        with ExitStack() as stack:
            for hook in (
                self._encoder.register_forward_pre_hook(rows.gather, with_kwargs=True),
                self._encoder.register_forward_hook(lambda *call: rows.scatter(call[-1], pruned=last is not None)),
            ):
                stack.callback(hook.remove)
            if onnx is None:
                stack.enter_context(self._attending(Documents(lengths)))
                if last is not None:
                    stack.enter_context(last.on(lambda states: rows.firsts(states).transpose(0, 1)))
            else:
                places = heads if last is not None else None
                stack.enter_context(_standing_in(self._encoder, lambda states: onnx.run(states, lengths, places)))
            yield

    @contextmanager
    def _attending(self, documents: Documents) -> Iterator[None]:
        before = self._model.config._attn_implementation
        self._model.config._attn_implementation = ATTENTION
        try:
            with attending(documents):
                yield
        finally:
            self._model.config._attn_implementation = before

    def _glance(self) -> tuple[tuple[Any, ...], dict[str, Any]]:
        """Run the encoder once, on two tokens, and return what it was called with."""
        calls: list[tuple[tuple[Any, ...], dict[str, Any]]] = []
        ids = torch.zeros((1, 2), dtype=torch.long, device=self._model.device)
        with torch.inference_mode(), self.packed([2], slots=2, heads=None):
            hook = self._encoder.register_forward_pre_hook(lambda _m, *call: calls.append(call), with_kwargs=True)
            try:
                _base_of(self._model)(input_ids=ids)
            finally:
                hook.remove()
        return calls[0]

    def _exported(self) -> OnnxEncoder:
        args, kwargs = self._glance()
        first, name = bound(self._encoder, args, kwargs)
        width = int(first.arguments[name].shape[-1])

        def call(states: Any) -> Any:
            call, name = bound(self._encoder, args, kwargs)
            call.arguments[name] = states
            return self._encoder(*call.args[1:], **call.kwargs).last_hidden_state

        return OnnxEncoder(self._encoder, call, self._last, self._attending, hidden=width)


@contextmanager
def _standing_in(encoder: Any, run: Callable[[Any], Any]) -> Iterator[None]:
    """Let `run` answer in the place of the encoder's layers."""
    from transformers.modeling_outputs import BaseModelOutputWithPastAndCrossAttentions

    def forward(*args: Any, **kwargs: Any) -> Any:
        call, name = bound(encoder, args, kwargs)
        return BaseModelOutputWithPastAndCrossAttentions(last_hidden_state=run(call.arguments[name]))

    before = vars(encoder).get("forward")
    encoder.forward = forward
    try:
        yield
    finally:
        del encoder.forward
        if before is not None:
            encoder.forward = before


class _Rows:
    """The rows of one pack: where each lies among the slots."""

    def __init__(self, lengths: Sequence[int], slots: int, heads: int | None) -> None:
        self._lengths = np.asarray(lengths)
        self._slots = slots
        self._heads = heads
        self._starts = np.concatenate([[0], np.cumsum(self._lengths)])

    def gather(self, encoder: Any, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[tuple[Any, ...], Any]:
        """Put the real tokens of the embeddings' output end to end, before the encoder sees them."""
        call, name = bound(encoder, args, kwargs)
        states = call.arguments[name]
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

    def scatter(self, output: Any, *, pruned: bool) -> Any:
        """Give the head what it looks at: the first token of each row, or all slots."""
        if self._heads is not None:
            states = output.last_hidden_state
            output.last_hidden_state = states.transpose(0, 1) if pruned else self.firsts(states)
        return output

    def firsts(self, states: Any) -> Any:
        """Return (heads, 1, H): the first token of each row of (1, slots, H), and zeros in the places left over."""
        first = states.new_zeros(self._heads, 1, states.shape[2])
        first[: len(self._lengths), 0] = states[0, torch.from_numpy(self._starts[:-1]).to(states.device)]
        return first


def _base_of(model: PreTrainedModel) -> Any:
    return getattr(model, model.base_model_prefix, model) if model.base_model_prefix else model


def _encoder_of(model: PreTrainedModel) -> Any:
    base = _base_of(model)
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
