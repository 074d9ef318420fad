"""Group performance: rates, errors and calibration by the groups of a protected attribute."""
