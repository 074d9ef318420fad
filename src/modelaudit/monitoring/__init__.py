"""Life after the audit: what changed between two audits, and what changes in live data."""

from __future__ import annotations

from modelaudit.monitoring.alert_rule import AlertRule
from modelaudit.monitoring.compare import compare
from modelaudit.monitoring.look import Look
from modelaudit.monitoring.measure import Measure
from modelaudit.monitoring.profile import WatchProfile, make_profile, profile_text, read_profile
from modelaudit.monitoring.prometheus import prometheus_text
from modelaudit.monitoring.row_file import RowOutcome, RowOutcomes, read_row_file, write_row_file
from modelaudit.monitoring.row_key import RowKey
from modelaudit.monitoring.row_outcomes import row_outcomes
from modelaudit.monitoring.watch import Watch
from modelaudit.monitoring.watched_model import ModelSource

__all__ = [
    "AlertRule",
    "Look",
    "Measure",
    "ModelSource",
    "RowKey",
    "RowOutcome",
    "RowOutcomes",
    "Watch",
    "WatchProfile",
    "compare",
    "make_profile",
    "profile_text",
    "prometheus_text",
    "read_profile",
    "read_row_file",
    "row_outcomes",
    "write_row_file",
]
