"""The HTML report: one file without script that asks nothing of the network.

Every value that a template prints passes `shown` and is then escaped by autoescape; the style sheet is the only text
that is marked as markup, and it comes from the package.
"""

from __future__ import annotations

import base64
import hashlib
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from modelaudit.audit_report import AuditReport
from modelaudit.reports import provenance
from modelaudit.reports.badges import FAILED
from modelaudit.reports.figures import figure
from modelaudit.reports.front import COLUMNS, STANDING, front
from modelaudit.reports.numbers import duration, percent
from modelaudit.reports.text import plural, visible

TEMPLATE = "report.html.j2"
STYLE = "report.css"


def render_html(report: AuditReport) -> str:
    """Return the report as one HTML page; equal reports give equal bytes."""
    style = _style()
    return (
        environment()
        .get_template(TEMPLATE)
        .render(
            report=report,
            front=front(report),
            columns=COLUMNS,
            standing=STANDING,
            failed_badge=FAILED,
            provenance=provenance,
            digest=report.digest,
            level=percent(report.judgement.level),
            style=Markup(style),
            policy_header=content_policy(style),
        )
    )


def environment() -> Environment:
    """Return the template environment: always escaping, and strict about what is undefined."""
    made = Environment(
        loader=PackageLoader("modelaudit.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=shown,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters |= {"figure": figure, "plural": plural, "percent": percent, "duration": duration}
    return made


def shown(value: Any) -> Any:
    """Make what a template prints visible and harmless; escaping follows. None has no place in a report."""
    if value is None:
        raise ValueError("a template printed a value that is missing; say in words that it is")
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def content_policy(style: str) -> str:
    """Return the content security policy that allows this style sheet and nothing else."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; base-uri 'none'; form-action 'none'"


def _style() -> str:
    return resources.files("modelaudit.reports").joinpath("templates", STYLE).read_text(encoding="utf-8")
