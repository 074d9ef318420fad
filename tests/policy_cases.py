"""Small policies and findings for the tests of verdicts."""

from __future__ import annotations

import datetime as dt

from modelaudit.policy_file import parse_policy
from modelaudit.results import CheckerInfo, CheckResult, Finding, Metric, Risk
from modelaudit.statistics import normal

DAY = dt.date(2026, 11, 24)
HEAD = 'schema = "modelaudit.policy/1"\nid = "t"\nversion = "1"\n'
LIMIT = """
[[limit]]
checker = "test/a"
metric = "rate"
{rule}
rationale = "A limit for the tests."
source = "these tests"
"""


def limit(rule: str, *, checker: str = "test/a", metric: str = "rate") -> str:
    return LIMIT.format(rule=rule).replace("test/a", checker).replace('"rate"', f'"{metric}"')


def policy(*parts: str, head: str = ""):
    return parse_policy((HEAD + head + "\n" + "\n".join(parts)).encode(), where="the test policy")


def waiver(**fields) -> str:
    """Return a waiver as a file says it; a field that is None is left out."""
    rows = {
        "id": "W-1",
        "checker": "test/a",
        "metric": "rate",
        "owner": "Ada",
        "approver": "Bo",
        "reason": "People review each case.",
        "created": dt.date(2026, 10, 1),
        "expires": dt.date(2027, 1, 1),
        "ceiling": 0.6,
        **fields,
    }
    lines = [
        f"{key} = {value}" if isinstance(value, dt.date | float | int) else f'{key} = "{value}"'
        for key, value in rows.items()
        if value is not None
    ]
    return "\n".join(["[[waiver]]", *lines])


def finding(value: float, se: float, *, group: str | None = None, metric: str = "rate", primary: bool = True):
    measured = Metric.of(
        normal(value, se, n=100, method="normal"),
        id=metric, title="Rate", unit="share", better="lower", primary=primary, group=group,
    )  # fmt: skip
    return Finding(metric=measured, statement="A statement.")


def completed(*findings: Finding, checker: str = "test/a") -> CheckResult:
    return CheckResult(checker=info(checker), status="completed", findings=findings)


def info(name: str = "test/a") -> CheckerInfo:
    return CheckerInfo(id=name, version="1", risk=Risk.ROBUSTNESS, title="A", question="Q?", summary="S.")
