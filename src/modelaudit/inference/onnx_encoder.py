"""The packed encoder in ONNX Runtime, which on a processor does the same products with less between them.

The layers are traced once with everything about the documents as index arrays, so one graph serves every pack.
Documents are spread out to the longest of the pack for attention alone. A document's bits may not depend on how long
that is: what is masked enters sums as exact zeros behind the last real term, and softmax takes its sum from the same
matrix product as its values, since a sum over a row of another length may run in another order.
"""

from __future__ import annotations

import io
import warnings
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from modelaudit.inference.attention import Documents, Unpackable

if TYPE_CHECKING:
    from modelaudit.inference.last_layer import LastLayer

__all__ = ["OnnxEncoder", "Unexportable", "installed", "version"]

_HIDDEN = -1e30
"""Added to the score of a place behind the end of a document; its exponential is exactly 0."""
_OPSET = 17
_ERRORS_ONLY = 3
_SLOW_FUSION = "SkipLayerNormFusion"
"""Its kernel for processors took nine times as long as the sum and the norm that it stands for (version 1.32)."""


class Unexportable(Unpackable):
    """ONNX Runtime does not take this encoder; the message says why."""


# What tracing an encoder of an unforeseen kind may raise, one of more than the 2 GB that a graph can hold among them,
# and a runtime that is installed and broken.
_MISFITS: tuple[type[Exception], ...] = (
    RuntimeError,
    TypeError,
    ValueError,
    AttributeError,
    IndexError,
    ImportError,
    OSError,
    MemoryError,
)

Call = Callable[[Any], Any]
Attending = Callable[[Documents], AbstractContextManager[None]]


def installed() -> bool:
    """Tell whether ONNX Runtime is there, and what is needed to export to it."""
    return all(find_spec(name) is not None for name in ("onnx", "onnxruntime"))


def version() -> str:
    """Return the version of ONNX Runtime."""
    import onnxruntime

    return str(onnxruntime.__version__)


@cache
def _faults() -> tuple[type[Exception], ...]:
    """The exceptions of the runtime, which have no type in common; none where it can't be imported."""
    try:
        from onnxruntime.capi import onnxruntime_pybind11_state as state
    except ImportError:
        return ()
    return tuple(one for one in vars(state).values() if isinstance(one, type) and issubclass(one, Exception))


class OnnxEncoder:
    """The layers of an encoder as a session of ONNX Runtime, on as many threads as torch has now.

    It holds a copy of the layers' weights.

    Args:
        call: asks the encoder for the last hidden state (1, slots, H) of hidden states (1, slots, H).
        last: its last layer, where that is to run for first tokens alone.
        attending: lets the encoder's attention see these documents.
        hidden: H.

    Raises:
        Unexportable: the encoder can't be traced, or the runtime does not take it.
    """

    def __init__(
        self, encoder: torch.nn.Module, call: Call, last: LastLayer | None, attending: Attending, *, hidden: int
    ) -> None:
        try:
            self._session = _session(_exported(_Traced(encoder, call, last, attending), hidden))
        except (*_faults(), *_MISFITS) as error:
            reason = (str(error).strip().splitlines() or [""])[0]
            raise Unexportable(f"It does not take the encoder ({type(error).__name__}: {reason:.200}).") from error
        self._inputs = {one.name for one in self._session.get_inputs()}

    def run(self, states: torch.Tensor, lengths: Sequence[int], places: int | None) -> torch.Tensor:
        """Return the last hidden state of documents of these lengths that lie end to end in states (1, slots, H).

        It is (1, slots, H), or (1, places, H), one first token a document, where the last layer runs for those alone.

        Raises:
            RuntimeError: whatever the runtime raises; memory running out among it.
        """
        feed = {"states": states.numpy(), **_indices(np.asarray(lengths), states.shape[1], places or 0)}
        try:
            (answer,) = self._session.run(None, {name: feed[name] for name in self._inputs})
        except _faults() as error:
            raise RuntimeError(str(error)) from error
        return torch.from_numpy(answer)


def _indices(lengths: np.ndarray[Any, np.dtype[np.int64]], slots: int, places: int) -> dict[str, Any]:
    """Return where each document's tokens lie.

    place: (B, L) slot of each token, and of its document's first where there is none; mask: (B, 1, 1, L), 0 or
    `_HIDDEN`; back: (slots,) where among the B * L each slot is found; first: (places,) slot of each document's first
    token, and rank: (places,) its number, B in the places left over.
    """
    starts = np.cumsum(lengths) - lengths
    real = np.arange(lengths.max()) < lengths[:, None]
    back = np.zeros(slots, np.int64)
    back[: lengths.sum()] = np.flatnonzero(real)
    first = np.zeros(places, np.int64)
    first[: len(lengths)] = starts[:places]
    return {
        "place": starts[:, None] + np.where(real, np.arange(real.shape[1]), 0),
        "mask": np.where(real, 0.0, _HIDDEN).astype(np.float32)[:, None, None, :],
        "back": back,
        "first": first,
        "rank": np.minimum(np.arange(places), len(lengths)),
    }


class _TracedDocuments(Documents):
    """Documents whose places are tensors of a graph."""

    def __init__(self, place: Any, mask: Any, back: Any, rank: Any) -> None:
        super().__init__([])
        self._place, self._mask, self._back, self._rank = place, mask, back, rank

    def attend(self, query: Any, key: Any, value: Any, scaling: float) -> Any:
        """Return the attention of every token, each argument and the answer (slots, heads, width)."""
        _, heads, width = query.shape
        found = self._weighed(self._spread(query * scaling), key, value)
        return found.permute(0, 2, 1, 3).reshape(-1, heads, width).index_select(0, self._back)

    def attend_first(self, query: Any, key: Any, value: Any, scaling: float) -> Any:
        """Return the attention of first tokens: query and answer are (places, heads, width), one place a document."""
        asking = (query * scaling)[: self._place.shape[0], :, None]
        # Twice, as a product with a single row has a kernel of its own, which sums in an order that depends on L.
        found = self._weighed(torch.cat([asking, asking], dim=2), key, value)[:, :, 0]
        return torch.cat([found, torch.zeros_like(found[:1])]).index_select(0, self._rank)

    def _spread(self, part: Any) -> Any:
        """Return (B, heads, L, width) of (slots, heads, width)."""
        rows, longest = self._place.shape
        chosen = part.index_select(0, self._place.reshape(-1))
        return chosen.reshape(rows, longest, *part.shape[1:]).permute(0, 2, 1, 3)

    def _weighed(self, query: Any, key: Any, value: Any) -> Any:
        scores = torch.matmul(query, self._spread(key).transpose(-1, -2)) + self._mask
        weights = torch.exp(scores - scores.amax(dim=-1, keepdim=True))
        ones = torch.ones_like(value[..., :1])
        summed = torch.matmul(weights, self._spread(torch.cat([value, ones], dim=-1)))
        return summed[..., :-1] / summed[..., -1:]


class _Traced(torch.nn.Module):
    def __init__(self, encoder: torch.nn.Module, call: Call, last: LastLayer | None, attending: Attending) -> None:
        super().__init__()
        self.encoder = encoder
        self._call = call
        self._last = last
        self._attending = attending
        # The exporter puts the mode back that it finds here, in the model's own layers too.
        self.train(encoder.training)

    def forward(self, states: Any, place: Any, mask: Any, back: Any, first: Any, rank: Any) -> Any:
        chosen = nullcontext() if self._last is None else self._last.on(lambda whole: whole.index_select(1, first))
        with self._attending(_TracedDocuments(place, mask, back, rank)), chosen:
            return self._call(states)


def _session(graph: bytes) -> Any:
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = torch.get_num_threads()
    options.log_severity_level = _ERRORS_ONLY
    # Threads that spin while they wait slow down everything else on the machine.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    onnxruntime.disable_telemetry_events()
    return onnxruntime.InferenceSession(
        graph, options, providers=["CPUExecutionProvider"], disabled_optimizers=[_SLOW_FUSION]
    )


def _exported(traced: _Traced, hidden: int) -> bytes:
    """Return the graph. It never lies on a disk: it is as private as the model, and a killed process tidies nothing."""
    # The tracing exporter takes a buffer, which torch's annotation of the newer one does not say.
    graph: Any = io.BytesIO()
    lengths, slots, places = np.array([5, 4, 3]), 16, 4
    arrays = _indices(lengths, slots, places)
    axes = {"states": {1: "slots"}, "place": {0: "rows", 1: "longest"}, "mask": {0: "rows", 3: "longest"}}
    axes |= {"back": {0: "slots"}, "first": {0: "places"}, "rank": {0: "places"}, "answer": {1: "answered"}}
    with warnings.catch_warnings(), torch.no_grad():
        # The exporter that traces is called old. The newer one needs two more packages, takes five times as long, and
        # on a 6-layer encoder gave the slower graph.
        warnings.simplefilter("ignore")
        torch.onnx.export(
            traced,
            (torch.zeros(1, slots, hidden), *(torch.from_numpy(array) for array in arrays.values())),
            graph,
            input_names=["states", *arrays],
            output_names=["answer"],
            dynamic_axes=axes,
            opset_version=_OPSET,
            dynamo=False,
        )
    return bytes(graph.getvalue())
