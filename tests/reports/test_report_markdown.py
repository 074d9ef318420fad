"""The Markdown summary: the same facts as the page, in a model card."""

from __future__ import annotations

import re

from golden import FIXTURES, check_golden
from sample_report import clean_report, sample_report, small_report

from modelaudit.reports import render_markdown
from modelaudit.reports.front import standing
from modelaudit.reports.markdown import plain
from modelaudit.reports.words import speaking


def test_golden_summary() -> None:
    check_golden(FIXTURES / "report.md", render_markdown(small_report()))


def test_verdict_table_has_number_interval_limit_and_word() -> None:
    summary = render_markdown(sample_report())
    row = next(line for line in summary.splitlines() if "Changed answers: lower case" in line and line.startswith("|"))
    for part in ("21.4%", "18.9% to 23.9%", "at most 5.0%", "1,000 rows", "▲ Exceeds limit, high severity"):
        assert part in row


def test_failures_come_before_findings() -> None:
    summary = render_markdown(sample_report())
    assert summary.index("Check failed: Rare words") < summary.index("▲ Exceeds limit, high severity")
    assert "Plugin failed: broken-checks" in summary


def test_an_empty_list_never_reads_as_praise() -> None:
    summary = render_markdown(clean_report())
    assert "No limit was exceeded by the 1 metric that was judged" in summary
    assert standing() in summary


def figures(summary: str) -> list[list[str]]:
    """Return the numbers of each row of the table of verdicts, without those in names."""
    rows = [line.split("|")[3:8] for line in summary.splitlines() if line.count("|") == 8]
    return [re.findall(r"\d[\d.,]*%?", " ".join(row)) for row in rows[2:]]


def test_chinese_states_the_same_numbers() -> None:
    english = render_markdown(sample_report())
    with speaking("zh"):
        chinese = render_markdown(sample_report())
        assert standing() in chinese
    assert "需要决定的事项" in chinese
    assert figures(english) == figures(chinese)
    assert ["21.4%", "18.9%", "23.9%", "1,000", "5.0%"] in figures(english)


def test_the_summary_names_its_record() -> None:
    report = small_report()
    assert f"`{report.digest}`" in render_markdown(report)


def test_plain_keeps_words_and_disarms_markup() -> None:
    assert plain("flip_rate at 5%") == "flip_rate at 5%"
    assert plain("a|b`c`<d>_e_\nf") == "a&#124;b&#96;c&#96;&#60;d&#62;&#95;e&#95;↵ f"
    assert plain("see https://x.example and www.x.example") == "see https&#58;//x.example and www&#46;x.example"
