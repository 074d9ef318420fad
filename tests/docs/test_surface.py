"""The public surface: pages that say what it is, and docstrings that say what a caller has to know."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from importlib import import_module

import pytest
from pages import PAGES, ROOT, blocks, table, without_blocks
from reference_pages import API, HOOK_NAMES, HOOKS, api, hooks, signature
from surface import MODULES, first_line, names_of, own_doc, public

from modelaudit.checker import ModelHandle

POLICY = ROOT / "docs" / "reference" / "api-policy.md"
RENEW = "run `python tests/docs/reference_pages.py`, and read what changed"
ARRAY = re.compile(r"ArrayLike|NDArray|Floats|Vector|Matrix|ndarray")
SHAPE = re.compile(r"[(\[]\w[\w +*-]*(, ?[\w +*-]+)*,?[)\]]|shape")
ERROR = re.compile(r"(Error|NotAssessable)$")


def described():
    """The classes and functions of the surface, and the methods of these classes: name, value, docstrings."""
    for module, name, value in public():
        if not (inspect.isclass(value) or inspect.isfunction(value)):
            continue
        yield f"{module}.{name}", value, own_doc(value) or ""
        for part, method in vars(value).items() if inspect.isclass(value) else ():
            method = getattr(method, "fget", None) or getattr(method, "__func__", None) or method
            if part.startswith("_") or not inspect.isfunction(method):
                continue
            # What implements a verb of the contract may leave what the contract says to it.
            promised = getattr(ModelHandle, part, None) if name == "FakeModel" else None
            said = [own_doc(method), promised and own_doc(promised), part != "__init__" and own_doc(value)]
            yield f"{module}.{name}.{part}", method, "\n".join(filter(None, said)) if own_doc(method) else ""


DESCRIBED = {name: (value, said) for name, value, said in described()}


def test_the_page_of_public_names_is_what_the_modules_offer():
    assert API.read_text(encoding="utf-8") == api(), RENEW


def test_the_page_on_what_may_change_names_each_public_module():
    assert set(table(without_blocks(POLICY), "module")) == set(MODULES)


@pytest.mark.parametrize("module", MODULES)
def test_a_public_module_says_what_it_offers_and_has_it(module):
    loaded = import_module(module)
    assert names_of(loaded)
    assert [name for name in names_of(loaded) if not hasattr(loaded, name)] == []


@pytest.mark.parametrize("hook", HOOK_NAMES)
def test_each_hook_stands_on_the_page_with_its_exact_signature(hook):
    assert f"## {hook}\n\n```text\n{signature(hook)}\n```\n" in HOOKS.read_text(encoding="utf-8"), RENEW


def test_the_page_of_hooks_says_of_each_what_its_docstring_says():
    assert HOOKS.read_text(encoding="utf-8") == hooks(), RENEW


def test_each_public_name_is_described():
    assert [name for name, (_, said) in DESCRIBED.items() if not said] == []
    assert all(first_line(module, name, value) for module, name, value in public())


def test_whoever_takes_or_returns_an_array_is_told_its_shape():
    untold = [
        name
        for name, (value, said) in DESCRIBED.items()
        if inspect.isfunction(value) and ARRAY.search(" ".join(map(str, value.__annotations__.values())))
        if not SHAPE.search(said)
    ]
    assert untold == []


def raised(function):
    """The names of errors that a function raises itself."""
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    found = {node.exc for node in ast.walk(tree) if isinstance(node, ast.Raise) and node.exc is not None}
    called = (each.func if isinstance(each, ast.Call) else each for each in found)
    return {name for each in called if ERROR.search(name := getattr(each, "id", ""))}


def test_whoever_may_meet_an_error_is_told_its_name():
    untold = {
        name: sorted(missing)
        for name, (value, said) in DESCRIBED.items()
        if inspect.isfunction(value) and (missing := {each for each in raised(value) if each not in said})
    }
    assert untold == {}


def test_few_examples_are_not_run_and_each_says_why():
    unrun = {block.name: block.unrun for page in PAGES for block in blocks(page, "python") if block.unrun is not None}
    assert [name for name, why in unrun.items() if len(why.split()) < 4] == []
    assert len(unrun) <= 5
