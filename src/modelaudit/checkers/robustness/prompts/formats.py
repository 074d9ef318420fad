"""Formats: how often answers are right in each form of the prompts, beside the worst of them."""

from __future__ import annotations

from collections.abc import Sequence

from modelaudit.checkers.robustness.perturbation.members import Member
from modelaudit.evidence import Cell, Table
from modelaudit.results import Finding


def by_format(worst: Finding, members: Sequence[Member], score: float) -> Finding:
    """Return the finding on the worst form with a table of all, and how far the best and the worst are apart."""
    lines: list[tuple[Cell, ...]] = [("prompts as they are", f"{score:.1%}", None)]
    scores = [score]
    for member in members:
        if member.effect is None or not member.effect.whole.bounds:
            continue
        lost = member.effect.whole
        low, high = lost.interval()
        scores.append(score - (lost.value or 0.0))
        lines.append((member.arm.name, f"{scores[-1]:.1%}", f"{score - high:.1%} to {score - low:.1%}"))
    spread = 100.0 * (max(scores) - min(scores))
    table = Table(
        title="Accuracy in each form, over all rows with right answers",
        columns=("form", "accuracy", "95% interval, as changed from the prompts as they are"),
        rows=tuple(lines),
    )
    caveat = (
        f"The best and the worst of {len(scores)} forms are {spread:.1f} points apart. That describes these rows and "
        "is no estimate: the largest less the smallest of many noisy numbers is too large."
    )
    return worst.model_copy(update={"evidence": (*worst.evidence, table), "caveats": (*worst.caveats, caveat)})
