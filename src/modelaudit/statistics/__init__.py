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
from .conformal import conformal_p
from .crossed import crossed_difference, crossed_mean
from .exposure import NULL_MEAN_EXPOSURE, exposure, exposure_cap, exposure_p, exposures, mean_exposure
from .flips import crossed_excess
from .group_means import Sample, design_effect, group_mean, group_mean_difference, group_mean_ratio, sample
from .group_ranges import NullRange, largest_difference, null_range, smallest_ratio
from .group_rates import (
    Trials,
    group_rate,
    koopman_interval,
    newcombe_interval,
    parity_ratio,
    rate_difference,
    trials,
)
from .multiplicity import benjamini_hochberg, fcr_level, holm, step_down
from .one_run import (
    OPEN_END,
    Guesses,
    OneRunAudit,
    detectable_epsilon,
    epsilon_lower_bound,
    guess_grid,
    one_run_audit,
    one_run_p,
    right_guesses,
)
from .paired import mcnemar_p, mean_difference, paired_difference, tango_interval
from .power import detectable_auc, detectable_mean, detectable_proportion_difference, null_auc_se, z_sum
from .proportions import (
    clopper_pearson,
    clopper_pearson_interval,
    clustered_proportion,
    wilson,
    wilson_interval,
)
from .ratio import share_of_means
from .resample import bootstrap_se, permutation_p
from .roc import (
    RocCurve,
    TprAtFpr,
    auc,
    auc_influence,
    auc_permutation_p,
    delong,
    paired_delong,
    roc_curve,
    tpr_at_fpr,
)
from .suite import SuiteP, clustered_auc, largest_auc, suite_permutation_p

__all__ = [
    "LEVELS",
    "NULL_MEAN_EXPOSURE",
    "OPEN_END",
    "Bounds",
    "CalibrationBin",
    "CalibrationError",
    "Estimate",
    "Guesses",
    "NullRange",
    "OneRunAudit",
    "RocCurve",
    "Sample",
    "SuiteP",
    "TprAtFpr",
    "Trials",
    "auc",
    "auc_influence",
    "auc_permutation_p",
    "benjamini_hochberg",
    "bootstrap_se",
    "check_bounds",
    "clopper_pearson",
    "clopper_pearson_interval",
    "clustered_auc",
    "clustered_ece",
    "clustered_proportion",
    "confidence_below",
    "conformal_p",
    "crossed_difference",
    "crossed_excess",
    "crossed_mean",
    "debiased_squared_error",
    "delong",
    "design_effect",
    "detectable_auc",
    "detectable_epsilon",
    "detectable_mean",
    "detectable_proportion_difference",
    "ece_estimate",
    "epsilon_lower_bound",
    "expected_calibration_error",
    "exposure",
    "exposure_cap",
    "exposure_p",
    "exposures",
    "fcr_level",
    "group_mean",
    "group_mean_difference",
    "group_mean_ratio",
    "group_rate",
    "guess_grid",
    "holm",
    "interval_at",
    "koopman_interval",
    "largest_auc",
    "largest_difference",
    "mcnemar_p",
    "mean_difference",
    "mean_exposure",
    "min_p",
    "newcombe_interval",
    "normal",
    "null_auc_se",
    "null_range",
    "on_grid",
    "one_run_audit",
    "one_run_p",
    "p_above",
    "p_below",
    "p_outside",
    "paired_delong",
    "paired_difference",
    "parity_ratio",
    "permutation_p",
    "quantile",
    "rate_difference",
    "right_guesses",
    "roc_curve",
    "sample",
    "share_of_means",
    "smallest_ratio",
    "step_down",
    "suite_permutation_p",
    "tango_interval",
    "tpr_at_fpr",
    "trials",
    "wilson",
    "wilson_interval",
    "z_sum",
]
