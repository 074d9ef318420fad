"""The public surface, as the pages of the reference and their tests need it: modules, their names, what each is."""

from __future__ import annotations

import ast
import functools
import inspect
import itertools
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any

from modelaudit.testing import Defect

MODULES = (
    "modelaudit",
    "modelaudit.checker",
    "modelaudit.results",
    "modelaudit.evidence",
    "modelaudit.rows",
    "modelaudit.errors",
    "modelaudit.drawing",
    "modelaudit.statistics",
    "modelaudit.text",
    "modelaudit.media",
    "modelaudit.hookspecs",
    "modelaudit.testing",
    "modelaudit.integrations",
)


def names_of(module: ModuleType) -> list[str]:
    """Return the public names of a module: its `__all__`, or what it defines itself where it has none."""
    if hasattr(module, "__all__"):
        return sorted(module.__all__, key=str.lower)
    own = (name for name, value in vars(module).items() if getattr(value, "__module__", "") == module.__name__)
    return sorted((name for name in own if not name.startswith("_")), key=str.lower)


def public() -> list[tuple[str, str, Any]]:
    """Return all public names: module, name, value."""
    modules = [(name, import_module(name)) for name in MODULES]
    found = [(name, each, getattr(module, each)) for name, module in modules for each in names_of(module)]
    # A package may have a module of the name of one of its functions, and Python then gives whichever came last.
    return [(name, each, getattr(value, each) if inspect.ismodule(value) else value) for name, each, value in found]


def own_doc(value: Any) -> str | None:
    """Return the docstring that a class or function has of itself; a dataclass without one gets its signature."""
    doc: str | None = vars(value).get("__doc__") if inspect.isclass(value) else value.__doc__
    made = inspect.isclass(value) and doc is not None and doc.startswith(f"{value.__name__}(")
    return None if doc is None or made else inspect.cleandoc(doc)


def first_line(module: str, name: str, value: Any) -> str:
    """Return the first sentence of what is said of a name."""
    if inspect.isclass(value) or inspect.isroutine(value):
        said = own_doc(value)
    elif isinstance(value, Defect):
        said = f"A planted defect: {value.name}"
    else:
        homes = (module, _imported(module).get(name, module))
        said = next(filter(None, (_said_of_constants(home).get(name) for home in homes)), CONSTANTS.get(name))
    if not said:
        raise ValueError(f"{module}.{name} has no docstring")
    paragraph = " ".join(said.strip().split("\n\n")[0].split())
    head, stop, _ = paragraph.partition(". ")
    return head.rstrip(".:;") if stop else paragraph.rstrip(".:")


CONSTANTS = {
    "__version__": "The version of the package",
    "hookimpl": "The mark that a plugin puts on its hooks",
    "Hiding": "The ways in which words, or parts of a picture or sound, can be hidden",
    "ReferenceKind": "The kinds of reference models",
    "Evidence": "The closed union of all that may be shown beside a number",
    "ETHNICITIES": "The ethnic groups that lists of English first names are for",
    "FRAME_DOMAINS": "The domains that sentences of ours are about",
    "GENDERS": "The genders that lists of first names are for",
    "LANGUAGES": "What is known of each language, by its code",
    "Span": "Where something stands in a text: (first character, character behind the last)",
    "TEXT_AND_TOKENS": "The tasks whose rows are edited as texts or as words",
    "WordMap": "For each new word the places of the old words that it comes from",
}
"""What is said of names that have no docstring of their own."""


@functools.cache
def _imported(module: str) -> dict[str, str]:
    """Return the modules that a module has its names from."""
    tree = ast.parse(Path(inspect.getfile(import_module(module))).read_text(encoding="utf-8"))
    froms = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)]
    ours = [(node.module, node.names) for node in froms if node.module and node.module.startswith("modelaudit.")]
    return {alias.asname or alias.name: home for home, names in ours for alias in names}


@functools.cache
def _said_of_constants(module: str) -> dict[str, str]:
    """Return the strings that stand below assignments in a module, or in any module of a package."""
    file = Path(inspect.getfile(import_module(module)))
    files = sorted(file.parent.rglob("*.py")) if file.name == "__init__.py" and module != "modelaudit" else [file]
    found: dict[str, str] = {}
    for each in files:
        body = ast.parse(each.read_text(encoding="utf-8")).body
        for node, below in itertools.pairwise(body):
            target = node.target if isinstance(node, ast.AnnAssign) else None
            if isinstance(node, ast.Assign) and len(node.targets) == 1:
                target = node.targets[0]
            is_text = isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant)
            if isinstance(target, ast.Name) and is_text and isinstance(below.value.value, str):
                found.setdefault(target.id, below.value.value)
    return found
