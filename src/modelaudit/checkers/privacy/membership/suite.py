"""The fixed suite: all attacks of one audit on the same records, and what the best of them is worth.

Which attacks there are follows from the task, the tier and what was handed in, never from what they find. The headline
attack is named beforehand as well.
"""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import rankdata

from modelaudit.checkers.privacy.membership.attack import AtFpr, Attack, at_fpr, share_found
from modelaudit.checkers.privacy.membership.sides import FEW
from modelaudit.statistics import Estimate, SuiteP, clustered_auc, largest_auc, suite_permutation_p

DRAWS = 1_000
LARGEST = "largest of the suite"


@dataclass(frozen=True, eq=False)
class Suite:
    """All attacks on one set of records.

    Attributes:
        attacks: in the order of the report, controls among them.
        headline: the name of the attack that single numbers (records at risk, classes, documents) are read from.
        order: (n0,), a draw of the non-members by content; the first of them set thresholds.
        member_units, nonmember_units: documents or persons, (n1,) and (n0,), or None.
        ids: of members and of non-members, by which another audit knows them; None where it should not.
    """

    attacks: tuple[Attack, ...]
    headline: str
    order: NDArray[np.int64]
    member_units: NDArray[Any] | None = None
    nonmember_units: NDArray[Any] | None = None
    ids: tuple[Sequence[str], Sequence[str]] | None = None

    @cached_property
    def family(self) -> tuple[Attack, ...]:
        """The attacks that are counted.

        Controls are not, nor those that rank as one before them does, nor those that have a score for fewer than 100
        rows of a side while the headline attack has one for more: their chance would be that of the whole suite.
        """
        kept: list[Attack] = []
        seen: list[NDArray[np.float64]] = []
        for attack in self.attacks:
            ranks = _ranks(attack)
            if attack.control or self.sparse(attack) or any(np.array_equal(ranks, other) for other in seen):
                continue
            kept.append(attack)
            seen.append(ranks)
        return tuple(kept)

    @property
    def first(self) -> Attack:
        """The headline attack."""
        return next(attack for attack in self.attacks if attack.name == self.headline)

    @property
    def few(self) -> bool:
        """Whether the headline attack has a score for too few rows of a side for a verdict."""
        return _fewest(self.first) < FEW

    def sparse(self, attack: Attack) -> bool:
        """Tell whether an attack has a score for too few rows to be one of the suite."""
        return not self.few and _fewest(attack) < FEW

    def same_ranking(self, attack: Attack) -> str | None:
        """Return the name of an attack of the family that ranks as this one does, where it is another one."""
        if attack in self.family or self.sparse(attack):
            return None
        ranks = _ranks(attack)
        return next((other.name for other in self.family if np.array_equal(ranks, _ranks(other))), None)

    def auc(self, attack: Attack) -> Estimate:
        """Return the AUC of one attack by itself."""
        return clustered_auc(
            attack.members, attack.nonmembers, pos_units=self.member_units, neg_units=self.nonmember_units
        )

    def largest_auc(self, rng: np.random.Generator) -> Estimate:
        """Return the largest AUC, with bounds that hold for all attacks at once."""
        found = largest_auc(
            np.stack([attack.members for attack in self.family]),
            np.stack([attack.nonmembers for attack in self.family]),
            rng=rng,
            pos_units=self.member_units,
            neg_units=self.nonmember_units,
        )
        if found.influence is None or self.ids is None:
            return found
        best = self.family[int(found.influence.choice or 0)]
        every = np.ones(len(best.members), dtype=np.bool_), np.ones(len(best.nonmembers), dtype=np.bool_)
        keys = [*self._keys(0, every[0]), *self._keys(1, every[1])]
        return found.of_choice(best.name).keyed(keys)

    def p(self, rng: np.random.Generator) -> SuiteP:
        """Return the p of the largest AUC and of each attack of the family, by relabelling all scores together."""
        scores = np.stack([np.concatenate([attack.members, attack.nonmembers]) for attack in self.family])
        members = len(self.family[0].members)
        units = None
        if self.member_units is not None and self.nonmember_units is not None:
            units = np.concatenate([self.member_units, self.nonmember_units])
        return suite_permutation_p(scores, np.arange(scores.shape[1]) < members, rng=rng, units=units, draws=DRAWS)

    def at_fpr(self, attack: Attack, fpr: float) -> AtFpr:
        """Return what one attack finds at a false-alarm rate."""
        return at_fpr(attack, fpr, order=self.order, units=self.member_units)

    def largest_tpr(self, fpr: float) -> tuple[Estimate, Attack | None]:
        """Return the largest share of members found at a false-alarm rate, and by which attack.

        The bounds hold for all attacks at once (Bonferroni). Where no attack has enough non-members, there is no value,
        the reason, and None.
        """
        found = [(self.at_fpr(attack, fpr), attack) for attack in self.family]
        estimable = [(at, attack) for at, attack in found if at.threshold is not None]
        if not estimable:
            return found[0][0].tpr, None
        shares = [share_found(at.hits, fpr=fpr, units=at.units, family=len(estimable)) for at, _ in estimable]
        best = max(range(len(shares)), key=lambda place: shares[place].value or 0.0)
        bounds = tuple(
            (cells[0][0], max(low for _, low, _ in cells), max(high for _, _, high in cells))
            for cells in zip(*(share.bounds for share in shares), strict=True)
        )
        top, attack = shares[best], estimable[best][1]
        if self.ids is not None:
            top = top.keyed(self._keys(0, attack.scored[0])).of_choice(attack.name)
        estimate = Estimate(
            value=top.value,
            n=top.n,
            method=top.method,
            bounds=bounds,
            smallest_detectable=top.smallest_detectable,
            influence=top.influence,
        )
        return estimate, attack

    def _keys(self, side: int, chosen: NDArray[np.bool_]) -> list[Hashable]:
        """Return the keys of the units of chosen members (side 0) or non-members, in the order of their codes."""
        units = (self.member_units, self.nonmember_units)[side]
        if units is not None:
            return [(side, unit) for unit in np.unique(units[chosen]).tolist()]
        ids = () if self.ids is None else self.ids[side]
        return [(side, ids[place]) for place in np.flatnonzero(chosen).tolist()]


def _fewest(attack: Attack) -> int:
    return min(int(side.sum()) for side in attack.scored)


def _ranks(attack: Attack) -> NDArray[np.float64]:
    scores = np.concatenate([attack.members, attack.nonmembers])
    known = np.isfinite(scores)
    ranks = np.zeros(len(scores))
    # Rounded: what is a rounding error apart is a tie.
    ranks[known] = rankdata(scores[known].round(9))
    return ranks
