"""Checkers with studies of their own (`card_rules.py`): what an audit of the standard clean twin costs."""

from __future__ import annotations

from modelaudit.plugins import Plugins
from modelaudit.testing.defects import MEMORISING

IDS = (
    *("membership-inference", "counterfactual-substitution", "perturbation", "adversarial-search", "calibration"),
    *("out-of-distribution", "duplicates", "label-errors", "data-drift", "shortcuts", "task-performance"),
    "weak-slices",
)
"""All but two: exposure of entities is asked of taggers, and a canary audit needs a manifest of canaries."""
CHECKERS = [
    (item.checker, MEMORISING)
    for item in Plugins(installed=False).checkers()
    if item.info.id.removeprefix("modelaudit/") in IDS
]
NULLS = 20
