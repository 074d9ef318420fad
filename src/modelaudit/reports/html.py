"""The HTML report: one file without script that asks nothing of the network.

Every value that a template prints passes `shown` and is then escaped by autoescape. Two kinds of text are marked as
markup: the style sheet, which comes from the package, and pictures and sounds in base64, which hold no other character.
"""

from __future__ import annotations

import base64
import hashlib
import re
from functools import cache
from importlib import resources
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from modelaudit._version import __version__
from modelaudit.audit_report import AuditReport
from modelaudit.evidence import SoundEvidence
from modelaudit.reports import clauses, policy_facts, provenance
from modelaudit.reports.figures import figure
from modelaudit.reports.front import COLUMNS, front, standing
from modelaudit.reports.numbers import duration, percent
from modelaudit.reports.seal import sealed
from modelaudit.reports.text import shortened, visible
from modelaudit.reports.words import say, tag, told

TEMPLATE = "report.html.j2"
_DATA = re.compile(r"data:(?:image/png|audio/wav);base64,[A-Za-z0-9+/]+={0,2}")
NAMED = 24
"""So many findings, gaps and limits are named right after the first page; their sections hold them all."""


def render_html(report: AuditReport) -> str:
    """Return the report as one HTML page; equal reports give equal bytes."""
    sheet, first = style(), front(report)
    page = (
        environment()
        .get_template(TEMPLATE)
        .render(
            report=report,
            front=first,
            columns=COLUMNS,
            standing=standing(),
            named=NAMED,
            provenance=provenance,
            policies=policy_facts,
            clauses=clauses,
            digest=first.digest,
            version=__version__,
            level=percent(report.judgement.level),
            style=Markup(sheet),
            policy_header=content_policy(sheet, sounds=_has_sounds(report)),
        )
    )
    return sealed(re.sub(r"\n{2,}", "\n", page))


@cache
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
        # Folded at compile time, a constant that passes `told` would keep the language that was spoken then.
        optimized=False,
    )
    made.globals |= {"say": say, "tag": tag}
    made.filters |= {"short": short, "told": told, "figure": figure, "percent": percent, "duration": duration}
    made.filters["data_uri"] = data_uri
    return made


def short(text: str, most: int = 60) -> str:
    """Return a name as far as the first page has room for it; its own section has the whole."""
    return shortened(text, most)


def shown(value: Any) -> Any:
    """Make what a template prints visible and harmless; escaping follows. None has no place in a report."""
    if value is None:
        raise ValueError("a template printed a value that is missing; say in words that it is")
    return visible(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def data_uri(source: str) -> Markup:
    """Return a picture or a sound as it is, whatever its length; ValueError for anything else."""
    if not _DATA.fullmatch(source):
        raise ValueError("only PNG and WAV files in base64 stand in a page")
    return Markup(source)


def content_policy(style: str, *, sounds: bool = False) -> str:
    """Return the content security policy that allows this style sheet, what stands in the page, and nothing else."""
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    media = " media-src data:;" if sounds else ""
    return f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:;{media} base-uri 'none'; form-action 'none'"


def _has_sounds(report: AuditReport) -> bool:
    shown = (item for result in report.results for finding in result.findings for item in finding.evidence)
    return any(isinstance(item, SoundEvidence) and item.wav for item in shown)


@cache
def style() -> str:
    """The style sheet: the parts in the order of their names, since later rules win."""
    folder = resources.files("modelaudit.reports").joinpath("templates", "style")
    parts = sorted((part for part in folder.iterdir() if part.name.endswith(".css")), key=lambda part: part.name)
    return "".join(lean(part.read_text(encoding="utf-8")) for part in parts)


def lean(sheet: str) -> str:
    """Return a style sheet without comments and without white space around its rules; strings stay as they are."""
    found = re.sub(r'("[^"\n]*")|/\*.*?\*/', lambda match: match[1] or "", sheet, flags=re.DOTALL)
    found = re.sub(r'("[^"\n]*")|\s*([{};,])\s*|: (?=\S)|\s*\n\s*', _tight, found)
    return found.replace(";}", "}").strip()


def _tight(match: re.Match[str]) -> str:
    quoted, mark = match[1], match[2]
    return quoted or mark or (":" if match[0] == ": " else " ")
