"""Confidence against accuracy in each part of the answers, and where they lie farthest apart."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from modelaudit.checkers.robustness.calibration.answers import Answers, error_of
from modelaudit.checkers.robustness.calibration.division import Division
from modelaudit.evidence import Table
from modelaudit.results import Finding, Metric
from modelaudit.statistics import Estimate, benjamini_hochberg, largest_of, p_outside, size_of
from modelaudit.statistics.row_outcomes import signed_gap

FEWEST_ANSWERS = 30
FEWEST_CLUSTERS = 20
"""Answers, and rows or documents that they come from, below which a part is counted and not assessed."""
MOST_PARTS = 50


@dataclass(frozen=True, slots=True)
class Part:
    """One part that is large enough: its answers, how sure and how right they are, the gap between, and the error."""

    name: str
    n: int
    stated: float
    accuracy: float
    gap: Estimate
    error: Estimate


def parts_of(division: Division, answers: Answers) -> list[Part]:
    """Return the parts that are large enough, the largest first, at most `MOST_PARTS`."""
    confidence, correct = answers.confidence, answers.correct
    found: list[Part] = []
    for index, name in enumerate(division.names):
        inside = division.code == index
        n = int(inside.sum())
        # The largest come first, so the others are smaller still.
        if n < FEWEST_ANSWERS or len(found) == MOST_PARTS:
            break
        cluster = np.unique(answers.cluster[inside], return_inverse=True)[1].reshape(-1)
        if cluster.max() + 1 < FEWEST_CLUSTERS:
            continue
        stated, right = confidence[inside], correct[inside]
        gap, error = signed_gap(stated, right, cluster), error_of(stated, right, cluster)
        found.append(Part(name, n, float(stated.mean()), float(right.mean()), gap, error))
    return found


def part_finding(division: Division, answers: Answers) -> Finding:
    """Return the largest gap of any part, with all parts in a table; no value where none is large enough."""
    parts = parts_of(division, answers)
    return Finding(
        metric=Metric.of(
            _largest(parts, len(answers)),
            id="largest_gap",
            title="Largest difference between confidence and accuracy in a part",
            unit="probability",
            better="lower",
            n_unit=answers.unit,
            group=division.title,
        ),
        statement=_said(parts, division, answers),
        evidence=(_table(parts, division, answers),),
        caveats=(
            f"A part has {FEWEST_ANSWERS} {answers.unit} of {FEWEST_CLUSTERS} rows or documents at the least. The "
            "largest of several gaps is above 0 where all parts are calibrated; its interval allows for that.",
        ),
    )


def _largest(parts: Sequence[Part], n: int) -> Estimate:
    if not parts:
        reason = f"No part has {FEWEST_ANSWERS} answers of {FEWEST_CLUSTERS} rows or documents; provide more rows."
        return Estimate(value=None, n=n, method="none", reason=reason)
    return largest_of([size_of(part.gap) for part in parts], support=(0.0, 1.0))[0]


def _said(parts: Sequence[Part], division: Division, answers: Answers) -> str:
    if not parts:
        return f"By {division.title}, no part has enough {answers.unit} to be assessed."
    worst = max(parts, key=lambda part: abs(part.gap.value or 0.0))
    low, high = worst.gap.interval(_level(parts))
    many = "one part has" if len(parts) == 1 else f"{len(parts)} parts have"
    return (
        f"By {division.title}, {many} enough {answers.unit} to be assessed. Confidence and accuracy lie farthest apart "
        f"in {worst.name}: {worst.stated:.1%} sure and right in {worst.accuracy:.1%} of {worst.n:,} {answers.unit} "
        f"(difference {worst.gap.value:+.1%}, interval for all parts at once {low:+.1%} to {high:+.1%})."
    )


def _table(parts: Sequence[Part], division: Division, answers: Answers) -> Table:
    level = _level(parts)
    q = benjamini_hochberg([p_outside(part.gap.bounds, 0.0) for part in parts]) if parts else np.empty(0)
    rows: list[tuple[str, int, str, str, str, str, str]] = [
        (
            part.name,
            part.n,
            f"{part.stated:.1%}",
            f"{part.accuracy:.1%}",
            _interval(part.gap, level, "+.1%"),
            "< 0.001" if value < 0.001 else f"{value:.3f}",
            _interval(part.error, level, ".1%"),
        )
        for part, value in zip(parts, q, strict=True)
    ]
    rows += [(name, n, *("not assessed",) * 5) for name, n in _left_out(parts, division)]
    return Table(
        title=f"Confidence and accuracy by {division.title} (intervals hold for all parts at once, Bonferroni)",
        columns=(
            "part",
            answers.unit,
            "mean confidence",
            "accuracy",
            "difference (95% interval)",
            "q of no difference (Benjamini-Hochberg)",
            "calibration error (95% interval)",
        ),
        rows=tuple(rows),
    )


def _left_out(parts: Sequence[Part], division: Division) -> list[tuple[str, int]]:
    sizes = np.bincount(division.code[division.code >= 0], minlength=len(division.names))
    assessed = {part.name for part in parts}
    others = [(name, int(size)) for name, size in zip(division.names, sizes, strict=True) if name not in assessed]
    listed = others[:MOST_PARTS] if division.named else []
    unnamed = others[len(listed) :]
    if unnamed:
        listed.append((f"values not listed: {len(unnamed):,}", sum(size for _, size in unnamed)))
    if unknown := int((division.code < 0).sum()):
        listed.append(("no value", unknown))
    return listed


def _level(parts: Sequence[Part]) -> float:
    return 1.0 - 0.05 / max(len(parts), 1)


def _interval(estimate: Estimate, level: float, form: str) -> str:
    if not estimate.bounds:
        return "too few"
    low, high = estimate.interval(level)
    return f"{estimate.value:{form}} ({low:{form}} to {high:{form}})"
