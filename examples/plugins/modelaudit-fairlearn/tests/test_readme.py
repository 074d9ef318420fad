"""The run that the README shows."""

import contextlib
import io
import re
from pathlib import Path


def test_the_run_prints_what_the_readme_shows():
    readme = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
    code, shown = re.search(r"```python\n(.*?)```\n+```text\n(.*?)```", readme, re.DOTALL).groups()
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        exec(compile(code, "README.md", "exec"), {})
    assert printed.getvalue() == shown
