"""Mask variants of a row, made on its token ids: positions stay, and the text is never tokenised again."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from modelaudit.inference.inputs import ModelInput

__all__ = ["masked_inputs", "shortened_inputs"]


def masked_inputs(
    base: ModelInput, player_of_position: NDArray[np.int32], *, keep: NDArray[np.bool_], mask_id: int
) -> list[ModelInput]:
    """Return one input for each variant, in which every token of a hidden player is the mask token.

    Args:
        base: the row; its type ids, gathered places and targets hold for every variant.
        player_of_position: int (L,), the player (word) that each token belongs to; -1 for tokens that always stay.
        keep: bool (S variants, P players), False where a player is hidden.
        mask_id: the token id that stands for a hidden token.

    Raises:
        ValueError: shapes do not match, or a position names a player that `keep` does not have.
    """
    kept = _kept(base, player_of_position, keep)
    ids = np.where(kept, base.ids, np.int32(mask_id)).astype(np.int32, copy=False)
    return [replace(base, ids=row) for row in ids]


def shortened_inputs(
    base: ModelInput,
    player_of_position: NDArray[np.int32],
    *,
    keep: NDArray[np.bool_],
    blank: int,
    positions: bool = False,
) -> list[ModelInput]:
    """Return one input for each variant, in which the tokens of hidden players are taken out.

    Gathered places move with their tokens; one whose token is taken out goes to the last token before it that stays,
    which is where a language model says what comes next. Those of a decoder stay, and what it reads is left whole.

    Args:
        base, player_of_position, keep: as for `masked_inputs`.
        blank: the token that stands where nothing else is left, or nothing in front of a gathered place.
        positions: the others keep the positions that they had; otherwise they move up.

    Raises:
        ValueError: as there.
    """
    kept = _kept(base, player_of_position, keep)
    gathered = base.gather if base.decoder is None else None
    first = None if gathered is None or gathered.size == 0 else int(gathered.min())
    variants = []
    for row in kept:
        if row.all():
            variants.append(base)
            continue
        places = np.flatnonzero(row).astype(np.int32)
        bare = places.size == 0 or (first is not None and places[0] > first)
        gather = base.gather
        if gathered is not None:
            gather = (np.searchsorted(places, gathered, side="right") - 1 + bare).astype(np.int32)
        types = None if base.type_ids is None else base.type_ids[places]
        ids, at = base.ids[places], places
        if bare:
            ids, at = np.insert(ids, 0, blank), np.insert(places, 0, 0)
            types = None if base.type_ids is None else np.insert(base.type_ids[places], 0, base.type_ids[0])
        told = at.astype(np.int32) if positions else None
        variants.append(replace(base, ids=ids.astype(np.int32), type_ids=types, gather=gather, positions=told))
    return variants


def _kept(base: ModelInput, player_of_position: NDArray[np.int32], keep: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return bool (variants, L), the positions that stay."""
    if player_of_position.shape != base.ids.shape:
        raise ValueError(f"player_of_position has shape {player_of_position.shape}, the row {base.ids.shape}")
    if keep.ndim != 2:
        raise ValueError(f"keep must be (variants, players), not of shape {keep.shape}")
    if player_of_position.min() < -1 or player_of_position.max() >= keep.shape[1]:
        raise ValueError(f"player_of_position names players outside -1..{keep.shape[1] - 1}")
    # The column added at the end is where -1 points: fixed positions are always kept.
    kept: NDArray[np.bool_] = np.concatenate([keep.astype(np.bool_), np.ones((len(keep), 1), np.bool_)], axis=1)[
        :, player_of_position
    ]
    return kept
