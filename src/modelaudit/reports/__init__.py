"""Renderings of an audit report: HTML for a reader, JSON as the record, Markdown for a model card."""

from __future__ import annotations

from modelaudit.hookspecs import Renderer, hookimpl
from modelaudit.reports.html import render_html
from modelaudit.reports.json import json_schema, load_report, parse_report, render_json
from modelaudit.reports.markdown import render_markdown

__all__ = [
    "json_schema",
    "load_report",
    "modelaudit_renderers",
    "parse_report",
    "render_html",
    "render_json",
    "render_markdown",
]


@hookimpl
def modelaudit_renderers() -> tuple[Renderer, ...]:
    """Bring the bundled renderers."""
    return (
        Renderer(".html", "HTML report for a reader", render_html),
        Renderer(".json", "JSON record", render_json),
        Renderer(".md", "Markdown summary for a model card", render_markdown),
    )
