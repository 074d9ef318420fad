"""JUnit XML: what a pipeline counts is what the policy says, and every file is well-formed and of the common shape."""

from __future__ import annotations

import datetime as dt
from collections import Counter
from xml.etree import ElementTree as ET

import pytest
from hostile import CORPUS
from sample_report import clean_report, sample_report, small_report
from test_report_hostile import poisoned

from modelaudit.audit_report import AuditReport
from modelaudit.policy import rejudged
from modelaudit.reports import render_junit
from modelaudit.reports.words import speaking

ATTRIBUTES = {
    "testsuites": {"name", "tests", "failures", "errors", "time"},
    "testsuite": {"name", "tests", "failures", "errors", "skipped", "time", "timestamp"},
    "properties": set(),
    "property": {"name", "value"},
    "testcase": {"classname", "name"},
    "failure": {"message", "type"},
    "error": {"message", "type"},
    "skipped": {"message"},
}
CHILDREN = {
    "testsuites": {"testsuite"},
    "testsuite": {"properties", "testcase"},
    "properties": {"property"},
    "testcase": {"failure", "error", "skipped"},
}
"""What Jenkins, GitLab and pytest's own xunit schema all know."""


def parsed(report: AuditReport) -> ET.Element:
    root = ET.fromstring(render_junit(report))
    for element in root.iter():
        assert set(element.keys()) == ATTRIBUTES[element.tag]
        assert {child.tag for child in element} <= CHILDREN.get(element.tag, set())
    for case in root.iter("testcase"):
        assert len(case) <= 1
    for suite in root:
        kinds = Counter(case[0].tag for case in suite.iter("testcase") if len(case))
        assert int(suite.attrib["tests"]) == len(list(suite.iter("testcase")))
        for name, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            assert int(suite.attrib[name]) == kinds[tag]
        dt.datetime.fromisoformat(suite.attrib["timestamp"])
        names = [(case.attrib["classname"], case.attrib["name"]) for case in suite.iter("testcase")]
        assert len(set(names)) == len(names)
    for name in ("tests", "failures", "errors"):
        assert int(root.attrib[name]) == sum(int(suite.attrib[name]) for suite in root)
    return root


def ends(root: ET.Element) -> dict[str, str]:
    return {
        f"{case.attrib['classname']} {case.attrib['name']}": case[0].tag if len(case) else "passed"
        for case in root.iter("testcase")
    }


def case(root: ET.Element, name: str) -> ET.Element:
    return next(found[0] for found in root.iter("testcase") if found.attrib["name"] == name)


def test_each_verdict_has_the_fate_that_a_pipeline_knows_it_by() -> None:
    found = ends(parsed(sample_report()))
    assert found["modelaudit gate"] == "error"
    assert found["modelaudit.perturbation flip_rate: lower case"] == "failure"
    assert found["modelaudit.perturbation flip_rate: upper case"] == "skipped"
    assert found["modelaudit.perturbation flip_rate: curly quotes"] == "passed"
    assert found["modelaudit.membership-inference membership_auc: loss attack"] == "skipped"
    assert found["modelaudit.membership-inference tpr_at_1pct_fpr: log-odds attack"] == "skipped"
    assert found["acme.rare-words rare-words"] == "error"
    assert found["acme.label-noise label-noise"] == "skipped"
    assert found["modelaudit.memorisation memorisation"] == "skipped"
    assert found["plugins broken-checks"] == "skipped"


def test_a_case_says_why() -> None:
    root = parsed(sample_report())
    failure = case(root, "flip_rate: lower case").attrib["message"]
    for part in ("21.4%", "18.9% to 23.9%", "5.0%", "1,000 rows", "high"):
        assert part in failure
    accepted = case(root, "flip_rate: upper case").attrib["message"]
    assert accepted.startswith(
        "Accepted until 2027-01-31 by Dana Okafor, with no approver named: Input is never upper case"
    )
    assert "two labels a row" in case(root, "label-noise").attrib["message"]
    assert "division by zero" in case(root, "rare-words").attrib["message"]


def test_a_required_answer_that_is_missing_is_a_failure() -> None:
    report = sample_report()
    limits = tuple(limit.model_copy(update={"required": True}) for limit in report.policy.limit)
    found = ends(parsed(rejudged(report, report.policy.model_copy(update={"limit": limits}))))
    assert found["modelaudit.membership-inference membership_auc: loss attack"] == "failure"
    assert found["modelaudit.membership-inference tpr_at_1pct_fpr: log-odds attack"] == "failure"


def test_nothing_fails_where_the_gate_holds_and_something_where_it_does_not() -> None:
    for report in (clean_report(), small_report(), sample_report()):
        failing = set(ends(parsed(report)).values()) & {"failure", "error"}
        assert bool(failing) == bool(report.judgement.gate.exit_code)


def test_a_required_check_that_was_not_in_the_audit_fails_the_gates_case() -> None:
    report = clean_report()
    missing = sample_report().policy.limit[0].model_copy(update={"required": True})
    policy = report.policy.model_copy(update={"limit": (*report.policy.limit[1:], missing)})
    found = ends(parsed(rejudged(report, policy)))
    assert found["modelaudit gate"] == "failure"


def test_names_do_not_change_with_the_language() -> None:
    report = sample_report()
    with speaking("zh"):
        chinese = parsed(report)
    assert ends(chinese) == ends(parsed(report))
    assert "有效期至 2027-01-31" in case(chinese, "flip_rate: upper case").attrib["message"]


@pytest.mark.parametrize("text", [*CORPUS[::12], "\ufffe\uffff\x85", "\x00\x1b[31m]]>"], ids=lambda _: "")
def test_hostile_text_leaves_the_file_well_formed(text: str) -> None:
    report = poisoned(small_report(), text)
    report = report.model_copy(update={"run": small_report().run})
    assert len(list(parsed(report).iter("testcase"))) == len(list(parsed(small_report()).iter("testcase")))


def test_groups_that_differ_only_beyond_what_is_shown_stay_apart() -> None:
    report = clean_report()
    (result,) = report.results
    twins = tuple(
        finding.model_copy(update={"metric": finding.metric.model_copy(update={"group": "x" * 9_000 + end})})
        for finding in result.findings
        for end in "ab"
    )
    report = report.model_copy(update={"results": (result.model_copy(update={"findings": twins}),)})
    parsed(rejudged(report, report.policy))
