"""What changed since the baseline, and when the policy was put in place, in the formats without a page."""

from __future__ import annotations

import json
from typing import Any
from xml.etree import ElementTree as ET

import pytest
from full_front import compared
from hostile import CORPUS
from sample_report import sample_report, small_report
from sarif_kit.validate import validation_errors

from modelaudit.audit_report import AuditReport
from modelaudit.comparison import Change, Comparison
from modelaudit.policy import rejudged
from modelaudit.reports import render_junit, render_markdown, render_model_card, render_sarif
from modelaudit.reports.seal import check
from modelaudit.reports.words import speaking


def since(comparison: Comparison | None = None, **changes: object) -> AuditReport:
    found = (comparison or compared()).model_copy(update=changes)
    return small_report().model_copy(update={"comparison": found})


def lost() -> Change:
    return (
        compared()
        .changes[0]
        .model_copy(
            update={"kind": "gone", "lost": True, "after": None, "difference": None, "reason": "Its check failed."}
        )
    )


def properties(report: AuditReport) -> dict[str, str]:
    pairs = [
        (item.attrib["name"], item.attrib["value"]) for item in ET.fromstring(render_junit(report)).iter("property")
    ]
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


def sarif(report: AuditReport) -> dict[str, Any]:
    log = json.loads(render_sarif(report))
    assert validation_errors(log) == []
    return log["runs"][0]


@pytest.mark.parametrize("render", [render_markdown, render_model_card])
def test_a_summary_says_how_much_changed_and_names_the_worst(render) -> None:
    text = render(since(changes=(*compared().changes, lost())))
    part = text.partition("### What changed since the baseline")[2].partition("###")[0]
    assert "**Clearly worse: 5 worse, 1 lost" in part
    assert "Baseline: acme/claims-classifier-of-last-year, audited on 2026-09-01" in part
    assert part.count("▲ worse: Changed answers") == 3
    assert "10.0% → 20.0%, difference +10.0 points (+8.0 to +12.0)" in part.replace("\u00a0", " ")
    assert "and 3 more numbers that became worse or were lost" in part
    assert compared().notes[0][:60] in part
    with speaking("zh"):
        assert "### 与基线相比的变化" in render(since())
    assert "baseline" not in render(small_report())


def test_a_refused_comparison_says_why_and_counts_nothing() -> None:
    report = since(comparable=False, changes=(), reasons=("The two audits judged other rows.",))
    assert "These two audits can&#39;t be compared" in render_markdown(report).replace("'", "&#39;")
    assert "The two audits judged other rows." in render_markdown(report)
    found = properties(report)
    assert found["comparable with the baseline"] == "no"
    assert not [name for name in found if name.startswith("since the baseline")]
    assert sarif(report)["properties"]["sinceBaseline"]["counts"] == {}


def test_a_pipeline_reads_the_counts() -> None:
    beyond = compared().changes[0].model_copy(update={"after_state": "exceeds limit"})
    report = since(changes=(beyond, *compared().changes[1:], lost()))
    found = properties(report)
    assert found["baseline"] == compared().baseline_digest
    assert (found["since the baseline: worse"], found["since the baseline: lost"]) == ("5", "1")
    assert (found["since the baseline: better"], found["since the baseline: newly exceeding"]) == ("0", "1")
    told = sarif(report)["properties"]["sinceBaseline"]
    assert (told["counts"]["worse"], told["counts"]["lost"], told["counts"]["newly exceeding"]) == (5, 1, 1)
    assert told["text"].startswith("Clearly worse: 5 worse")
    assert "baseline" not in properties(small_report())
    assert "sinceBaseline" not in sarif(small_report())["properties"]


@pytest.mark.parametrize("text", CORPUS[4::40], ids=lambda _: "")
def test_names_of_a_stranger_in_a_comparison_stay_text(text: str) -> None:
    change = lost().model_copy(update={"group": text, "title": text or "x", "detail": text})
    report = since(changes=(change,), baseline_model=text, baseline_digest=text, notes=(text,))
    assert check(render_markdown(report).encode()).intact
    assert check(render_model_card(report).encode()).intact
    properties(report)
    sarif(report)


def test_a_policy_put_in_place_afterwards_is_told() -> None:
    report = sample_report()
    again = rejudged(report, report.policy.model_copy(update={"sha256": "0" * 64}))
    assert again.judgement.judged_again
    said = "The policy was put in place when the results were known."
    assert said in render_markdown(again)
    assert properties(again)["policy put in place"] == "after the run"
    assert said in render_junit(again)
    run = sarif(again)
    assert run["properties"]["judgedAgain"] is True
    assert said in run["invocations"][0]["exitCodeDescription"]
    assert said not in render_markdown(report) + render_junit(report) + render_sarif(report)
    assert properties(report)["policy put in place"] == "before the run"
