"""Clauses that no single check answers: named under Provenance, for the places that are declared, in both languages."""

from __future__ import annotations

import re
from html import unescape

import pytest
from sample_report import small_report

from modelaudit.audit_report import AuditReport, Declared
from modelaudit.frameworks import clauses_of_the_report, clauses_without_evidence
from modelaudit.reports import render_html
from modelaudit.reports.words import speaking


def told(report: AuditReport, language: str = "en", **declared: object) -> list[str]:
    """Return the paragraphs and points of the part, without markup."""
    subject = report.subject.model_copy(update={"declared": Declared.model_validate(declared)})
    with speaking(language):
        page = render_html(report.model_copy(update={"subject": subject}))
    part = page.partition('<h3 id="clauses">')[2].partition("<h3")[0]
    return [unescape(re.sub("<[^>]+>", "", line)) for line in re.findall("<(?:p|li)>.*?</(?:p|li)>", part)]


@pytest.fixture(scope="module")
def report() -> AuditReport:
    return small_report()


def test_the_page_names_what_the_whole_report_serves_and_what_nothing_serves(report: AuditReport) -> None:
    whole, gaps, *_ = told(report)
    assert "this report as a whole provides evidence relevant to these" in whole
    assert "modelaudit gives no evidence" in gaps
    for said, clauses in ((whole, clauses_of_the_report()), (gaps, clauses_without_evidence())):
        assert clauses
        for clause in clauses:
            assert clause.ref in said
    assert "SB 24-205." not in gaps


def test_only_clauses_of_the_declared_places_and_roles_are_named_and_the_others_counted(report: AuditReport) -> None:
    whole, gaps, left, *_ = told(report, jurisdictions=("Germany",), role="provider", risk_class="high")
    assert "EU AI Act: Art. 9(2)(a), (b)" in whole
    assert "Art. 12" in gaps
    for name in ("China", "New York", "Colorado"):
        assert name not in whole + gaps
    assert re.fullmatch(r"\d+ clauses for other places or roles than the declared ones are left out\.", left)
    whole, gaps, *_ = told(report, jurisdictions=("cn", "us"))
    assert "EU AI Act" not in whole + gaps
    assert "China: Interim Measures Art. 14" in gaps
    assert "Colorado" in whole


def test_a_place_that_an_older_record_declares_and_nobody_knows_rules_nothing_out(report: AuditReport) -> None:
    assert told(report, jurisdictions=("europe",)) == told(report)


def test_chinese_says_it_in_chinese(report: AuditReport) -> None:
    whole, gaps, *_ = told(report, "zh")
    assert whole.startswith("除各类风险所列条款外，本报告整体提供与下列条款相关的证据。")
    assert gaps.startswith("modelaudit 未就下列条款提供任何证据，须以其他方式回应。")
    assert "欧盟《人工智能法》：Art. 9(2)(a), (b)、Art. 9(5)" in whole
    assert whole.endswith("。")
