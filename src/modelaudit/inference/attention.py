"""Attention within each document of a packed row, in the place of the model's own.

The layers call it through the attention table of transformers. What lies where in the packed row it learns from the
`Documents` that are current in its thread.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import groupby
from typing import Any

import torch

from modelaudit.errors import CapabilityError

__all__ = ["ATTENTION", "Documents", "Unpackable", "attending", "current", "register"]

ATTENTION = "modelaudit_packed"


class Unpackable(CapabilityError):
    """This model has no encoder that can be packed; the message says why."""


class Documents:
    """Documents that lie end to end in one row.

    Attributes:
        firsts: whether the layer that runs now asks for the first token of each document alone.
        calls: how often attention was asked for; keys, values: what it was last asked with.
    """

    def __init__(self, lengths: Sequence[int]) -> None:
        self.firsts = False
        self.calls = 0
        self.keys: Any = None
        self.values: Any = None
        self._segments: list[tuple[int, int, int]] = []
        start = 0
        for length, same in groupby(lengths):
            count = len(list(same))
            self._segments.append((start, count, length))
            start += count * length

    def attend(self, query: Any, key: Any, value: Any, scaling: float) -> Any:
        """Return the attention of every token, each argument and the answer (slots, heads, width).

        Documents of one length that lie side by side are one call of the kernel.
        """
        answer = query.new_zeros(query.shape)
        for start, count, length in self._segments:
            of = slice(start, start + count * length)
            q, k, v = (_apart(part[of], count, length) for part in (query, key, value))
            found = torch.nn.functional.scaled_dot_product_attention(q, k, v, scale=scaling)
            _apart(answer[of], count, length).copy_(found)
        return answer

    def attend_first(self, query: Any, key: Any, value: Any, scaling: float) -> Any:
        """Return the attention of first tokens: query and answer are (places, heads, width), one place a document.

        For a single query the kernels of torch sum in an order that depends on the number of threads and documents; a
        product and a sum do not.
        """
        answer = query.new_zeros(query.shape)
        place = 0
        for start, count, length in self._segments:
            of = slice(start, start + count * length)
            k, v = (_apart(part[of], count, length) for part in (key, value))
            scores = (k * query[place : place + count, :, None]).sum(dim=-1) * scaling
            answer[place : place + count] = (torch.softmax(scores, dim=-1)[..., None] * v).sum(dim=2)
            place += count
        return answer


def _apart(part: Any, count: int, length: int) -> Any:
    """View (count * length, heads, width) as (count, heads, length, width)."""
    return part.view(count, length, *part.shape[1:]).transpose(1, 2)


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
    """Attention within each document; query, key, value are (1, heads, slots, width), the answer has heads third.

    Where the layer asks for first tokens alone, query is (1, heads, places, width), one place a document, and so is
    the answer.
    """
    documents = current()
    documents.calls += 1
    documents.keys, documents.values = key, value
    query = query[0].transpose(0, 1)
    _, heads, width = query.shape
    # A layer that sees fewer queries than keys may have put the keys into another shape, but not into another order.
    key, value = (part[0].transpose(0, 1).reshape(-1, heads, width) for part in (key, value))
    scaling = width**-0.5 if scaling is None else scaling
    attend = documents.attend_first if documents.firsts else documents.attend
    return attend(query, key, value, scaling)[None], None
