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
from .influence import Influence, influence_of, mean_influence, ratio_influence
from .largest import largest_of, size_of
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
from .paired import mcnemar_p, mean_difference, paired_difference, relative_loss, tango_interval
from .paired_audits import PAIRED_BY_UNIT, paired_audits
from .positive import positive_estimate
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
from .row_outcomes import clustered_share, f1_drop, macro_f1, micro_f1, signed_gap
from .scoring import BrierParts, brier_parts, brier_score, log_losses, negative_log_likelihood
from .selective import (
    THRESHOLDS,
    Kept,
    RiskCoverage,
    aurc,
    confidence_auroc,
    excess_aurc,
    kept_from,
    risk_coverage,
    widest,
)
from .shares import detectable_shortfall, shortfall, total_variation
from .suite import SuiteP, clustered_auc, largest_auc, suite_permutation_p
from .temperature import best_temperature, cross_fitted, temperature_estimate
from .two_audits import UNPAIRED, difference_of, no_difference_p, paired_right, paired_share
from .two_sample import cross_fitted_auc

__all__ = [
    "LEVELS",
    "NULL_MEAN_EXPOSURE",
    "OPEN_END",
    "PAIRED_BY_UNIT",
    "THRESHOLDS",
    "UNPAIRED",
    "Bounds",
    "BrierParts",
    "CalibrationBin",
    "CalibrationError",
    "Estimate",
    "Guesses",
    "Influence",
    "Kept",
    "NullRange",
    "OneRunAudit",
    "RiskCoverage",
    "RocCurve",
    "Sample",
    "SuiteP",
    "TprAtFpr",
    "Trials",
    "auc",
    "auc_influence",
    "auc_permutation_p",
    "aurc",
    "benjamini_hochberg",
    "best_temperature",
    "bootstrap_se",
    "brier_parts",
    "brier_score",
    "check_bounds",
    "clopper_pearson",
    "clopper_pearson_interval",
    "clustered_auc",
    "clustered_ece",
    "clustered_proportion",
    "clustered_share",
    "confidence_auroc",
    "confidence_below",
    "conformal_p",
    "cross_fitted",
    "cross_fitted_auc",
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
    "detectable_shortfall",
    "difference_of",
    "ece_estimate",
    "epsilon_lower_bound",
    "excess_aurc",
    "expected_calibration_error",
    "exposure",
    "exposure_cap",
    "exposure_p",
    "exposures",
    "f1_drop",
    "fcr_level",
    "group_mean",
    "group_mean_difference",
    "group_mean_ratio",
    "group_rate",
    "guess_grid",
    "holm",
    "influence_of",
    "interval_at",
    "kept_from",
    "koopman_interval",
    "largest_auc",
    "largest_difference",
    "largest_of",
    "log_losses",
    "macro_f1",
    "mcnemar_p",
    "mean_difference",
    "mean_exposure",
    "mean_influence",
    "micro_f1",
    "min_p",
    "negative_log_likelihood",
    "newcombe_interval",
    "no_difference_p",
    "normal",
    "null_auc_se",
    "null_range",
    "on_grid",
    "one_run_audit",
    "one_run_p",
    "p_above",
    "p_below",
    "p_outside",
    "paired_audits",
    "paired_delong",
    "paired_difference",
    "paired_right",
    "paired_share",
    "parity_ratio",
    "permutation_p",
    "positive_estimate",
    "quantile",
    "rate_difference",
    "ratio_influence",
    "relative_loss",
    "right_guesses",
    "risk_coverage",
    "roc_curve",
    "sample",
    "share_of_means",
    "shortfall",
    "signed_gap",
    "size_of",
    "smallest_ratio",
    "step_down",
    "suite_permutation_p",
    "tango_interval",
    "temperature_estimate",
    "total_variation",
    "tpr_at_fpr",
    "trials",
    "widest",
    "wilson",
    "wilson_interval",
    "z_sum",
]
