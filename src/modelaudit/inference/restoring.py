"""Restoring: what some architectures change in themselves for good when they read a row of another kind."""

from __future__ import annotations

from typing import Any

__all__ = ["restored"]

SPARSE = "block_sparse"


def restored(base: Any) -> None:
    """Let a model read the next rows as it was configured to.

    BigBird goes over to full attention at the first row that is too short for its blocks, and stays there: a long row
    would be read in another way after a short one than before.
    """
    change = getattr(base, "set_attention_type", None)
    wanted = getattr(getattr(base, "config", None), "attention_type", None)
    if change is not None and wanted == SPARSE and getattr(base, "attention_type", SPARSE) != SPARSE:
        change(SPARSE)
