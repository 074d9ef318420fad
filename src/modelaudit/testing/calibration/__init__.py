"""Calibration: how often a checker is wrong, counted on subjects of which the truth is known."""

from __future__ import annotations

from modelaudit.testing.calibration.calibrate import calibrate, card_text
from modelaudit.testing.calibration.measuring import Measured, Progress, measure
from modelaudit.testing.calibration.picture import card_svg
from modelaudit.testing.calibration.tally import card_of, file_stem
from modelaudit.testing.calibration.unit import Unit

__all__ = ["Measured", "Progress", "Unit", "calibrate", "card_of", "card_svg", "card_text", "file_stem", "measure"]
