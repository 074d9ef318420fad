"""Renderings of an audit report: HTML for a reader, JSON as the record, others for model cards, pipelines and paper."""

from __future__ import annotations

from modelaudit.hookspecs import Renderer, hookimpl
from modelaudit.reports.html import render_html
from modelaudit.reports.json import json_schema, load_report, parse_report, render_json
from modelaudit.reports.junit import render_junit
from modelaudit.reports.model_card import render_model_card
from modelaudit.reports.pdf import check_pdf, render_pdf
from modelaudit.reports.sarif import render_sarif
from modelaudit.reports.section import render_markdown

__all__ = [
    "json_schema",
    "load_report",
    "modelaudit_renderers",
    "parse_report",
    "render_html",
    "render_json",
    "render_junit",
    "render_markdown",
    "render_model_card",
    "render_pdf",
    "render_sarif",
]


@hookimpl
def modelaudit_renderers() -> tuple[Renderer, ...]:
    """Bring the bundled renderers."""
    return (
        Renderer(".html", "HTML report for a reader", render_html),
        Renderer(".json", "JSON record", render_json),
        Renderer(".md", "Markdown summary, put into the model card that is there", render_markdown),
        Renderer(".card.md", "whole model card with model-index", render_model_card),
        Renderer(".junit.xml", "JUnit XML for a pipeline's list of tests", render_junit),
        Renderer(".sarif", "SARIF for a list of alerts", render_sarif),
        Renderer(".pdf", "PDF report, made by WeasyPrint", render_pdf, ready=check_pdf),
    )
