"""Strings of strangers in every text field: they may change words, never the page."""

from __future__ import annotations

import json
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterator, Mapping
from itertools import cycle
from typing import Any
from xml.etree import ElementTree

import pytest
from hostile import CORPUS, KINDS
from huggingface_hub import ModelCard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from page import Page
from sample_report import sample_report, small_report

from modelaudit.audit_report import AuditReport
from modelaudit.reports import (
    parse_report,
    render_html,
    render_json,
    render_junit,
    render_markdown,
    render_model_card,
    render_sarif,
)
from modelaudit.reports.words import speaking

CLOSED = {
    "schema_version", "schema", "kind", "status", "risk", "state", "severity", "better", "preset", "task",
    "created", "expires", "judged_on", "checker", "metric", "digest",
}  # fmt: skip
"""Keys whose strings the record's own types close to strangers."""
SHORT = tuple(text for text in CORPUS if 0 < len(text) < 200)
OPEN_KEYS = {"options", "label_counts", "set_aside", "versions", "numerics"}
"""Dictionaries whose keys are a stranger's."""


def poisoned(report: AuditReport, text: str) -> AuditReport:
    """Return the report with the text at the end of every string that a stranger can set."""
    return poisoned_by(report, cycle([text]))


def poisoned_by(report: AuditReport, texts: Iterator[str]) -> AuditReport:
    """Return the report with one of the texts at the end of every string that a stranger can set.

    Equal strings get the same text: a verdict knows its metric by the name of the group.
    """
    given: defaultdict[str, str] = defaultdict(lambda: next(texts))
    content = report.model_dump(by_alias=True, exclude={"digest"})
    return AuditReport.model_validate(_poisoned(content, given, ()))


def _poisoned(value: Any, given: Mapping[str, str], path: tuple[str, ...]) -> Any:
    if isinstance(value, dict):
        opened = bool(path) and path[-1] in OPEN_KEYS
        return {
            (key + given[key] if opened else key): _poisoned(item, given, (*path, key)) for key, item in value.items()
        }
    if isinstance(value, list | tuple):
        return tuple(_poisoned(item, given, path) for item in value)
    closed = not path or path[-1] in CLOSED or (path[-1] == "id" and "policy" not in path)
    if closed or not isinstance(value, str):
        return value
    # Whoever approved has a name that can be seen; one that can't is no approval, and the page says so.
    seen = "Ada " if path[-1] == "approved_by" else value
    return seen + given[value]


BENIGN = Page(render_html(poisoned(small_report(), "x")))
BENIGN_JUNIT = ElementTree.fromstring(render_junit(poisoned(sample_report(), "x")))
BENIGN_SARIF = json.loads(render_sarif(poisoned(sample_report(), "x")))
BENIGN_CARD = ModelCard(render_model_card(poisoned(sample_report(), "x")))
ADDRESS = re.compile(r"#?[a-z0-9][a-z0-9 _.-]*")
"""What an id, or a link to one, may look like: slugs and hashes, whatever the name was."""


def turns(kind: str) -> Iterator[Iterator[str]]:
    """The strings of a kind over and over, begun at several of them, so that each meets several fields."""
    # A blank at the end of a word leaves it as it was, and what is missing or translated hangs on words.
    texts = tuple(text for text in KINDS[kind] if text.strip(" "))
    for start in range(0, len(texts), max(1, len(texts) // 4)):
        yield cycle(texts[start:] + texts[:start])


def check_page(report: AuditReport) -> None:
    source = render_html(report)
    page = Page(source)
    assert page.shape == BENIGN.shape
    assert page.faults == []
    for (_, ours), (_, benign) in zip(page.tags, BENIGN.tags, strict=True):
        for name in ("class", "role", "scope"):
            assert ours.get(name) == benign.get(name)
        for name in ("id", "href", "aria-labelledby"):
            assert name not in ours or ADDRESS.fullmatch(str(ours[name]))
    check_characters(source)


def check_characters(source: str) -> None:
    for character in set(source):
        assert character == "\n" or unicodedata.category(character) not in ("Cc", "Cf", "Cs", "Co", "Zl", "Zp")
    source.encode()


@pytest.mark.parametrize("language", ["en", "zh"])
@pytest.mark.parametrize("kind", KINDS)
def test_hostile_strings_leave_the_page_as_it_is(kind: str, language: str) -> None:
    with speaking(language):
        for texts in turns(kind) if language == "en" else [next(turns(kind))]:
            if language == "en":
                check_page(poisoned_by(small_report(), texts))
            else:
                source = render_html(poisoned_by(small_report(), texts))
                assert Page(source).faults == []
                assert Page(source).shape == Page(render_html(poisoned(small_report(), "x"))).shape
                check_characters(source)


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.one_of(st.sampled_from(SHORT), st.text(max_size=40)), min_size=1, max_size=3).map("".join))
def test_any_text_leaves_the_page_as_it_is(text: str) -> None:
    check_page(poisoned(small_report(), text or "x"))


@settings(max_examples=25, deadline=None)
@given(st.lists(st.one_of(st.sampled_from(SHORT), st.text(max_size=40)), min_size=1, max_size=3).map("".join))
def test_any_text_survives_the_record(text: str) -> None:
    report = poisoned(small_report(), text)
    written = render_json(report)
    assert written.isascii()
    assert parse_report(written, where="test") == report


@pytest.mark.parametrize("kind", KINDS)
def test_every_format_stays_well_formed_whatever_the_strings(kind: str) -> None:
    for texts in turns(kind):
        report = poisoned_by(sample_report(), texts)
        assert parse_report(render_json(report), where="test") == report
        suites = ElementTree.fromstring(render_junit(report))
        assert len(list(suites.iter("testcase"))) == len(list(BENIGN_JUNIT.iter("testcase")))
        alerts = json.loads(render_sarif(report))
        assert len(alerts["runs"][0]["results"]) == len(BENIGN_SARIF["runs"][0]["results"])
        card = ModelCard(render_model_card(report), ignore_metadata_errors=False)
        # A name that is no id of the Hub is left out.
        assert card.data.to_dict().keys() | {"base_model"} == BENIGN_CARD.data.to_dict().keys()


def markdown_shape(source: str) -> list[str]:
    """Return each line's kind: how many cells, or how it begins."""
    return [f"table {line.count('|')}" if line.startswith("|") else line[:2] for line in source.splitlines()]


@pytest.mark.parametrize("kind", KINDS)
def test_hostile_strings_leave_the_markdown_as_it_is(kind: str) -> None:
    benign = markdown_shape(render_markdown(poisoned(small_report(), "x")))
    for texts in turns(kind):
        source = render_markdown(poisoned_by(small_report(), texts))
        assert markdown_shape(source) == benign
        body = re.sub(
            r"<!-- modelaudit:(start|end) -->|<!-- modelaudit-(version|digest|seal) [a-z0-9.:]+ -->", "", source
        )
        assert "<" not in body
        assert "](" not in body
        assert "://" not in body
        assert body.count("`") == 2
