"""Attention within each document of a packed row, in the place of the model's own.

The layers call it through the attention table of transformers. What lies where in the packed row it learns from the
`Documents` that are current in its thread.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import torch

from modelaudit.errors import CapabilityError

__all__ = ["ATTENTION", "Documents", "Unpackable", "attending", "current", "register"]

ATTENTION = "modelaudit_packed"


class Unpackable(CapabilityError):
    """This model has no encoder that can be packed; the message says why."""


@dataclass(slots=True, eq=False)
class Documents:
    """Documents that lie end to end in one row.

    Attributes:
        segments: (start, count, length) of documents of one length that lie side by side.
        firsts: whether the layer that runs now asks for the first token of each document alone.
        calls: how often attention was asked for; keys, values: what it was last asked with.
    """

    segments: tuple[tuple[int, int, int], ...]
    firsts: bool = False
    calls: int = 0
    keys: Any = None
    values: Any = None

    @classmethod
    def of(cls, lengths: Sequence[int]) -> Documents:
        """Return documents of these lengths."""
        segments, start = [], 0
        for length, same in groupby(lengths):
            count = len(list(same))
            segments.append((start, count, length))
            start += count * length
        return cls(tuple(segments))


_local = threading.local()


def current() -> Documents:
    """Return the documents of the packed row that runs in this thread."""
    documents: Documents = _local.documents
    return documents


@contextmanager
def attending(documents: Documents) -> Iterator[None]:
    """Let attention see these documents.

    Raises:
        Unpackable: attention was not asked for, so the layers do it by themselves.
    """
    _local.documents = documents
    try:
        yield
    finally:
        del _local.documents
        documents.keys = documents.values = None
    if not documents.calls:
        raise Unpackable("its layers choose their attention by themselves")


def register() -> None:
    """Enter it in the table, as `ATTENTION`.

    Raises:
        Unpackable: this version of transformers has no such table.
    """
    try:
        from transformers.modeling_utils import ALL_ATTENTION_FUNCTIONS
    except ImportError as error:
        raise Unpackable("this version of transformers has no attention interface") from error
    ALL_ATTENTION_FUNCTIONS.register(ATTENTION, _attend)


def _attend(
    _module: Any, query: Any, key: Any, value: Any, _mask: Any, *, scaling: float | None = None, **_others: Any
) -> tuple[Any, None]:
    """Attention within each document. Documents of one length that lie side by side are one call of the kernel.

    query, key, value are (1, heads, slots, width); the answer is (1, slots, heads, width). Where the layer asks for
    first tokens alone, query is (1, heads, places, width), one place a document, and so is the answer.
    """
    documents = current()
    documents.calls += 1
    documents.keys, documents.values = key, value
    query = query[0].transpose(0, 1)
    _, heads, width = query.shape
    # A layer that sees fewer queries than keys may have put the keys into another shape, but not into another order.
    key, value = (part[0].transpose(0, 1).reshape(-1, heads, width) for part in (key, value))
    answer = query.new_zeros(query.shape)
    place = 0
    for start, count, length in documents.segments:
        stop = start + count * length
        k, v = (part[start:stop].view(count, length, heads, width).transpose(1, 2) for part in (key, value))
        if documents.firsts:
            answer[place : place + count] = _first(query[place : place + count, :, None], k, v, scaling)
            place += count
        else:
            q = query[start:stop].view(count, length, heads, width).transpose(1, 2)
            found = torch.nn.functional.scaled_dot_product_attention(q, k, v, scale=scaling)
            answer[start:stop].view(count, length, heads, width).copy_(found.transpose(1, 2))
    return answer[None], None


def _first(query: Any, key: Any, value: Any, scaling: float | None) -> Any:
    """Attention of one query (count, heads, 1, width) a document.

    For a single query the kernels of torch sum in an order that depends on the number of threads and documents; a
    product and a sum do not.
    """
    scores = (key * query).sum(dim=-1) * (query.shape[-1] ** -0.5 if scaling is None else scaling)
    return (torch.softmax(scores, dim=-1)[..., None] * value).sum(dim=2)
