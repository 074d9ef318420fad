"""Complementary halves: for each pair of reference models, which rows the one is trained on and which the other.

Every row is then in the training set of exactly one model of each pair, so that half of all models saw it and half did
not (Carlini et al. 2022, arXiv 2112.03570, section V). Members and non-members of the audited model are halved alike:
which side a row stands on has no part in what the references know of it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from modelaudit.rows import Row

__all__ = ["complementary_halves", "content_key", "ties"]

Flags = NDArray[np.bool_]
Floats = NDArray[np.float64]
Places = NDArray[np.int64]


def complementary_halves(rows: Sequence[Row], is_member: Flags, *, pairs: int, n_labels: int, seed: int) -> Flags:
    """Return which rows each of 2 * `pairs` models is trained on, bool (2 * pairs, n); 2j and 2j + 1 share out all.

    Each half has about half of each side and, within it, of each label or tag. What `ties` binds stays in one half.
    Rows are dealt out in an order drawn anew for each pair, largest ties first, each to the half that has less of what
    it brings, by lot where both have the same: so each row is in a half with probability 1/2. Content and seed decide,
    never the order of the rows.

    Args:
        rows: of both sides. is_member: bool (n,), the side of each.
        n_labels: classes or tags of the task; 0 where rows have none.
        seed: of the draw.
    """
    tie, names = ties(rows)
    weights = _weights(rows, is_member, tie, len(names), n_labels)
    sizes = np.bincount(tie, minlength=len(names))
    by_name = np.argsort(np.array(names, dtype="S32"))
    draw = np.random.Generator(np.random.Philox(np.random.SeedSequence([seed & (2**64 - 1), pairs])))
    lots = draw.random((pairs, len(names)))
    heads = draw.random((pairs, len(names))) < 0.5
    order = np.stack([by_name[np.lexsort((lot, -sizes[by_name]))] for lot in lots])
    first = np.zeros((pairs, len(names)), dtype=np.bool_)
    excess = np.zeros((pairs, weights.shape[1]))
    every = np.arange(pairs)
    for place in range(len(names)):
        dealt = order[:, place]
        brought = weights[dealt]
        leaning = np.einsum("ps,ps->p", excess, brought)
        # Sums of shares may miss zero by rounding, and a tie must stay one.
        chosen = np.where(np.abs(leaning) < 1e-12, heads[:, place], leaning < 0)
        first[every, dealt] = chosen
        excess += np.where(chosen[:, None], brought, -brought)
    halves = first[:, tie]
    return np.stack([halves, ~halves], axis=1).reshape(2 * pairs, len(rows))


def ties(rows: Sequence[Row]) -> tuple[Places, list[bytes]]:
    """Return the tie of each row (n,), and the name of each tie, which hangs on the content of its rows alone.

    Rows of one text, but for case and white space, are tied, whatever their labels, and so are rows of one group.
    """
    keys = [_text_key(row) for row in rows]
    root: dict[bytes, bytes] = {}

    def found(key: bytes) -> bytes:
        while root.setdefault(key, key) != key:
            root[key] = key = root[root[key]]
        return key

    for row, key in zip(rows, keys, strict=True):
        top = found(key)
        if row.group is not None:
            group = found(_digest(f"group\x1f{row.group}"))
            low, high = sorted((top, group))
            root[high] = low
    tops = [found(key) for key in keys]
    least: dict[bytes, bytes] = {}
    for top, key in zip(tops, keys, strict=True):
        least[top] = min(key, least.get(top, key))
    names = sorted(least.values())
    place = {name: index for index, name in enumerate(names)}
    return np.array([place[least[top]] for top in tops], dtype=np.int64), names


def content_key(row: Row) -> bytes:
    """Return 32 hex digits by which rows are put in an order of their own: of all that a model is trained on."""
    words = [row.text] if row.words is None else ["words", *row.words]
    return _digest("\x1f".join([*_beside(row), *words, "\x1e", str(row.answer), str(row.label), str(row.tags)]))


def _text_key(row: Row) -> bytes:
    return _digest("\x1f".join([*_beside(row), " ".join(f"{row.text}{row.answer or ''}".casefold().split())]))


def _beside(row: Row) -> list[str]:
    """What a model reads, sees or hears of a row besides its text; nothing of most rows."""
    parts = (row.turns, row.companion, None if row.medium is None else row.medium.digest)
    return [str(part) for part in parts if part is not None]


def _digest(text: str) -> bytes:
    return hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=16).hexdigest().encode()


def _weights(rows: Sequence[Row], is_member: Flags, tie: Places, n_ties: int, n_labels: int) -> Floats:
    """Return what each tie brings, (ties, strata): rows and labels of each side, as shares of all there are."""
    width = 1 + n_labels
    counts = np.zeros((n_ties, 2 * width))
    for row, inside, place in zip(rows, is_member.tolist(), tie.tolist(), strict=True):
        stratum = counts[place, width * inside : width * (inside + 1)]
        stratum[0] += 1
        labels = row.tags if row.tags is not None else () if row.label is None else (row.label,)
        np.add.at(stratum[1:], list(labels), 1)
    totals = counts.sum(axis=0)
    shares: Floats = counts[:, totals > 0] / totals[totals > 0]
    return shares
