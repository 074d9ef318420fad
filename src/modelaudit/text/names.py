"""First names by gender and by US ethnicity, and samples of them that are alike across groups in the rest.

Names carry more than a group: frequency and the number of tokens they cost move a model too (An & Rudinger 2023). So
samples are matched across groups on source and frequency band, and on token count under the audited model's tokenizer.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Literal, TypeVar

import numpy as np

from modelaudit.text.lexicon import read_lexicon

GENDERS = ("female", "male")
ETHNICITIES = ("white", "black", "hispanic", "api")

TokenCounter = Callable[[Sequence[str]], Sequence[int]]
Group = TypeVar("Group", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Name:
    """A first name; ``share`` of its ``count`` bearers in ``source`` belong to ``ethnicity``.

    Names that are only known by gender have no ethnicity; names of no clear gender have none either.
    """

    name: str
    gender: Literal["female", "male"] | None
    ethnicity: str | None = None
    count: int = 0
    share: float = 0.0
    source: str = ""


@cache
def load_names() -> tuple[Name, ...]:
    """The names to put into texts: each typical of one gender and one US ethnic group (see the lexicon's header)."""
    return tuple(
        Name(name, "female" if gender == "female" else "male", ethnicity, int(count), float(share), source)
        for name, gender, ethnicity, share, count, source in read_lexicon("first_names_us")
    )


@cache
def load_known_names() -> tuple[Name, ...]:
    """The names to recognise in texts, with their gender where it is clear."""
    genders: dict[str, Literal["female", "male"]] = {"female": "female", "male": "male"}
    return tuple(Name(name, genders.get(gender)) for name, gender in read_lexicon("first_names_known"))


def name_groups(
    *, genders: Sequence[str] = GENDERS, ethnicities: Sequence[str] = ETHNICITIES
) -> dict[tuple[str, str], tuple[Name, ...]]:
    """The names of each (gender, ethnicity) cell; hold one of the two fixed to compare along the other."""
    return {
        (gender, ethnicity): tuple(
            name for name in load_names() if name.gender == gender and name.ethnicity == ethnicity
        )
        for gender in genders
        for ethnicity in ethnicities
    }


def choose_names(
    *,
    gender: str,
    ethnicity: str,
    k: int,
    rng: np.random.Generator,
    n_tokens: TokenCounter | None = None,
) -> list[Name]:
    """k names of one cell, matched to what every other cell offers (`matched_groups` over all cells).

    Calls with generators in the same state give lists that match one another; for several groups at once use
    `matched_groups`. Raises ValueError where the smallest cell has fewer than k names, or the cell is unknown.
    """
    if gender not in GENDERS or ethnicity not in ETHNICITIES:
        raise ValueError(
            f"no names of gender {gender!r} and ethnicity {ethnicity!r}; "
            f"genders are {', '.join(GENDERS)}, ethnicities {', '.join(ETHNICITIES)}"
        )
    return matched_groups(name_groups(), k, rng, n_tokens)[gender, ethnicity]


def matched_groups(
    groups: Mapping[Group, Sequence[Name]],
    k: int,
    rng: np.random.Generator,
    n_tokens: TokenCounter | None = None,
) -> dict[Group, list[Name]]:
    """k names from each group, as alike across groups as the groups allow.

    Slot by slot, the same cell is drawn in every group: source, frequency band and token count alike; when no such cell
    is left in all groups, token count alone; then the token count with the smallest sum of differences over groups.
    So the lists' token-count histograms agree except for that last part. The i-th names of the lists belong together.

    Raises ValueError where a group has fewer than k names.
    """
    for group, names in groups.items():
        if len(names) < k:
            raise ValueError(f"group {group!r} has {len(names)} names, fewer than the {k} asked for; ask for fewer")
    left = {group: _shuffled(names, rng) for group, names in groups.items()}
    tokens = _token_counts(groups, n_tokens)
    chosen: dict[Group, list[Name]] = {group: [] for group in groups}

    def full_cell(name: Name) -> Hashable:
        return name.source, _band(name.count), tokens[name.name]

    def token_cell(name: Name) -> Hashable:
        return tokens[name.name]

    for cell_of in (full_cell, token_cell):
        _draw_common_cells(left, chosen, k, rng, cell_of)
    _draw_nearest(left, chosen, k, tokens)
    return chosen


def _draw_common_cells(
    left: dict[Group, list[Name]],
    chosen: dict[Group, list[Name]],
    k: int,
    rng: np.random.Generator,
    cell_of: Callable[[Name], Hashable],
) -> None:
    """Move names from ``left`` to ``chosen``, the same number from a cell in every group, until k or nothing common."""
    if not left:
        return
    counts = [Counter(cell_of(name) for name in names) for names in left.values()]
    common = {cell: min(count[cell] for count in counts) for cell in counts[0]}
    slots = sorted((cell for cell, n in common.items() for _ in range(n)), key=repr)
    wanted = k - len(next(iter(chosen.values())))
    picks = Counter(slots[i] for i in rng.permutation(len(slots))[:wanted])
    order = list(picks)
    for group, names in left.items():
        by_cell: dict[Hashable, list[Name]] = defaultdict(list)
        for name in names:
            by_cell[cell_of(name)].append(name)
        taken = [name for cell in order for name in by_cell[cell][: picks[cell]]]
        chosen[group] += taken
        left[group] = [name for name in names if name not in set(taken)]


def _draw_nearest(
    left: dict[Group, list[Name]], chosen: dict[Group, list[Name]], k: int, tokens: Mapping[str, int]
) -> None:
    if not left:
        return
    while len(next(iter(chosen.values()))) < k:
        lengths = sorted({tokens[name.name] for names in left.values() for name in names})
        spread = [
            sum(min(abs(tokens[name.name] - length) for name in names) for names in left.values()) for length in lengths
        ]
        target = lengths[spread.index(min(spread))]
        for group, names in left.items():
            nearest = min(names, key=lambda name: abs(tokens[name.name] - target))
            chosen[group].append(nearest)
            names.remove(nearest)


def _token_counts(groups: Mapping[Group, Sequence[Name]], n_tokens: TokenCounter | None) -> dict[str, int]:
    names = list(dict.fromkeys(name.name for members in groups.values() for name in members))
    counts = [1] * len(names) if n_tokens is None else [int(count) for count in n_tokens(names)]
    if len(counts) != len(names):
        raise ValueError(f"n_tokens gave {len(counts)} counts for {len(names)} names; it must give one for each")
    return dict(zip(names, counts, strict=True))


def _band(count: int) -> int:
    """Frequency bands four times as wide as their lower edge: 16-63, 64-255, 256-1023, ..."""
    return (max(count, 1).bit_length() - 1) // 2


def _shuffled(names: Sequence[Name], rng: np.random.Generator) -> list[Name]:
    return [names[i] for i in rng.permutation(len(names))]
