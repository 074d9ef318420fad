"""Records at risk: which training rows stand out so far that an attacker may name them, by id."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from modelaudit.checkers.privacy.membership.attack import Attack
from modelaudit.evidence import MAX_ITEMS, Table
from modelaudit.results import Finding, Metric
from modelaudit.rows import Row
from modelaudit.statistics import benjamini_hochberg, clustered_proportion, conformal_p

Q = 0.1
"""Share of the listed records that may be false alarms."""


def at_risk(attack: Attack, members: Sequence[Row], *, units: NDArray[Any] | None, confounded: str | None) -> Finding:
    """Return the share of training rows that stand out, and which they are.

    A row's p-value is conformal: how many held-out rows score as high. Benjamini and Hochberg's rule at q = .1 over all
    training rows picks those that are listed.
    """
    inside, _ = attack.scored
    scores, ordinary = attack.values
    p = conformal_p(scores, ordinary)
    q = benjamini_hochberg(p)
    listed = q <= Q
    share = clustered_proportion(listed, None if units is None else units[inside])
    ids = [row.id for row, known in zip(members, inside, strict=True) if known]
    # Of equal p the higher score first, then the id, so that the list does not hang on the order of rows.
    order = sorted(np.flatnonzero(listed), key=lambda place: (p[place], -scores[place], ids[place]))
    finest = 1.0 / (len(ordinary) + 1)
    reach = int(np.ceil(finest * len(scores) / Q))
    rows = tuple((ids[place], round(float(p[place]), 6), round(float(q[place]), 6)) for place in order[:MAX_ITEMS])
    table = Table(title="Training rows at risk, by id", columns=("row", "p", "q"), rows=rows)
    beyond = f" The first {MAX_ITEMS:,} are listed." if len(order) > MAX_ITEMS else ""
    found = (
        f"{int(listed.sum()):,} of {len(scores):,} training rows score so high under the {attack.name} that at most "
        f"{Q:.0%} of such rows are false alarms."
        if listed.any()
        else f"No training row scores so high under the {attack.name} that it could be named at {Q:.0%} false alarms."
    )
    return Finding(
        metric=Metric.of(
            share, id="at_risk_share", title="Training rows at risk", unit="share of training rows", better="lower",
            n_unit="training rows", group=attack.name,
        ),
        statement=found + beyond,
        evidence=(table,) if rows else (),
        confounded=confounded,
        caveats=(
            f"With {len(ordinary):,} held-out rows no p-value is below {finest:.2g}, so fewer than {reach:,} such rows "
            "can't be told from chance: an empty list does not show that nobody is at risk.",
            "Removing the listed rows and training again puts others in their place; audit again after it.",
        ),
    )  # fmt: skip
