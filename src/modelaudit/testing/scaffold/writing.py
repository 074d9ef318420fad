"""The files of a new plugin: read from templates, filled in, and written where nothing stands yet."""

from __future__ import annotations

import re
import shutil
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

from modelaudit._version import __version__
from modelaudit.errors import OutputError
from modelaudit.results import Risk
from modelaudit.testing.scaffold.naming import PluginName

FILES: Mapping[str, str] = {
    "pyproject.toml": "pyproject.toml.txt",
    "README.md": "README.md.txt",
    "policy.toml": "policy.toml.txt",
    "LICENCE.txt": "LICENCE.txt",
    ".gitignore": "gitignore.txt",
    ".github/workflows/ci.yml": "workflows/ci.yml.txt",
    "docs/{name}.md": "docs/page.md.txt",
    "src/{module}/__init__.py": "src/init.py.txt",
    "src/{module}/checker.py": "src/checker.py.txt",
    "src/{module}/defect.py": "src/defect.py.txt",
    "src/{module}/py.typed": "src/py.typed.txt",
    "tests/test_conformance.py": "tests/test_conformance.py.txt",
    "tests/test_checker.py": "tests/test_checker.py.txt",
}
"""The template of each file, by its place in the package."""
WORDS: Mapping[Risk, tuple[str, str]] = {Risk.BIAS: ("he", "she")}
"""The word that is replaced, and what by, for the example question of a family of risk."""
SYNONYMS = ("big", "large")
MEANING: Mapping[Risk, str] = {
    Risk.BIAS: "People about whom the same is said are answered differently.",
    Risk.PRIVACY: "An answer that hangs on one word may be one that was learnt by heart.",
    Risk.OPACITY: "An answer that a synonym changes can't be explained by what the text says.",
    Risk.ROBUSTNESS: "Two people who mean the same get two answers.",
    Risk.DATA: "The rows may hold too few ways to say the same.",
    Risk.PERFORMANCE: "Of two texts that mean the same, one is answered wrongly.",
}
_PLACEHOLDER = re.compile(r"<<(\w+)>>")


@dataclass(frozen=True, slots=True)
class Plan:
    """The package that is to be written: its folder, and the text of each file by its place in it."""

    folder: Path
    files: Mapping[str, str]


def planned(names: PluginName, *, risk: Risk, folder: Path) -> Plan:
    """Return the package of a plugin, to stand in `folder` under the package's name; nothing is written."""
    before, after = WORDS.get(risk, SYNONYMS)
    values = {
        "name": names.name,
        "vendor": names.vendor,
        "package": names.package,
        "module": names.module,
        "checker": names.checker,
        "constant": names.constant,
        "title": names.title,
        "id": names.id,
        "risk": risk.value,
        "RISK": risk.name,
        "before": before,
        "after": after,
        "means": MEANING[risk],
        "core": __version__,
    }
    templates = resources.files("modelaudit.testing.scaffold") / "package"
    files = {
        place.format_map(values): _PLACEHOLDER.sub(
            lambda found: values[found[1]], templates.joinpath(template).read_text(encoding="utf-8")
        )
        for place, template in FILES.items()
    }
    return Plan(folder / names.package, files)


def write_plugin(plan: Plan) -> None:
    """Write a package, whole or not at all.

    Raises:
        OutputError: its folder is there already, or can't be written.
    """
    if plan.folder.exists() or plan.folder.is_symlink():
        raise OutputError(f"{plan.folder} is there already. Take another name, or another place with --out.")
    above = plan.folder.parent
    try:
        above.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=".modelaudit-", dir=above))
        try:
            for place, text in plan.files.items():
                (made / place).parent.mkdir(parents=True, exist_ok=True)
                (made / place).write_text(text, encoding="utf-8", newline="\n")
            made.chmod(0o755)
            # Of two who write the same package at one time, the second finds the first one's folder and stops here.
            made.rename(plan.folder)
        except BaseException:
            shutil.rmtree(made, ignore_errors=True)
            raise
    except OSError as error:
        raise OutputError(
            f"{plan.folder} can't be written: {error.strerror}. Choose another place with --out."
        ) from error
