"""Intervals, paired tests, crossed effects, ROC at low false-alarm rates, multiplicity, power and calibration error.

Every method returns an `Estimate`: a value, n, the method, and interval bounds on a fixed grid of levels, from which
follow the interval at any level and the p-value against any limit. numpy and scipy only; nothing of modelaudit.
"""

from __future__ import annotations

from .calibration_error import (
    CalibrationBin,
    CalibrationError,
    clustered_ece,
    debiased_squared_error,
    ece_estimate,
    expected_calibration_error,
)
from .confidence import (
    LEVELS,
    Bounds,
    Estimate,
    check_bounds,
    confidence_below,
    interval_at,
    min_p,
    normal,
    on_grid,
    p_above,
    p_below,
    p_outside,
    quantile,
)
from .crossed import crossed_difference, crossed_mean
from .flips import crossed_excess
from .multiplicity import benjamini_hochberg, fcr_level, holm
from .paired import mcnemar_p, mean_difference, paired_difference, tango_interval
from .power import detectable_auc, detectable_mean, detectable_proportion_difference, null_auc_se, z_sum
from .proportions import clopper_pearson, clopper_pearson_interval, wilson, wilson_interval
from .ratio import share_of_means
from .resample import bootstrap_se, permutation_p
from .roc import RocCurve, TprAtFpr, auc, auc_permutation_p, delong, paired_delong, roc_curve, tpr_at_fpr

__all__ = [
    "LEVELS",
    "Bounds",
    "CalibrationBin",
    "CalibrationError",
    "Estimate",
    "RocCurve",
    "TprAtFpr",
    "auc",
    "auc_permutation_p",
    "benjamini_hochberg",
    "bootstrap_se",
    "check_bounds",
    "clopper_pearson",
    "clopper_pearson_interval",
    "clustered_ece",
    "confidence_below",
    "crossed_difference",
    "crossed_excess",
    "crossed_mean",
    "debiased_squared_error",
    "delong",
    "detectable_auc",
    "detectable_mean",
    "detectable_proportion_difference",
    "ece_estimate",
    "expected_calibration_error",
    "fcr_level",
    "holm",
    "interval_at",
    "mcnemar_p",
    "mean_difference",
    "min_p",
    "normal",
    "null_auc_se",
    "on_grid",
    "p_above",
    "p_below",
    "p_outside",
    "paired_delong",
    "paired_difference",
    "permutation_p",
    "quantile",
    "roc_curve",
    "share_of_means",
    "tango_interval",
    "tpr_at_fpr",
    "wilson",
    "wilson_interval",
    "z_sum",
]
