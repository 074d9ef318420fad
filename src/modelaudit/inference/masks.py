"""Mask variants of a row, made on its token ids: positions stay, and the text is never tokenised again."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from modelaudit.inference.inputs import ModelInput

__all__ = ["masked_inputs"]


def masked_inputs(
    base: ModelInput, player_of_position: NDArray[np.int32], *, keep: NDArray[np.bool_], mask_id: int
) -> list[ModelInput]:
    """Return one input for each variant, in which every token of a hidden player is the mask token.

    Args:
        base: the row; its type ids and gathered positions hold for every variant.
        player_of_position: int (L,), the player (word) that each token belongs to; -1 for tokens that always stay.
        keep: bool (S variants, P players), False where a player is hidden.
        mask_id: the token id that stands for a hidden token.

    Raises:
        ValueError: shapes do not match, or a position names a player that `keep` does not have.
    """
    if player_of_position.shape != base.ids.shape:
        raise ValueError(f"player_of_position has shape {player_of_position.shape}, the row {base.ids.shape}")
    if keep.ndim != 2:
        raise ValueError(f"keep must be (variants, players), not of shape {keep.shape}")
    if player_of_position.min() < -1 or player_of_position.max() >= keep.shape[1]:
        raise ValueError(f"player_of_position names players outside -1..{keep.shape[1] - 1}")
    # The column added at the end is where -1 points: fixed positions are always kept.
    kept = np.concatenate([keep.astype(np.bool_), np.ones((len(keep), 1), np.bool_)], axis=1)[:, player_of_position]
    ids = np.where(kept, base.ids, np.int32(mask_id)).astype(np.int32, copy=False)
    return [ModelInput(row, base.type_ids, base.gather) for row in ids]
