"""SARIF 2.1.0: what needs somebody's eye, for the tools that list findings beside code.

Only exceeded limits, accepted risks and required answers that are missing are results: the common reader shows every
result as an open alert, passed or not. What else is inconclusive or was not assessed, and what failed, stands among the
notifications of the invocation. A finding about a model has no line of source; it is placed at the policy file, or at
the model card where no policy file is known, and names the model as its logical location.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Sequence
from typing import Any
from urllib.parse import quote

from modelaudit._version import __version__
from modelaudit.audit_report import AuditReport
from modelaudit.reports.change_words import headline
from modelaudit.reports.gate import gate_words
from modelaudit.reports.junit import accepted_words
from modelaudit.reports.outcomes import Outcome, change_counts, outcomes
from modelaudit.reports.seal import DIGEST, SEAL, VERSION, sealed
from modelaudit.reports.text import sentence, visible
from modelaudit.reports.words import say, spoken, told

SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
LEVELS = {"critical": "error", "high": "error", "medium": "warning", "low": "note"}
"""The level of an exceeded limit by its severity; a required answer that is missing is a warning."""
MODEL_CARD = "README.md"

Json = dict[str, Any]


def render_sarif(report: AuditReport) -> str:
    """Return the findings as SARIF 2.1.0; equal reports give equal bytes."""
    found = outcomes(report)
    listed = [outcome for outcome in found if outcome.state == "accepted risk" or _alarms(outcome)]
    rules = _rules(listed)
    run = {
        "tool": {
            "driver": {
                "name": "modelaudit",
                "version": __version__,
                "language": spoken(),
                "rules": list(rules.values()),
            }
        },
        "language": spoken(),
        "automationDetails": {"id": f"modelaudit/{_fingerprint(report.subject.model.name)[:16]}/"},
        "invocations": [_invocation(report, [outcome for outcome in found if outcome not in listed])],
        "results": [_result(report, outcome, list(rules).index(outcome.rule)) for outcome in listed],
        "properties": {
            VERSION: __version__,
            DIGEST: report.digest,
            SEAL: "",
            "withinLimit": sum(outcome.state == "within limit" for outcome in found),
            "inconclusive": sum(outcome.state == "inconclusive" for outcome in found),
            "notAssessed": sum(outcome.state == "not assessed" for outcome in found),
            "judgedAgain": report.judgement.judged_again,
            **_changes(report),
        },
    }
    log = {"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}
    return sealed(json.dumps(log, indent=2, sort_keys=True, allow_nan=False) + "\n")


def _changes(report: AuditReport) -> Json:
    """Return what changed since the baseline, in numbers and in a sentence; nothing where no baseline was given."""
    found = report.comparison
    if found is None:
        return {}
    return {
        "sinceBaseline": {
            "baseline": visible(found.baseline_digest),
            "comparable": found.comparable,
            "counts": change_counts(report),
            "text": _text(headline(found)),
        }
    }


def _alarms(outcome: Outcome) -> bool:
    return outcome.stops and outcome.state != "failed"


def _rules(listed: Sequence[Outcome]) -> dict[str, Json]:
    """Return one rule a metric, by its id, in the order of the findings."""
    rules: dict[str, Json] = {}
    for outcome in listed:
        info = outcome.info
        title = told(info.title).text if outcome.view is None else told(outcome.view.metric.title).text
        question, summary = told(info.question).text, told(info.summary).text
        remedies = [sentence(told(remedy).text) for remedy in info.remedies]
        rules.setdefault(
            outcome.rule,
            {
                "id": outcome.rule,
                "shortDescription": {"text": _text(title)},
                "fullDescription": {"text": _text(question)},
                "help": {"text": _text("\n".join([summary, *remedies]))},
                "properties": {"tags": [info.risk.value], "checker version": visible(info.version)},
            },
        )
    return rules


def _result(report: AuditReport, outcome: Outcome, rule: int) -> Json:
    result: Json = {
        "ruleId": outcome.rule,
        "ruleIndex": rule,
        "kind": "fail",
        "level": LEVELS[outcome.severity] if outcome.severity else "warning",
        "message": {"text": _text(say("formats.titled", title=outcome.title, words=outcome.words))},
        "locations": [_location(report)],
        "partialFingerprints": _fingerprints(report, outcome),
        "properties": {"state": outcome.state, "name": outcome.name},
    }
    if outcome.state == "accepted risk" and outcome.waiver is not None:
        waiver = outcome.waiver
        result["suppressions"] = [
            {
                "kind": "external",
                "status": "accepted",
                "justification": _text(accepted_words(outcome)),
                "properties": {
                    "waiver": visible(waiver.id),
                    "owner": visible(waiver.owner),
                    "approver": visible(waiver.approver),
                    "expires": str(waiver.expires),
                    "ticket": visible(waiver.ticket or ""),
                    "compensating": visible(waiver.compensating or ""),
                },
            }
        ]
    return result


def _location(report: AuditReport) -> Json:
    name = next((record.name for record in report.provenance.inputs if record.role == "policy"), MODEL_CARD)
    model = visible(report.subject.model.name)
    return {
        "physicalLocation": {
            "artifactLocation": {"uri": quote(name, safe=""), "uriBaseId": "%SRCROOT%"},
            "region": {"startLine": 1},
        },
        "logicalLocations": [{"name": model, "fullyQualifiedName": model, "kind": "resource"}],
    }


def _fingerprints(report: AuditReport, outcome: Outcome) -> dict[str, str]:
    """Return what makes two results of two audits the same: model, check, metric and group, and no number.

    `primaryLocationLineHash` is the one that the common reader goes by.
    """
    own = _fingerprint(report.subject.model.name, outcome.info.id, outcome.metric, outcome.group)
    return {"modelauditFinding/v1": own, "primaryLocationLineHash": f"{own[:16]}:1"}


def _fingerprint(*parts: str | None) -> str:
    return hashlib.sha256(json.dumps(parts).encode()).hexdigest()


def _invocation(report: AuditReport, others: Sequence[Outcome]) -> Json:
    notes = [_notification(outcome) for outcome in others if outcome.state != "within limit"]
    for plugin in report.provenance.plugins:
        if plugin.status == "failed":
            reason = sentence(visible(plugin.reason or ""))
            words = say("formats.plugin_failed", plugin=visible(plugin.name), reason=reason)
            notes.append({"level": "error", "message": {"text": _text(words)}})
    again = [say("front.notice.again")] if report.judgement.judged_again else []
    reasons = [*again, *(visible(reason) for reason in report.judgement.gate.reasons)]
    return {
        # The gate is the policy's answer; whether the checks could be run is another matter.
        "executionSuccessful": not any(result.status == "errored" for result in report.results),
        "exitCode": report.judgement.gate.exit_code,
        "exitCodeDescription": "\n".join([visible(gate_words(report)), *reasons]),
        **_times(report),
        "toolExecutionNotifications": notes,
    }


def _times(report: AuditReport) -> dict[str, str]:
    """Return when the run started and ended; nothing where the record does not hold a time."""
    try:
        times = [dt.datetime.fromisoformat(time) for time in (report.run.started, report.run.finished)]
        started, ended = (time.astimezone(dt.UTC).strftime("%Y-%m-%dT%H:%M:%SZ") for time in times)
    except (ValueError, OverflowError):
        return {}
    return {"startTimeUtc": started, "endTimeUtc": ended}


def _notification(outcome: Outcome) -> Json:
    words = say("formats.titled", title=outcome.title, words=outcome.words)
    return {
        "level": "error" if outcome.state == "failed" else "note",
        "message": {"text": _text(words)},
        "properties": {"rule": outcome.rule, "state": outcome.state},
    }


def _text(text: str) -> str:
    """Return text for a message, in which brackets would make a link and braces a placeholder."""
    lines = [visible(line) for line in text.split("\n")]
    marked = "\n".join(lines).replace("\\", "\\\\").replace("[", "\\[").replace("]", "\\]")
    return marked.replace("{", "{{").replace("}", "}}")
