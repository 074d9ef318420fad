"""A policy that extends another: it holds the other's limits as well, and loosens none without saying why."""

from __future__ import annotations

import math
from typing import Any

from modelaudit.errors import PolicyError
from modelaudit.verdicts import LEVELS, Level, Limit, Policy, alike, inheriting

EDGES = ("max", "min", "within")
SLACK = 1e-9
"""Values nearer than this are the same step: mirrored steps are sums of rounded numbers."""
INHERITED = ("level", "q", "longest_waiver_days")
"""Keys that the extended policy sets once for all that extend it."""


def merged(content: dict[str, Any], base: Policy, where: str) -> dict[str, Any]:
    """Return the content of a policy file with what it takes over from the policy that it extends.

    The file's own limits come first, in its order. One on what the base limits as well is laid over the base's limit.
    Where it sets no edge the number stays the base's, and so do its reason and source: the file's stand behind them.
    Where it sets one, the base's severities stay if they lie beyond it and the file sets none. Waivers, owner and
    approval are not taken over.
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
    """Raise PolicyError for a limit that is looser than the base's on the same, without a reason of its own for it.

    A required check has no such reason to give: it can be asked for more strictly, never less.
    """
    strict = {requirement.checker for requirement in base.require if not requirement.where_applicable}
    for requirement in policy.require:
        if requirement.where_applicable and requirement.checker in strict:
            raise PolicyError(
                f"{where} requires {requirement.checker} only where it applies, and {base.id}, the policy that it "
                "extends, requires it always. Remove where_applicable."
            )
    for limit in inheriting(policy.limit):
        for other in base.limit:
            if limit.override_reason not in (None, other.override_reason):
                continue
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
    for level in LEVELS:
        low, high = _reached(limit, level)
        base_low, base_high = _reached(base, level)
        if low < base_low - SLACK or high > base_high + SLACK:
            return f"counts as {level} later or never, and that on {base.name} ({_steps(base)}) does so sooner"
    return None


def _reached(limit: Limit, level: Level) -> tuple[float, float]:
    """Return the values from which an exceeded limit is at least so grave, infinite where it never is."""
    low, high = _open(limit)
    graver = LEVELS[LEVELS.index(level) :]
    steps = [abs(limit.severity[name] - limit.edges[-1]) for name in graver if name in limit.severity]
    distance = min(steps, default=math.inf)
    return low - distance, high + distance


def _steps(limit: Limit) -> str:
    return ", ".join(f"{level} from {limit.severity[level]:g}" for level in LEVELS if level in limit.severity)


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


def _severity_kept(base: dict[str, Any], own: dict[str, Any]) -> dict[str, Any]:
    """Return the base's severities where they lie beyond the file's own edge as well."""
    severity = base.get("severity", {})
    upper = "min" not in base or "max" in base
    edge = own.get("max", own.get("within")) if upper else None if "max" in own else own.get("min")
    if not severity or isinstance(edge, bool) or not isinstance(edge, int | float):
        return {}
    beyond = all(value >= edge if upper else value <= edge for value in severity.values())
    return {"severity": severity} if beyond else {}


def _laid_over(base: dict[str, Any] | None, own: dict[str, Any]) -> dict[str, Any]:
    if base is None:
        return own
    if any(edge in own for edge in EDGES):
        old = (*EDGES, "severity", "rationale", "source", "override_reason")
        kept = {key: value for key, value in base.items() if key not in old}
        return kept | _severity_kept(base, own) | own
    added = {
        key: f"{base[key]} {own[key]}" for key in ("rationale", "source") if isinstance(own.get(key), str) and own[key]
    }
    return base | own | added
