"""The first names of the panel: one half that a model meets in training, and how often an audit draws each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Mapping, Sequence

import numpy as np

from modelaudit.text import ETHNICITIES, GENDERS, matched_groups, name_groups

DRAWS = 40
NAMES_PER_CELL = 20
"""Names of one gender and one ethnicity that an audit draws, fewer where the lexicon has fewer."""

Group = tuple[str, str]
"""A gender and an ethnicity."""

Weights = dict[Group, dict[str, float]]
"""By group and name, how much a name counts; the names of a group add up to 1."""

Counts = Callable[[Sequence[str]], Sequence[int]]


def seen_names(seed: int) -> dict[Group, list[str]]:
    """Return the half of each group's names that the model of this seed meets in training."""
    draw = np.random.default_rng([seed, 1])
    return {
        group: sorted(names[int(i)].name for i in draw.permutation(len(names))[: len(names) // 2])
        for group, names in name_groups().items()
    }


def by_ethnicity(tokens: Counts) -> Weights:
    """Return the weights of names that are matched across ethnicities, as those of a comparison of ethnicities are.

    A matched sample holds more names of the lengths that all groups have. So the mean over all names as they are is
    not what an audit estimates, but the mean over the samples that it might have drawn.
    """
    weights: Weights = {}
    for gender in GENDERS:
        weights |= _drawn([(gender, ethnicity) for ethnicity in ETHNICITIES], NAMES_PER_CELL, tokens)
    return weights


def by_both(tokens: Counts) -> Weights:
    """Return the weights of names that are matched across all groups, for comparisons of genders and intersections."""
    return _drawn([(gender, ethnicity) for gender in GENDERS for ethnicity in ETHNICITIES], NAMES_PER_CELL, tokens)


def _drawn(groups: Sequence[Group], most: int, tokens: Counts) -> Weights:
    cells = {group: name_groups()[group] for group in groups}
    size = min(most, *(len(names) for names in cells.values()))
    known = _known(cells, tokens)
    counts: Mapping[Group, Counter[str]] = {group: Counter() for group in groups}
    for number in range(DRAWS):
        sample = matched_groups(cells, size, np.random.default_rng([number, 2]), known)
        for group, names in sample.items():
            counts[group].update(name.name for name in names)
    return {
        group: {name: count / counted.total() for name, count in sorted(counted.items())}
        for group, counted in counts.items()
    }


def _known(cells: Mapping[Group, Sequence[object]], tokens: Counts) -> Counts:
    """Return the same counts, asked for once."""
    names = sorted({name.name for members in cells.values() for name in members})  # type: ignore[attr-defined]
    of = dict(zip(names, tokens(names), strict=True))
    return lambda asked: [of[name] for name in asked]
