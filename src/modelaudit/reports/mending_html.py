"""The page of a mend: before and after, for a reader who trained nothing; one file that asks nothing of the network."""

from __future__ import annotations

import re
from functools import cache
from importlib import resources

from markupsafe import Markup

from modelaudit._version import __version__
from modelaudit.reports.front import standing
from modelaudit.reports.html import content_policy, environment, lean, style
from modelaudit.reports.mending import NUMERIC, arm_views, caveats, facts, in_short, overview
from modelaudit.training.mended import Mended

TEMPLATE = "mending.html.j2"
SHEET = "mending.css"


def render_mending_html(mended: Mended) -> str:
    """Return the page in the language that is spoken now; equal records give equal bytes."""
    sheet, arms = style() + _own_style(), arm_views(mended)
    headings, rows = overview(arms)
    page = (
        environment()
        .get_template(TEMPLATE)
        .render(
            mended=mended,
            arms=arms,
            short=in_short(arms),
            headings=headings,
            rows=rows,
            numeric=NUMERIC,
            facts=facts(mended),
            caveats=caveats(mended),
            standing=standing(),
            version=__version__,
            style=Markup(sheet),
            policy_header=content_policy(sheet),
        )
    )
    return re.sub(r"\n{2,}", "\n", page)


@cache
def _own_style() -> str:
    """What this page has beyond the report's style sheet."""
    return lean(resources.files("modelaudit.reports").joinpath("templates", SHEET).read_text(encoding="utf-8"))
