"""The gate in words: it never says that no limit is exceeded where a risk is only accepted."""

from __future__ import annotations

from typing import Any

import pytest
from sample_report import TODAY, info, metric, sample_report

from modelaudit.audit_report import AuditReport
from modelaudit.policy import judge, rejudged
from modelaudit.reports import render_html, render_junit, render_markdown
from modelaudit.reports.front import front
from modelaudit.reports.gate import gate_words
from modelaudit.reports.markdown import plain
from modelaudit.reports.words import speaking
from modelaudit.results import CheckResult, Finding, Risk
from modelaudit.verdicts import Requirement


def flipping(**groups: float) -> AuditReport:
    """Return a report of one check; `upper case` is covered by the policy's waiver up to 0.3, and the limit is 0.05."""
    findings = tuple(
        Finding(
            metric=metric("flip_rate", "Changed answers", value, 0.005, group=group.replace("_", " ")),
            statement="It changes.",
        )
        for group, value in groups.items()
    )
    check = info("modelaudit/perturbation", Risk.ROBUSTNESS, "Harmless changes", "Does it change?", "Rows are changed.")
    return sample_report(results=(CheckResult(checker=check, status="completed", findings=findings),)).model_copy(
        update={"provenance": sample_report().provenance.model_copy(update={"plugins": ()})}
    )


def test_an_accepted_risk_is_counted_in_the_sentence_on_the_gate() -> None:
    report = flipping(upper_case=0.2, lower_case=0.01)
    assert report.judgement.gate.exit_code == 0
    assert "The gate holds: no limit is exceeded but for 1 accepted risk, no check failed" in gate_words(report)
    with speaking("zh"):
        assert "除 1 项已接受的风险外，没有限值被超出" in gate_words(report)
    open_too = flipping(upper_case=0.2, lower_case=0.05)
    assert "no limit is exceeded but for 1 accepted risk" in gate_words(open_too)
    assert "1 of 2 metrics gave no answer" in gate_words(open_too)
    assert "The gate holds: no limit is exceeded, no check failed" in gate_words(flipping(lower_case=0.01))


@pytest.mark.parametrize("render", [render_html, render_markdown])
def test_an_accepted_risk_is_counted_in_the_summary(render) -> None:
    alone = render(flipping(upper_case=0.2))
    assert "But for 1 accepted risk, no limit was exceeded by the 1 metric that was judged." in alone
    beside = render(flipping(upper_case=0.2, lower_case=0.2))
    assert (
        "1 of the 2 metrics that were judged exceeds its limit; 1 more exceeds its limit as an accepted risk." in beside
    )
    with speaking("zh"):
        assert "除 1 项已接受的风险外，已判定的 1 项指标均未超出限值。" in render(flipping(upper_case=0.2))
    assert "No limit was exceeded by the 1 metric that was judged." in render(flipping(lower_case=0.01))


def test_who_approved_an_accepted_risk_is_named() -> None:
    report = flipping(upper_case=0.2)
    assert "Accepted until 2027-01-31 by Dana Okafor, with no approver named: Input is never" in render_junit(report)
    waiver = report.policy.waiver[0].model_copy(update={"approver": "Li <Wei>\u202e"})
    policy = report.policy.model_copy(update={"waiver": (waiver,)})
    approved = report.model_copy(update={"policy": policy, "judgement": judge(report.results, policy, today=TODAY)})
    assert "by Dana Okafor, approved by Li &lt;Wei&gt;⟨U+202E⟩: Input is never" in render_junit(approved)
    with speaking("zh"):
        assert "由 Li &lt;Wei&gt;⟨U+202E⟩ 批准" in render_junit(approved)


def test_required_checks_that_did_not_run_are_counted_in_the_gate_and_wait_for_a_decision() -> None:
    report = sample_report()
    skipped = next(result for result in report.results if result.status == "skipped")
    required = Requirement(checker=skipped.checker.id, rationale="An answer is asked for.", source="A test.")
    judged = rejudged(report, report.policy.model_copy(update={"require": (required,)}))
    missing = [reason for reason in judged.judgement.gate.reasons if "required" in reason]
    assert missing
    first = front(judged)
    assert f"{len(missing)} answer" in first.gate
    assert "missing" in first.gate
    waiting = [
        decision for decision in (*first.decisions, *first.more_decisions) if decision.title == skipped.checker.title
    ]
    assert waiting
    assert "requires an answer" in waiting[0].words
    with speaking("zh"):
        assert "答案缺失" in front(judged).gate


def test_a_waiver_that_does_not_hold_or_covers_nothing_is_said_first_and_who_accepted_a_risk_in_markdown() -> None:
    report = sample_report()
    accepted = next(verdict for verdict in report.judgement.verdicts if verdict.state == "accepted risk")
    waiver = next(waiver for waiver in report.policy.waiver if waiver.id == accepted.waiver)
    shown = render_markdown(report)
    for name in (waiver.id, waiver.owner, str(waiver.expires)):
        assert plain(name) in shown

    def again(**changes: Any) -> tuple[str, ...]:
        changed = waiver.model_copy(update=changes)
        policy = report.policy.model_copy(update={"waiver": (changed,)})
        return front(rejudged(report, policy, today=waiver.created)).notices

    assert any("does not hold" in notice for notice in again(ceiling=0.0001))
    assert any("covers nothing here" in notice for notice in again(group="misspelt"))
    assert not any("does not hold" in notice or "covers nothing" in notice for notice in again())
