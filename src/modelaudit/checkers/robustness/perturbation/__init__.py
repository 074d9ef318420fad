"""Perturbations of the user's own rows, and what they do to the model's answers."""

from __future__ import annotations

from modelaudit.checkers.robustness.perturbation.checker import Perturbation

__all__ = ["Perturbation"]
