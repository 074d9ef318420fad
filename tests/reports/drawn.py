"""Pieces of evidence and forest plots as the page shows them, without the rest of the page."""

from __future__ import annotations

import unicodedata
from functools import cache

from jinja2 import Template

from modelaudit.evidence import Evidence
from modelaudit.reports.checks import CheckView
from modelaudit.reports.figures import figure
from modelaudit.reports.forest import forests as plots_of
from modelaudit.reports.html import environment


def shown(item: Evidence) -> str:
    """Return the markup of one piece of evidence in the language spoken now."""
    return _template('{% from "evidence.html.j2" import evidence %}{{ evidence(item, "a") }}').render(item=figure(item))


def forests(check: CheckView) -> str:
    """Return the markup of plots of all findings of a check."""
    plots = (*plots_of(check.judged), *plots_of(check.context))
    return _template(
        '{% from "forest.html.j2" import forest %}{% for plot in plots %}{{ forest(plot, layout, "95%") }}{% endfor %}'
    ).render(plots=plots, layout=check.layout)


def check_characters(source: str) -> None:
    """Check that no character of the markup hides or reorders others."""
    for character in set(source):
        assert character == "\n" or unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")


@cache
def _template(source: str) -> Template:
    return environment().from_string(source)
