"""The sentence of a decision on the first page: whole sentences, so that no interval is cut."""

from __future__ import annotations

import datetime as dt

import pytest
from page import Page
from sample_report import TODAY, sample_report
from test_report_gate import flipping

from modelaudit.policy import judge
from modelaudit.reports import render_html, render_markdown
from modelaudit.reports.decisions import SHORT
from modelaudit.reports.front import front

INTERVAL = "between 40.6% and 48.0% of 1,000 rows"


@pytest.mark.parametrize("length", range(1, 60, 3))
def test_no_interval_is_cut(length: int) -> None:
    report = flipping(upper_case=0.2)
    (result,) = report.results
    statement = "x" * length + f", and the answer changes for 44.3% of the rows, {INTERVAL}. It stays for others."
    assert len(statement) <= SHORT
    findings = tuple(finding.model_copy(update={"statement": statement}) for finding in result.findings)
    waiver = report.policy.waiver[0].model_copy(
        update={"owner": "O" * 220, "expires": TODAY + dt.timedelta(days=3), "ceiling": 0.3}
    )
    policy = report.policy.model_copy(update={"waiver": (waiver,)})
    results = (result.model_copy(update={"findings": findings}),)
    judged = report.model_copy(
        update={"policy": policy, "results": results, "judgement": judge(results, policy, today=TODAY)}
    )
    (decision,) = front(judged).decisions
    assert INTERVAL in decision.short
    assert INTERVAL in Page(render_html(judged).partition('<nav class="contents"')[0]).words


def test_what_is_too_long_ends_with_a_sentence() -> None:
    (decision,) = front(flipping(lower_case=0.2)).decisions
    for words, kept in (
        ("It says so. " * 60, "It says so. " * 30 + "It says so."),
        ("都改变了。" * 200, "都改变了。" * 76),
        ("First, " + "and so on, " * 40 + "0.1 to 0.2. Then more.", "First, " + "and so on, " * 40 + "0.1 to 0.2."),
    ):
        short = type(decision)(**vars(decision) | {"words": words.strip()}).short
        assert short.startswith(kept + "… ("), short[-60:]
    endless = type(decision)(**vars(decision) | {"words": "x" * 1_000_000 + ". More."}).short
    assert len(endless) < 2_100
    for words in ("no end " * 200, "A short one."):
        assert type(decision)(**vars(decision) | {"words": words}).short == words


def test_a_million_letters_stay_off_the_first_page() -> None:
    report = sample_report()
    waiver = report.policy.waiver[0].model_copy(update={"owner": "O" * 1_000_000})
    policy = report.policy.model_copy(update={"waiver": (waiver,)})
    judged = report.model_copy(update={"policy": policy, "judgement": judge(report.results, policy, today=TODAY)})
    assert max(len(decision.short) for decision in (*front(judged).decisions, *front(judged).more_decisions)) < 1_000


def test_a_long_reason_leaves_the_numbers_in_the_summary() -> None:
    report = flipping(lower_case=0.2)
    (result,) = report.results
    (finding,) = result.findings
    silent = finding.metric.model_copy(update={"value": None, "bounds": (), "reason": "It says so. " * 100})
    results = (result.model_copy(update={"findings": (finding.model_copy(update={"metric": silent}),)}),)
    limits = tuple(limit.model_copy(update={"required": True}) for limit in report.policy.limit)
    policy = report.policy.model_copy(update={"limit": limits})
    judged = report.model_copy(
        update={"policy": policy, "results": results, "judgement": judge(results, policy, today=TODAY)}
    )
    part = render_markdown(judged).partition("### Findings that need a decision")[2].partition("###")[0]
    assert part.count("It says so") > 20
    assert "limit at most 5.0%" in part
