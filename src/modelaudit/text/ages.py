"""The ages that are compared, the same in every language: two groups, the ages put into texts and those recognised."""

from __future__ import annotations

from typing import Final, Literal

YOUNGER: Final = "younger"
OLDER: Final = "older"
OFFERED = {YOUNGER: range(22, 36), OLDER: range(58, 76)}
"""The ages in years that are put into texts, by group."""
YOUNGEST, OLDEST = 18, 80
"""The lowest and the highest age in years that is recognised."""
_YOUNGER_UNTIL, _OLDER_FROM = 40, 55


def age_group(age: int) -> Literal["younger", "older"] | None:
    """The group of an age in years; None for one that is not recognised or lies between the groups."""
    if YOUNGEST <= age < _YOUNGER_UNTIL:
        return YOUNGER
    return OLDER if _OLDER_FROM <= age <= OLDEST else None
