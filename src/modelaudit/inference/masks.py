"""Mask variants of a row, made on its token ids: positions stay, and the text is never tokenised again."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from modelaudit.inference.inputs import ModelInput

__all__ = ["masked_inputs", "shortened_inputs"]


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
    kept = _kept(base, player_of_position, keep)
    ids = np.where(kept, base.ids, np.int32(mask_id)).astype(np.int32, copy=False)
    return [ModelInput(row, base.type_ids, base.gather) for row in ids]


def shortened_inputs(
    base: ModelInput, player_of_position: NDArray[np.int32], *, keep: NDArray[np.bool_]
) -> list[ModelInput]:
    """Return one input for each variant, in which the tokens of hidden players are taken out.

    Arguments are those of `masked_inputs`.

    Raises:
        ValueError: as there, or single positions are asked for, which move; or nothing would be left of a variant.
    """
    if base.gather is not None:
        raise ValueError("single positions are asked for, and taking words out moves them")
    kept = _kept(base, player_of_position, keep)
    if not kept.any(axis=1).all():
        raise ValueError("a variant would have no token left; hide words by a mask instead")
    types = [None if base.type_ids is None else base.type_ids[row] for row in kept]
    return [ModelInput(base.ids[row], of) for row, of in zip(kept, types, strict=True)]


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
