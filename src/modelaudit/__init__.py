"""Audit a fine-tuned Hugging Face model: privacy, bias, opacity and robustness in one honest report."""

from __future__ import annotations

import os
from importlib import import_module
from typing import TYPE_CHECKING, Any

from modelaudit._version import __version__

if TYPE_CHECKING:
    from modelaudit.audit import Audit
    from modelaudit.audit_report import AuditReport
    from modelaudit.errors import InputError, ModelAuditError, RiskGateError
    from modelaudit.outcome import AuditOutcome
    from modelaudit.policy_file import load_policy
    from modelaudit.reports import load_report

__all__ = [
    "Audit",
    "AuditOutcome",
    "AuditReport",
    "InputError",
    "ModelAuditError",
    "RiskGateError",
    "__version__",
    "load_policy",
    "load_report",
]

# torch reads this once, when it is loaded. Threads that spin while they wait cost a busy machine far more than the
# model itself; where the user has chosen, the choice stands.
os.environ.setdefault("OMP_WAIT_POLICY", "PASSIVE")
# ONNX Runtime writes down a device id and an event about the machine when it is loaded, before it can be told not to.
os.environ.setdefault("ORT_DISABLE_TELEMETRY", "1")

_HOMES = {
    "Audit": "audit",
    "AuditOutcome": "outcome",
    "AuditReport": "audit_report",
    "InputError": "errors",
    "ModelAuditError": "errors",
    "RiskGateError": "errors",
    "load_policy": "policy_file",
    "load_report": "reports",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'modelaudit' has no attribute {name!r}")
    return getattr(import_module(f"modelaudit.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
