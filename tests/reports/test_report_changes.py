"""What changed since the baseline, in the page: counted, the worst first, and never said where it can't be."""

from __future__ import annotations

import re

from page import Page
from sample_report import perturbation, sample_report

from modelaudit.audit_report import AuditReport
from modelaudit.comparison import Change, Comparison
from modelaudit.reports import render_html
from modelaudit.reports.changes import MOST_ROWS, NAMED
from modelaudit.reports.front import front
from modelaudit.reports.words import speaking
from modelaudit.results import Risk

DIGEST = "sha256:" + "ab" * 32


def change(kind: str, group: str | None = "lower case", **values: object) -> Change:
    return Change.model_validate(
        {
            "checker": "modelaudit/perturbation",
            "metric": "flip_rate",
            "group": group,
            "title": "Changed answers",
            "unit": "share of rows",
            "risk": Risk.ROBUSTNESS,
            "kind": kind,
            "before": 0.1,
            "after": 0.214,
            "before_state": "within limit",
            "after_state": "exceeds limit",
            "difference": 0.114,
            "interval": (0.08, 0.15),
            "adjusted": (0.07, 0.16),
            "q": 0.001,
            "smallest_detectable": 0.03,
            **values,
        }
    )


def compared(*changes: Change, comparable: bool = True, **values: object) -> AuditReport:
    comparison = Comparison.model_validate(
        {
            "baseline_digest": DIGEST,
            "baseline_model": "acme/claims-classifier",
            "baseline_started": "2026-09-01T08:00:00+00:00",
            "comparable": comparable,
            "changes": changes,
            "level": 0.95,
            "adjusted_level": 0.99,
            "q": 0.05,
            "tested": len(changes),
            **values,
        }
    )
    return sample_report(results=(perturbation(""),)).model_copy(update={"comparison": comparison})


def first_page(report: AuditReport) -> str:
    return Page(render_html(report).partition('<nav class="contents"')[0]).words


def test_without_a_baseline_the_page_says_so_and_has_no_section() -> None:
    source = render_html(sample_report(results=(perturbation(""),)))
    assert "No baseline was given, so nothing is said of change." in Page(source).words
    assert 'id="changes"' not in source


def test_changes_are_counted_and_the_worst_are_named_with_a_link() -> None:
    kinds = ("worse", "worse", "worse", "worse", "better", "new", "no clear change", "not comparable")
    groups = ("lower case", "title case", "upper case", "no accents")
    report = compared(*(change(kind, group=groups[place % 4]) for place, kind in enumerate(kinds)))
    words = first_page(report)
    assert "4 worse" in words
    assert "1 not comparable" in words
    assert "and 1 more" in words
    assert "Baseline: acme/claims-classifier, audited on 2026-09-01 (record sha256:abababababab)." in words
    found = front(report).changes
    assert found is not None
    assert [row.kind for row in found.worst] == ["worse"] * NAMED
    anchors = {view.anchor for family in front(report).families for check in family.checks for view in check.judged}
    assert found.worst[0].anchor in anchors
    assert "+11.4\u00a0points (+7.0 to +16.0)" in found.worst[0].difference


def test_a_lost_answer_counts_as_worst_and_leads_nowhere() -> None:
    report = compared(change("gone", group="a group of old", lost=True, after=None, difference=None, after_state=None))
    found = front(report).changes
    assert found is not None
    [row] = found.worst
    assert found.worst_left == 0
    assert (row.kind, row.after, row.anchor) == ("lost", "–", None)
    assert "Changed answers: a group of old" in first_page(report)


def test_what_can_not_be_compared_says_why() -> None:
    report = compared(
        comparable=False,
        reasons=("The two audits read other rows.",),
        details={"The two audits read other rows.": "a.csv, b.csv"},
    )
    words = first_page(report)
    assert "These two audits can't be compared" in words
    assert "The two audits read other rows. a.csv, b.csv" in words
    assert '<table class="data change">' not in render_html(report)
    assert front(report).notices[0].startswith("The baseline can't be compared with this audit")


def test_a_reason_that_lies_in_the_baseline_says_so() -> None:
    report = compared(
        change("new", reason="The check failed.", detail="it ran out of memory", before=None, difference=None)
    )
    with speaking("zh"):
        found = front(report).changes
        assert found is not None
        [row] = found.rows
    assert row.why == "基线中：该检查失败。It ran out of memory."
    assert "In the baseline: The check failed. It ran out of memory." in Page(render_html(report)).words


def test_a_number_for_context_is_counted_as_such() -> None:
    report = compared(change("no clear change", q=None, adjusted=None), change("no clear change", group="title case"))
    found = front(report).changes
    assert found is not None
    assert [row.kind for row in found.rows] == ["for context", "no clear change"]
    assert "1 without a clear change, 1 for context" in found.headline


def test_the_table_holds_so_many_changes_and_counts_the_others() -> None:
    report = compared(*(change("no clear change", group=f"g{place}") for place in range(MOST_ROWS + 7)))
    source = render_html(report)
    table = re.search(r'<table class="data change">(.*?)</table>', source, re.DOTALL)
    assert table is not None
    assert table.group(1).count("<tr>") == MOST_ROWS + 1
    assert "7 further numbers in the JSON record only." in Page(source).words
    assert "● Within limit → ▲ Exceeds limit" in Page(table.group(1)).words


def test_a_long_reason_is_cut_on_the_first_page_only() -> None:
    reason = "The rows differ. " * 30 + "That is all."
    report = compared(change("worse"), notes=(reason,))
    assert "That is all." not in first_page(report)
    assert "That is all." in Page(render_html(report)).words
