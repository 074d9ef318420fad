"""The calibration and the bench of the counterfactual substitution test."""
