"""Look-alike attack: OpenAttack's DeepWordBug, put to the audited model through `predict_proba`."""

from __future__ import annotations

from collections.abc import Sequence
from importlib import resources

from modelaudit.checker import Checker
from modelaudit.hookspecs import hookimpl
from modelaudit_deepwordbug.checker import LookAlikeAttack

__all__ = ["LookAlikeAttack", "modelaudit_cards", "modelaudit_checkers"]


@hookimpl
def modelaudit_checkers() -> Sequence[Checker]:
    """Bring the check, with its default options."""
    return [LookAlikeAttack()]


@hookimpl
def modelaudit_cards() -> Sequence[str]:
    """Bring its calibration card, which `modelaudit calibrate` wrote."""
    folder = resources.files(__name__) / "cards"
    if not folder.is_dir():
        return []
    # Beside each card lie its picture and the audits that it was counted from, in `.units.json`.
    cards = [file for file in folder.iterdir() if file.name.endswith(".json") and file.name.count(".") == 1]
    return [card.read_text(encoding="utf-8") for card in sorted(cards, key=lambda file: file.name)]
