"""JUnit XML: the policy's verdicts as test cases, so that a pipeline shows them where it shows its tests.

The gate is the first suite, with one case; then a risk family is a suite and a judged metric a case. An exceeded limit
is a failure and a check that failed an error; what was not answered is skipped with its reason, or a failure where the
policy requires an answer. Names are ids of the record, so that a pipeline's history of a case survives another language
and another wording.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Literal
from xml.etree import ElementTree as ET

from modelaudit._version import __version__
from modelaudit.audit_report import AuditReport, PluginRecord
from modelaudit.reports.badges import severity_words
from modelaudit.reports.gate import gate_words
from modelaudit.reports.outcomes import Outcome, change_counts, outcomes
from modelaudit.reports.seal import DIGEST, SEAL, VERSION, sealed
from modelaudit.reports.text import sentence, visible
from modelaudit.reports.words import say, tag, told
from modelaudit.results import Risk

Fate = Literal["passed", "failure", "error", "skipped"]
FAILED = 4
"""The gate's exit code where a checker failed."""


def render_junit(report: AuditReport) -> str:
    """Return the verdicts as JUnit XML; equal reports give equal bytes."""
    found = outcomes(report)
    broken = [_broken(plugin) for plugin in report.provenance.plugins if plugin.status == "failed"]
    root = ET.Element("testsuites", {"name": say("junit.name", model=visible(report.subject.model.name))})
    _suite(root, report, "gate", [_gate(report)], 0.0).insert(0, _properties(report))
    for risk in Risk:
        own = [outcome for outcome in found if outcome.info.risk == risk]
        if own:
            _suite(root, report, risk.value, [_case(outcome) for outcome in own], _seconds(report, own))
    if broken:
        _suite(root, report, "plugins", broken, 0.0)
    _count(root, [case for suite in root for case in suite.iter("testcase")])
    root.set("time", f"{report.run.seconds:.3f}")
    ET.indent(root)
    return sealed('<?xml version="1.0" encoding="UTF-8"?>\n' + ET.tostring(root, encoding="unicode") + "\n")


def fate(outcome: Outcome) -> Fate:
    """Return what a test runner would call an outcome; nothing but a metric within its limit has passed."""
    if outcome.state == "within limit":
        return "passed"
    if outcome.state == "failed":
        return "error"
    return "failure" if outcome.stops else "skipped"


def _case(outcome: Outcome) -> ET.Element:
    case = ET.Element("testcase", {"classname": outcome.info.id.replace("/", "."), "name": outcome.name})
    end = fate(outcome)
    if end == "passed":
        return case
    if end == "skipped":
        ET.SubElement(case, "skipped", {"message": _skipped(outcome)})
        return case
    attributes = {"message": _message(outcome), "type": outcome.state}
    ET.SubElement(case, end, attributes).text = "\n".join(_details(outcome))
    return case


def _message(outcome: Outcome) -> str:
    words = outcome.words
    if outcome.severity is not None:
        words = say("formats.with_severity", severity=severity_words(outcome.severity), words=words)
    return say("formats.titled", title=outcome.title, words=words)


def _skipped(outcome: Outcome) -> str:
    if outcome.state == "accepted risk" and outcome.waiver is not None:
        return accepted_words(outcome)
    return _message(outcome)


def accepted_words(outcome: Outcome) -> str:
    """Return until when a risk is accepted, by whom, who approved that, and why."""
    waiver = outcome.waiver
    if waiver is None:
        raise ValueError("an accepted risk has a waiver")
    return say(
        "formats.accepted" if waiver.approver else "formats.accepted_by_nobody",
        approver=visible(waiver.approver),
        expires=str(waiver.expires),
        owner=visible(waiver.owner),
        reason=sentence(visible(waiver.reason)),
        words=outcome.words,
    )


def _details(outcome: Outcome) -> list[str]:
    """Return what stands in the body of a failure: the check's question, what was found, and what it is read from."""
    lines = [visible(told(outcome.info.question).text), outcome.words]
    if outcome.view is not None:
        lines.append(visible(outcome.view.metric.method))
    return lines


def _gate(report: AuditReport) -> ET.Element:
    case, gate = ET.Element("testcase", {"classname": "modelaudit", "name": "gate"}), report.judgement.gate
    if gate.exit_code:
        kind = "error" if gate.exit_code == FAILED else "failure"
        attributes = {"message": visible(gate_words(report)), "type": f"exit code {gate.exit_code}"}
        again = [say("front.notice.again")] if report.judgement.judged_again else []
        ET.SubElement(case, kind, attributes).text = "\n".join([*again, *(visible(reason) for reason in gate.reasons)])
    return case


def _broken(plugin: PluginRecord) -> ET.Element:
    name, reason = visible(plugin.name), sentence(visible(plugin.reason or ""))
    case = ET.Element("testcase", {"classname": "plugins", "name": name})
    ET.SubElement(case, "skipped", {"message": say("formats.plugin_failed", plugin=name, reason=reason)})
    return case


def _suite(root: ET.Element, report: AuditReport, name: str, cases: Sequence[ET.Element], seconds: float) -> ET.Element:
    suite = ET.SubElement(root, "testsuite", {"name": name})
    _count(suite, cases)
    suite.set("skipped", str(sum(_ending(case) == "skipped" for case in cases)))
    suite.set("time", f"{seconds:.3f}")
    suite.set("timestamp", visible(report.run.started[:19]))
    suite.extend(cases)
    return suite


def _count(element: ET.Element, cases: Sequence[ET.Element]) -> None:
    ended = Counter(_ending(case) for case in cases)
    for name, count in (("tests", len(cases)), ("failures", ended["failure"]), ("errors", ended["error"])):
        element.set(name, str(count))


def _ending(case: ET.Element) -> str:
    return "passed" if len(case) == 0 else case[0].tag


def _seconds(report: AuditReport, own: Sequence[Outcome]) -> float:
    return sum(report.run.checker_seconds.get(checker, 0.0) for checker in sorted({item.info.id for item in own}))


def _properties(report: AuditReport) -> ET.Element:
    """Return what the file says of itself; other readers than ours know properties only inside a suite."""
    properties = ET.Element("properties")
    pairs = [
        (VERSION, __version__),
        (DIGEST, report.digest),
        (SEAL, ""),
        ("language", tag()),
        ("model", visible(report.subject.model.name)),
        ("policy", visible(f"{report.policy.id} {report.policy.version}")),
        ("policy put in place", "after the run" if report.judgement.judged_again else "before the run"),
        ("exit code", str(report.judgement.gate.exit_code)),
    ]
    if report.comparison is not None:
        pairs.append(("baseline", visible(report.comparison.baseline_digest)))
        pairs.append(("comparable with the baseline", "yes" if report.comparison.comparable else "no"))
        pairs += [(f"since the baseline: {kind}", str(count)) for kind, count in change_counts(report).items()]
    for name, value in pairs:
        ET.SubElement(properties, "property", {"name": name, "value": value})
    return properties
