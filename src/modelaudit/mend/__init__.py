"""Mending: from a report to measures, to training with them, and to an audit that says what they bought."""

from __future__ import annotations

from modelaudit.mend.mend import Mend
from modelaudit.mend.proposals import Proposal

__all__ = ["Mend", "Proposal"]
