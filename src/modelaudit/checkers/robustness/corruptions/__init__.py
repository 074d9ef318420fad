"""Corruption robustness: pictures and sounds as cameras, weather, rooms and telephones make them."""

from __future__ import annotations

from modelaudit.checkers.robustness.corruptions.checker import CorruptionRobustness

__all__ = ["CorruptionRobustness"]
