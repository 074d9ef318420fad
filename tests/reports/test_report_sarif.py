"""SARIF 2.1.0: valid by the standard's own schema, stable from run to run, and silent about what passed."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hostile import CORPUS
from sample_report import HASH, clean_report, sample_report, small_report
from sarif_kit.validate import validation_errors
from test_report_hostile import poisoned

from modelaudit.audit_report import AuditReport, InputRecord
from modelaudit.policy import rejudged
from modelaudit.reports import render_sarif
from modelaudit.reports.words import speaking


def run_of(report: AuditReport) -> dict[str, Any]:
    log = json.loads(render_sarif(report))
    assert validation_errors(log) == []
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"]
    assert len({result["partialFingerprints"]["primaryLocationLineHash"] for result in run["results"]}) == len(
        run["results"]
    )
    return run


def by_name(run: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {f"{result['ruleId']} {result['properties']['name']}": result for result in run["results"]}


LOWER = "modelaudit/perturbation/flip_rate flip_rate: lower case"
UPPER = "modelaudit/perturbation/flip_rate flip_rate: upper case"


def test_results_are_what_exceeds_and_what_is_accepted() -> None:
    report = sample_report()
    found = by_name(run_of(report))
    states = [verdict.state for verdict in report.judgement.verdicts]
    assert len(found) == states.count("exceeds limit") + states.count("accepted risk")
    assert found[LOWER]["level"] == "error"
    assert "suppressions" not in found[LOWER]
    (suppression,) = found[UPPER]["suppressions"]
    assert suppression["status"] == "accepted"
    assert suppression["kind"] == "external"
    assert "never upper case" in suppression["justification"]
    assert suppression["properties"]["expires"] == "2027-01-31"


def test_levels_follow_the_severity() -> None:
    report = sample_report()
    levels = {result["properties"]["name"]: result["level"] for result in run_of(report)["results"]}
    wanted = {"low": "note", "medium": "warning", "high": "error", "critical": "error"}
    for verdict in report.judgement.verdicts:
        if verdict.state == "exceeds limit" and verdict.severity:
            assert levels[f"{verdict.metric}: {verdict.group}"] == wanted[verdict.severity]


def test_what_failed_and_what_is_open_is_told_and_not_hidden() -> None:
    (invocation,) = run_of(sample_report())["invocations"]
    assert invocation["executionSuccessful"] is False
    assert invocation["exitCode"] == 4
    notes = invocation["toolExecutionNotifications"]
    failed = [note["message"]["text"] for note in notes if note["level"] == "error"]
    assert any("division by zero" in text for text in failed)
    assert any("broken-checks" in text for text in failed)
    assert sum(note.get("properties", {}).get("state") == "inconclusive" for note in notes) == 6
    clean = run_of(clean_report())
    assert clean["results"] == []
    assert clean["properties"]["withinLimit"] == 1


def test_a_required_answer_that_is_missing_is_a_result() -> None:
    report = sample_report()
    limits = tuple(limit.model_copy(update={"required": True}) for limit in report.policy.limit)
    found = by_name(run_of(rejudged(report, report.policy.model_copy(update={"limit": limits}))))
    missing = found["modelaudit/membership-inference/membership_auc membership_auc: loss attack"]
    assert missing["level"] == "warning"


def test_fingerprints_stay_when_numbers_language_and_run_change() -> None:
    report = sample_report()
    first = {name: result["partialFingerprints"] for name, result in by_name(run_of(report)).items()}
    later = report.model_copy(
        update={
            "run": report.run.model_copy(update={"started": "2028-01-01T00:00:00+00:00"}),
            "settings": report.settings.model_copy(update={"seed": 8}),
        }
    )
    with speaking("zh"):
        assert {name: result["partialFingerprints"] for name, result in by_name(run_of(later)).items()} == first
    other = report.subject.model_copy(update={"model": report.subject.model.model_copy(update={"name": "acme/other"})})
    assert by_name(run_of(report.model_copy(update={"subject": other})))[LOWER]["partialFingerprints"] != first[LOWER]


def test_a_finding_lies_at_the_policy_file_or_at_the_model_card() -> None:
    report = sample_report()

    def place(report: AuditReport) -> str:
        return run_of(report)["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"]

    assert place(report) == "README.md"
    for name, uri in (("limits.toml", "limits.toml"), ("../a b:c.toml", "..%2Fa%20b%3Ac.toml")):
        record = InputRecord(role="policy", name=name, bytes=3, sha256=HASH)
        provenance = report.provenance.model_copy(update={"inputs": (record,)})
        assert place(report.model_copy(update={"provenance": provenance})) == uri


@pytest.mark.parametrize("text", [*CORPUS[6::12], "[x](javascript:y) {0}"], ids=lambda _: "")
def test_hostile_text_stays_text(text: str) -> None:
    report = poisoned(small_report(), text)
    assert render_sarif(report).isascii()
    run = run_of(report)
    assert len(run["results"]) == len(run_of(small_report())["results"])
    for message in [result["message"] for result in run["results"]] + [
        note["message"] for note in run["invocations"][0]["toolExecutionNotifications"]
    ]:
        assert not re.search(r"(?<!\\)[\[\]]", message["text"])
        assert not re.search(r"(?<!\{)\{\d", message["text"])
