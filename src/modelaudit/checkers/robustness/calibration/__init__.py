"""Calibration: is the model right as often as its confidence says, and what can be done with the confidence?"""

from __future__ import annotations

from modelaudit.checkers.robustness.calibration.checker import Calibration, _most_rows

__all__ = ["Calibration", "_most_rows"]
