"""The calibration of the membership checker: models that are known to remember, or not to, and what is said of them."""
