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
    clauses_without_evidence,
    frameworks,
)
from modelaudit.frameworks.places import KNOWN, code_of, within

__all__ = [
    "KNOWN",
    "Clause",
    "Framework",
    "Standing",
    "Status",
    "Strength",
    "clauses_for",
    "clauses_of_the_report",
    "clauses_without_evidence",
    "code_of",
    "frameworks",
    "within",
]
