"""The Markdown summary: the same facts as the page, in a model card."""

from __future__ import annotations

from golden import FIXTURES, check_golden
from sample_report import clean_report, sample_report, small_report

from modelaudit.reports import render_markdown
from modelaudit.reports.front import STANDING
from modelaudit.reports.markdown import plain


def test_golden_summary() -> None:
    check_golden(FIXTURES / "report.md", render_markdown(small_report()))


def test_verdict_table_has_number_interval_limit_and_word() -> None:
    summary = render_markdown(sample_report())
    row = next(line for line in summary.splitlines() if "Changed answers: lower case" in line and line.startswith("|"))
    for part in ("21.4%", "18.9% to 23.9%", "at most 5.0%", "1,000 rows", "▲ Exceeds limit (high)"):
        assert part in row


def test_failures_come_before_findings() -> None:
    summary = render_markdown(sample_report())
    assert summary.index("Check failed: Rare words") < summary.index("▲ Exceeds limit, severity high")
    assert "Plugin failed: broken-checks" in summary


def test_an_empty_list_never_reads_as_praise() -> None:
    summary = render_markdown(clean_report())
    assert "No limit was exceeded by the 1 metric that was judged" in summary
    assert STANDING in summary


def test_plain_keeps_words_and_disarms_markup() -> None:
    assert plain("flip_rate at 5%") == "flip_rate at 5%"
    assert plain("a|b`c`<d>_e_\nf") == "a&#124;b&#96;c&#96;&#60;d&#62;&#95;e&#95;↵ f"
    assert plain("see https://x.example and www.x.example") == "see https&#58;//x.example and www&#46;x.example"
