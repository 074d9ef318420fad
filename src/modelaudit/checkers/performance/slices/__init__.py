"""Subgroups of rows on which the model does worse: proposed on one half of the rows, confirmed on the other."""
