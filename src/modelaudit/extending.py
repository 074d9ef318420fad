"""A policy that extends another: it holds the other's limits as well, and loosens none without saying why."""

from __future__ import annotations

import math
from typing import Any

from modelaudit.errors import PolicyError
from modelaudit.verdicts import Limit, Policy, alike

EDGES = ("max", "min", "within")
INHERITED = ("level", "q", "longest_waiver_days")
"""Keys that the extended policy sets once for all that extend it."""


def merged(content: dict[str, Any], base: Policy, where: str) -> dict[str, Any]:
    """Return the content of a policy file with what it takes over from the policy that it extends.

    The file's own limits come first, in its order. One on what the base limits as well is laid over the base's limit.
    Where it sets no edge the number stays the base's, and so do its reason and source: the file's stand behind them.
    Waivers, owner and approval are not taken over.
    """
    for key in INHERITED:
        if key in content:
            raise PolicyError(
                f"{where} sets '{key}', which comes from {base.id}, the policy that it extends; remove it."
            )
    own = content.get("limit", [])
    if not isinstance(own, list) or not all(isinstance(entry, dict) for entry in own):
        raise PolicyError(f"{where}: 'limit' is no list of tables; write [[limit]] above each.")
    inherited = {_key(limit): limit for limit in (_written(limit) for limit in base.limit)}
    laid = [_laid_over(inherited.pop(_key(entry), None), entry) for entry in own]
    requirements = {item.checker: item.model_dump() for item in base.require}
    required = content.get("require", [])
    if isinstance(required, list):
        for entry in required:
            if isinstance(entry, dict):
                requirements.pop(str(entry.get("checker")), None)
        required = [*required, *requirements.values()]
    return {
        **content,
        **{key: getattr(base, key) for key in INHERITED},
        "limit": [*laid, *inherited.values()],
        "require": required,
    }


def check_tightening(policy: Policy, base: Policy, where: str) -> None:
    """Raise PolicyError for a limit that is looser than the base's on the same, without a reason for it."""
    for limit in policy.limit:
        if limit.override_reason is not None:
            continue
        for other in base.limit:
            if _covers(other, limit) and (fault := looser(limit, other)):
                raise PolicyError(
                    f"{where}: the limit on {limit.name} {fault} in {base.id}, the policy that it extends. Tighten "
                    "it, or add override_reason."
                )


def looser(limit: Limit, base: Limit) -> str | None:
    """Return how a limit asks for less than the one that it is put over, or None."""
    low, high = _open(limit)
    base_low, base_high = _open(base)
    if low < base_low or high > base_high:
        return f"({limit.words}) is looser than that on {base.name} ({base.words})"
    if base.required and not limit.required:
        return f"is not required, and that on {base.name} is"
    return None


def _covers(base: Limit, limit: Limit) -> bool:
    """Tell whether the base's limit held where the limit now stands in its place."""
    if (base.checker, base.metric) != (limit.checker, limit.metric) or base.group not in (None, limit.group):
        return False
    if not base.use_cases:
        return True
    if not limit.use_cases:
        # A limit on a group wins over one for a use case; of one group the one for the use case goes on holding.
        return limit.group is not None and base.group is None
    return bool(set(map(alike, limit.use_cases)) & set(map(alike, base.use_cases)))


def _open(limit: Limit) -> tuple[float, float]:
    """Return the edges of a range, infinite where it is open."""
    return -math.inf if limit.low is None else limit.low, math.inf if limit.high is None else limit.high


def _written(limit: Limit) -> dict[str, Any]:
    """Return a limit as a file would say it."""
    written = limit.model_dump(exclude_defaults=True)
    return written | ({"use_cases": list(limit.use_cases)} if limit.use_cases else {})


def _key(entry: dict[str, Any]) -> tuple[Any, ...]:
    cases = entry.get("use_cases", ())
    known = frozenset(map(alike, map(str, cases))) if isinstance(cases, list | tuple) else str(cases)
    return str(entry.get("checker")), str(entry.get("metric")), str(entry.get("group")), known


def _laid_over(base: dict[str, Any] | None, own: dict[str, Any]) -> dict[str, Any]:
    if base is None:
        return own
    if any(edge in own for edge in EDGES):
        kept = {key: value for key, value in base.items() if key not in (*EDGES, "severity", "rationale", "source")}
        return kept | own
    added = {
        key: f"{base[key]} {own[key]}" for key in ("rationale", "source") if isinstance(own.get(key), str) and own[key]
    }
    return base | own | added
