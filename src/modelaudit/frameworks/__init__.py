"""What regulations and frameworks ask for, as dated data files: which clause a check provides evidence relevant to."""

from __future__ import annotations

from modelaudit.frameworks.clauses import (
    Clause,
    Framework,
    Standing,
    Status,
    Strength,
    clauses_for,
    clauses_of_the_report,
    frameworks,
)

__all__ = [
    "Clause",
    "Framework",
    "Standing",
    "Status",
    "Strength",
    "clauses_for",
    "clauses_of_the_report",
    "frameworks",
]
