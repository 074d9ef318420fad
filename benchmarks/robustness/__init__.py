"""The calibration and the bench of the checks of robustness, data and performance."""
