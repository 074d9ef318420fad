"""The words of a report: both languages say the same, and no word stands in it that no test can support."""

from __future__ import annotations

import ast
import re
import string
from collections.abc import Iterator
from functools import cache
from importlib import resources
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from jinja2 import Environment, nodes

from modelaudit.errors import InputError
from modelaudit.reports.words import LANGUAGES, catalogue, say, speaking, tag, told

PACKAGE = Path(str(resources.files("modelaudit")))
TEMPLATES = sorted((PACKAGE / "reports" / "templates").glob("*.j2"))
OTHERS = [language for language in LANGUAGES if language != "en"]

BANNED = (
    r"compliant",
    r"certified",
    r"no bias(?! audit)",
    r"bias-free",
    r"unbiased",
    r"anonymous",
    r"good job",
    r"no issues",
    r"passed",
    r"safe",
    r"trustworthy",
)
"""Words that no test can support, as whole words."""
BANNED_ZH = ("合规", "认证", "无偏见", "没有偏见", "匿名", "可信赖", "是安全", "安全的", "通过了")


class Call(NamedTuple):
    """One use of a message: its id or a pattern of ids, the values given, and whether there may be others."""

    key: re.Pattern[str]
    literal: str | None
    values: frozenset[str]
    open: bool
    place: str


def test_every_language_has_every_message_with_the_same_placeholders() -> None:
    for language in OTHERS:
        there, here = catalogue("en"), catalogue(language)
        assert there.keys() == here.keys()
        for key in there:
            assert placeholders(there[key]) == placeholders(here[key]), key


def test_messages_in_chinese_are_chinese() -> None:
    unsaid = {"process.none", "front.changes.none", "provenance.sha256", "provenance.inputs.sha256"}
    for key, message in catalogue("zh").items():
        for form in forms(message):
            words = re.sub(r"\{\w+\}", "", form)
            if key not in unsaid and re.search(r"[A-Za-z]{4,}", words):
                assert re.search("[\u4e00-\u9fff]", words), f"{key} reads {form!r}"
            assert not re.search("[\u4e00-\u9fff][,;:?!]", words), f"{key} has a half-width mark: {form!r}"


def test_every_message_that_is_said_is_in_the_catalogue_with_all_its_values() -> None:
    known = catalogue("en")
    for call in calls():
        if call.literal is None:
            continue
        assert call.literal in known, f"{call.place} says {call.literal}, which no catalogue holds"
        if not call.open:
            lacking = placeholders(known[call.literal]) - call.values
            assert not lacking, f"{call.place} says {call.literal} without {lacking}"
            assert not isinstance(known[call.literal], dict) or "count" in call.values, f"{call.place} gives no count"


def test_every_message_is_said_somewhere() -> None:
    patterns = {call.key for call in calls() if call.literal is None}
    named = {*named_ids(), *(call.literal for call in calls())}
    unused = [key for key in catalogue("en") if key not in named and not any(each.fullmatch(key) for each in patterns)]
    assert not unused, ", ".join(unused)


def test_messages_with_a_number_have_a_form_for_every_number() -> None:
    for language in LANGUAGES:
        for key, message in catalogue(language).items():
            if isinstance(message, dict):
                assert "other" in message, key
                assert set(message) <= {"one", "other"}, key


def test_no_word_that_no_test_can_support() -> None:
    for place, text in printed():
        for word in BANNED:
            assert not re.search(rf"\b{word}\b", text, re.IGNORECASE), f"{place} says {word!r}"
        for word in BANNED_ZH:
            assert word not in text, f"{place} says {word!r}"


def test_a_language_that_is_not_there_is_refused_with_those_that_are() -> None:
    with pytest.raises(InputError, match=r"'fr'.*en, zh"), speaking("fr"):
        pass


def test_a_language_is_spoken_inside_only_even_where_it_fails() -> None:
    class Stop(Exception):
        pass

    def stop() -> None:
        with speaking("zh"):
            assert (tag(), say("front.kicker")) == ("zh-Hans", "模型风险审计")
            raise Stop

    with pytest.raises(Stop):
        stop()
    assert (tag(), say("front.kicker")) == ("en", "Model risk audit")


def test_whole_numbers_have_separators_and_braces_of_strangers_stay_as_they_are() -> None:
    assert say("front.table.rows", count=1_234_567) == "n = 1,234,567 rows"
    assert say("front.table.rows", count=1) == "n = 1 row"
    assert say("front.model.base", name="{count} {0}") == "fine-tuned from {count} {0}"


def test_a_text_without_translation_is_told_as_it_is_with_its_language() -> None:
    with speaking("zh"):
        assert (told("A plugin's own words.").text, told("A plugin's own words.").lang) == (
            "A plugin's own words.",
            "en",
        )


def forms(message: Any) -> list[str]:
    return list(message.values()) if isinstance(message, dict) else [message]


def placeholders(message: Any) -> frozenset[str]:
    """Return the names that the message wants; the forms of one message may each leave the count out."""
    found = {name for form in forms(message) for _, name, _, _ in string.Formatter().parse(form) if name}
    return frozenset(found - {"count"} if isinstance(message, dict) else found)


def printed() -> Iterator[tuple[str, str]]:
    """Yield every text of ours that a report may print, with its place."""
    for language in LANGUAGES:
        for key, message in catalogue(language).items():
            yield from ((f"{language} {key}", form) for form in forms(message))
    for path in TEMPLATES:
        yield path.name, path.read_text(encoding="utf-8")
    for folder in ("policies", "frameworks"):
        for path in sorted((PACKAGE / folder).rglob("*.toml")):
            yield path.name, path.read_text(encoding="utf-8")


@cache
def modules() -> tuple[tuple[str, tuple[ast.AST, ...]], ...]:
    """Return the modules of the package that say anything, each as its nodes."""
    sources = {
        str(path.relative_to(PACKAGE)): path.read_text(encoding="utf-8") for path in sorted(PACKAGE.rglob("*.py"))
    }
    return tuple(
        (name, tuple(ast.walk(ast.parse(source))))
        for name, source in sources.items()
        if "reports.words import" in source
    )


@cache
def trees() -> tuple[tuple[str, nodes.Template], ...]:
    """Return the templates as they are parsed."""
    environment = Environment(autoescape=True)
    return tuple((path.name, environment.parse(path.read_text(encoding="utf-8"))) for path in TEMPLATES)


@cache
def calls() -> tuple[Call, ...]:
    """Return every call of `say` in the package and its templates."""
    found = [
        python_call(node, f"{name}:{node.lineno}")
        for name, module in modules()
        for node in module
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "say"
    ]
    found += [
        template_call(call, f"{name}:{call.lineno}")
        for name, tree in trees()
        for call in tree.find_all(nodes.Call)
        if isinstance(call.node, nodes.Name) and call.node.name == "say"
    ]
    return tuple(found)


def python_call(node: ast.Call, place: str) -> Call:
    values = frozenset(keyword.arg for keyword in node.keywords if keyword.arg)
    return Call(
        pattern(python_parts(node.args[0])),
        literal(python_parts(node.args[0])),
        values,
        any(keyword.arg is None for keyword in node.keywords),
        place,
    )


def python_parts(node: ast.expr) -> list[str | None]:
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, ast.JoinedStr):
        return [part.value if isinstance(part, ast.Constant) else None for part in node.values]  # type: ignore[misc]
    return [None]


def template_call(call: nodes.Call, place: str) -> Call:
    parts = template_parts(call.args[0])
    values = frozenset(keyword.key for keyword in call.kwargs)
    return Call(pattern(parts), literal(parts), values, call.dyn_kwargs is not None, place)


def template_parts(node: nodes.Node) -> list[str | None]:
    if isinstance(node, nodes.Const) and isinstance(node.value, str):
        return [node.value]
    if isinstance(node, nodes.Concat):
        return [part for child in node.nodes for part in template_parts(child)]
    return [None]


def literal(parts: list[str | None]) -> str | None:
    return parts[0] if len(parts) == 1 else None


def pattern(parts: list[str | None]) -> re.Pattern[str]:
    """Return the ids that a call can mean; a call of which we know no part means none, for its id stands elsewhere."""
    if not any(parts):
        return re.compile(r"(?!)")
    return re.compile("".join(r"\w+" if part is None else re.escape(part) for part in parts))


def named_ids() -> Iterator[str]:
    """Yield every string of the package that is the id of a message: ids are kept in tables as well as said at once."""
    known = catalogue("en")
    for _, module in modules():
        for node in module:
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value in known:
                yield node.value
    for _, tree in trees():
        for const in tree.find_all(nodes.Const):
            if isinstance(const.value, str) and const.value in known:
                yield const.value
