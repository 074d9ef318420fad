"""The sentence that ends a statement: what so much data could have shown."""

from __future__ import annotations


def could_be_shown(smallest: float | None, effect: str, units: str) -> str:
    """Return " {effect} could have been shown with so many {units}.", or nothing where that is not known.

    `effect` is a format for the smallest detectable effect, such as "An AUC of {:.3f}".
    """
    return "" if smallest is None else f" {effect.format(smallest)} could have been shown with so many {units}."
