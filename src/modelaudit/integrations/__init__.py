"""modelaudit inside other tools: pytest, `transformers.Trainer`, notebooks; each is imported where it is used."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from modelaudit.integrations.limits import LimitsExceeded, assert_within_limits
    from modelaudit.integrations.trainer import AuditCallback

__all__ = ["AuditCallback", "LimitsExceeded", "assert_within_limits"]

_HOMES = {"AuditCallback": "trainer", "LimitsExceeded": "limits", "assert_within_limits": "limits"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'modelaudit.integrations' has no attribute {name!r}")
    return getattr(import_module(f"modelaudit.integrations.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
