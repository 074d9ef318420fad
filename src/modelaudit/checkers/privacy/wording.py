"""Phrases and figures as the findings on privacy put them."""

from __future__ import annotations


def could_be_shown(smallest: float | None, effect: str, units: str) -> str:
    """Return " {effect} could have been shown with so many {units}.", or nothing where that is not known.

    `effect` is a format for the smallest detectable effect, such as "An AUC of {:.3f}".
    """
    return "" if smallest is None else f" {effect.format(smallest)} could have been shown with so many {units}."


def p_words(p: float) -> str:
    """Return a p-value as it stands in a sentence."""
    return "< 0.001" if p < 0.001 else f"= {p:.3f}"


def rounded(value: float | None) -> float | None:
    """Return a number as it stands in a table."""
    return None if value is None else round(value, 4)
