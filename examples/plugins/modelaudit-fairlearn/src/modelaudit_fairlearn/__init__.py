"""Flagging skew: harmless texts that a toxicity or sentiment model flags, by group, counted by fairlearn."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources

from modelaudit.checker import Checker
from modelaudit.hookspecs import hookimpl
from modelaudit_fairlearn.checker import FlaggingSkew

__all__ = ["FlaggingSkew", "modelaudit_cards", "modelaudit_checkers"]


@hookimpl
def modelaudit_checkers() -> Sequence[Checker]:
    """Bring the check, with its default options."""
    return [FlaggingSkew()]


@hookimpl
def modelaudit_cards() -> Sequence[str]:
    """Bring its calibration card, which `modelaudit calibrate` wrote."""
    folder = resources.files(__name__) / "cards"
    if not folder.is_dir():
        return []
    # Beside each card lie its picture and the audits that it was counted from, in `.units.json`.
    cards = [file for file in folder.iterdir() if file.name.endswith(".json") and file.name.count(".") == 1]
    return [card.read_text(encoding="utf-8") for card in sorted(cards, key=lambda file: file.name)]
