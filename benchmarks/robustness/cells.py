"""What a part of the study returns: one dictionary a cell, with what was asked of it and whether it holds."""

from __future__ import annotations

import math
from typing import Any

from scipy.stats import binom

Cell = dict[str, Any]


def coverage_cell(study: str, cell: str, held: float, draws: int, *, conservative: bool = False) -> Cell:
    return {
        "study": f"coverage, {study}",
        "cell": cell,
        "asked": ">= 0.93, conservative" if conservative else "0.93 to 0.97",
        "measured": float(held),
        "holds": bool(held >= 0.93 and (conservative or held <= 0.97)),
        "draws": draws,
    }


def power_cell(study: str, cell: str, found: float, draws: int) -> Cell:
    """Power of 80% at the stated effect, less three standard errors of a share of so many draws."""
    least = 0.8 - 3 * math.sqrt(0.16 / draws)
    return {
        "study": f"power, {study}",
        "cell": cell,
        "asked": f">= 0.8 (at {draws} draws >= {least:.3f})",
        "measured": float(found),
        "holds": bool(found >= least),
        "draws": draws,
    }


def alarm_cell(study: str, cell: str, alarms: int, audits: int) -> Cell:
    most = allowed(audits)
    return {
        "study": f"false alarms, {study}",
        "cell": cell,
        "asked": f"<= {most} of {audits}",
        "measured": alarms,
        "holds": alarms <= most,
        "draws": audits,
    }


def allowed(audits: int) -> int:
    """Return how many alarms a rate of 5% may give in so many audits, but for one study in a hundred."""
    return int(binom.ppf(0.99, audits, 0.05))
