"""A report in a notebook: the whole page in a frame of its own, so that neither styles the other and nothing runs."""

from __future__ import annotations

from markupsafe import escape

HEIGHT = 720


def framed(page: str, *, title: str) -> str:
    """Return a frame that holds a page; without rights, it runs no script and reaches nothing outside."""
    return (
        f'<iframe sandbox title="{escape(title)}" width="100%" height="{HEIGHT}" frameborder="0" '
        f'srcdoc="{escape(page)}"></iframe>'
    )
