"""The cells of the study: a measure, the world that has what it should mend, and the number that should move."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Cell:
    """One measure in one world.

    Attributes:
        measure: id in the catalogue. world: of `worlds`.
        checker, metric, groups: the finding that should move; of several groups (a regular expression) the one that was
            worst without the measure.
        settings: of the recipe, in the place of the measure's usual strength.
        dev: whether the arm with the measure is handed the dev rows, where the other is not.
        aim: what a model without the defect shows.
    """

    measure: str
    world: str
    checker: str
    metric: str
    aim: float
    groups: str = ".*"
    settings: Mapping[str, Any] = field(default_factory=dict)
    dev: bool = False
    options: Mapping[str, Any] = field(default_factory=dict)


MEMBERSHIP = {"world": "memory", "checker": "modelaudit/membership-inference", "metric": "membership_auc", "aim": 0.5}
SWAPS = {"world": "gender", "checker": "modelaudit/counterfactual-substitution", "metric": "score_difference"}
FEW_ROWS = {"dp_epsilon": 8.0, "batch_size": 128, "learning_rate": 2e-3, "epochs": 12.0}
"""For a thousand rows: large batches, in which the noise weighs less."""

CELLS = (
    Cell("de-identification", **MEMBERSHIP),
    Cell("early-stopping", **MEMBERSHIP, dev=True),
    Cell("dropout", **MEMBERSHIP, settings={"dropout": 0.4}),
    Cell("label-smoothing", **MEMBERSHIP, settings={"label_smoothing": 0.3}),
    Cell("low-rank-adaptation", **MEMBERSHIP, settings={"adapter": "lora", "rank": 2}),
    Cell("differential-privacy", **MEMBERSHIP, settings=FEW_ROWS),
    Cell("deduplication", "repeats", "modelaudit/canary-audit", "canary_exposure", 1.44),
    Cell("counterfactual-augmentation", **SWAPS, aim=0.0, groups="gender.*"),
    Cell("counterfactual-logit-pairing", **SWAPS, aim=0.0, groups="gender.*"),
    Cell(
        "name-augmentation",
        "women",
        "modelaudit/counterfactual-substitution",
        "recall_difference",
        0.0,
        groups="first names, gender.*",
    ),
    Cell(
        "reweighing",
        "groups",
        "modelaudit/group-performance",
        "selection_rate_ratio",
        1.0,
        options={"columns": "native language"},
    ),
    Cell("perturbation-augmentation", "gender", "modelaudit/perturbation", "flip_rate", 0.0, groups=".*case.*"),
    Cell("temperature-scaling", "unsure", "modelaudit/calibration", "calibration_error", 0.0),
)
