"""One by one: each judged token of a row is masked alone, and asked for with all others in sight."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from modelaudit.inference.inputs import ModelInput

if TYPE_CHECKING:
    from modelaudit.inference.engine import Engine
    from modelaudit.inference.units import Want

Floats = NDArray[np.float32]

AT_ONCE = 1 << 22
"""Token ids of variants that are held at once; a row of 512 tokens has as many variants, of 1 MiB together."""


def masked_one_by_one(engine: Engine, want: Want, inputs: Sequence[ModelInput], *, mask_id: int) -> list[Floats]:
    """Return for each row what the engine says of its targets, (k, ...), each asked with its own place masked.

    Equal variants are computed once, whichever rows they come from.
    """
    answers: list[Floats] = []
    for rows in _portions(inputs):
        variants = [_masked(row, mask_id) for row in rows]
        asked = [variant for of_row in variants for variant in of_row]
        found = engine.ask(want, asked, [0] * len(asked))
        bounds = pairwise([0, *accumulate(map(len, variants))])
        answers += [_joined(found[start:end], want) for start, end in bounds]
    return answers


def _portions(inputs: Sequence[ModelInput]) -> Iterator[list[ModelInput]]:
    portion: list[ModelInput] = []
    held = 0
    for row in inputs:
        size = len(row) * _places(row).size
        if portion and held + size > AT_ONCE:
            yield portion
            portion, held = [], 0
        portion.append(row)
        held += size
    if portion:
        yield portion


def _masked(row: ModelInput, mask_id: int) -> list[ModelInput]:
    places = _places(row)
    ids = np.tile(row.ids, (places.size, 1))
    ids[np.arange(places.size), places] = mask_id
    at, wanted = places[:, None], row.ids[places][:, None]
    return [ModelInput(ids[i], row.type_ids, at[i], wanted[i]) for i in range(places.size)]


def _places(row: ModelInput) -> NDArray[np.int32]:
    return np.zeros(0, dtype=np.int32) if row.gather is None else row.gather


def _joined(answers: Sequence[Floats], want: Want) -> Floats:
    width: tuple[int, ...] = (4,) if want == "token_statistics" else ()
    return np.concatenate([np.zeros((0, *width), dtype=np.float32), *answers])
