"""The pages of the reference that follow from the code; `python tests/docs/reference_pages.py` writes them anew."""

from __future__ import annotations

import inspect
import re
from pathlib import Path

from surface import MODULES, first_line, public

from modelaudit import hookspecs

FOLDER = Path(__file__).parents[2] / "docs" / "reference"
API = FOLDER / "api.md"
HOOKS = FOLDER / "hooks.md"
HOOK_NAMES = sorted(name for name in hookspecs.__all__ if name.startswith("modelaudit_"))
HEAD = """# API

Every public name, with one line each. `help(name)` in Python has the whole: arguments, shapes, units, errors, sources.
What public means, and what may change, is on [its own page](api-policy.md).
"""


def api() -> str:
    """Return the page of public names."""
    parts = [HEAD]
    for module in MODULES:
        rows = [f"| `{name}` | {_cell(first_line(of, name, value))} |" for of, name, value in public() if of == module]
        parts.append("\n".join([f"## {module}", "", "| name | what it is |", "|---|---|", *rows, ""]))
    return "\n".join(parts)


def signature(hook: str) -> str:
    """Return a hook as a plugin would write its first line."""
    return f"def {hook}{inspect.signature(getattr(hookspecs, hook))}".replace("'", "")


def hooks() -> str:
    """Return the page of hooks: in front what is written by hand, then each hook."""
    kept = HOOKS.read_text(encoding="utf-8").partition("\n## modelaudit_")[0].rstrip()
    parts = [kept, ""]
    for hook in HOOK_NAMES:
        said = inspect.cleandoc(getattr(hookspecs, hook).__doc__ or "")
        parts.append(f"## {hook}\n\n```text\n{signature(hook)}\n```\n\n{said}\n")
    return "\n".join(parts)


def _cell(text: str) -> str:
    """Return text for a cell of a table; brackets that Markdown would read as a link lose that meaning."""
    return re.sub(r"\](?=\()", "]\u200b", text.replace("|", "\\|"))


if __name__ == "__main__":
    API.write_text(api(), encoding="utf-8")
    HOOKS.write_text(hooks(), encoding="utf-8")
