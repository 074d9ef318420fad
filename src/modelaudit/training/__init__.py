"""Training: the reference trainer, the compact base model, and the measures that lower a risk.

Names are loaded when they are first used, so that what needs no torch (the catalogue, recipes, records) costs none.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from modelaudit.training.catalogue import MEASURES, Measure
    from modelaudit.training.recipe import Recipe
    from modelaudit.training.record import TrainingRecord
    from modelaudit.training.trainer import ReferenceTrainer, Trained

__all__ = ["MEASURES", "Measure", "Recipe", "ReferenceTrainer", "Trained", "TrainingRecord"]

_PLACES = {
    "MEASURES": "catalogue",
    "Measure": "catalogue",
    "Recipe": "recipe",
    "ReferenceTrainer": "trainer",
    "Trained": "trainer",
    "TrainingRecord": "record",
}


def __getattr__(name: str) -> Any:
    if name not in _PLACES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_PLACES[name]}"), name)
