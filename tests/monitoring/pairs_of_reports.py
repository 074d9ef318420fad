"""Reports that differ in one thing, for tests of what is made of it."""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1] / "reports"))

from sample_report import TODAY, metric, sample_report

from modelaudit.policy import judge
from modelaudit.results import CheckerInfo, CheckResult, Finding, Risk

HARM = "<script>alert(1)</script> | [x](javascript:1) \u202e `'\"&"


def checked(*metrics, name="acme/made", status="completed", reason=None, version="1", needs=("predict",), options=None):
    info = CheckerInfo(
        id=name, version=version, risk=Risk.ROBUSTNESS, title="Made", question="Q?", summary="S.", needs=needs
    )
    findings = tuple(Finding(metric=each, statement="It is so.") for each in metrics)
    return CheckResult(
        checker=info, status=status, reason=reason, findings=findings, options=options or {}, plugin="acme"
    )


def number(value, se=0.01, *, better="lower", group=None, id="flip_rate", **kwargs):
    return metric(id, "Changed answers", value, se, better=better, group=group, **kwargs)


def report(*results, text="", **updates):
    """Return a report of these results; `updates` are dotted paths, `subject__task="other"`."""
    made = sample_report(text, results=results)
    for path, value in updates.items():
        made = _updated(made, path.split("__"), value)
    return made.model_copy(update={"judgement": judge(made.results, made.policy, today=TODAY)})


def _updated(model, path, value):
    inner = value if len(path) == 1 else _updated(getattr(model, path[0]), path[1:], value)
    return model.model_copy(update={path[0]: inner})
