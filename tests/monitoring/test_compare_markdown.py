"""The comment on a pull request: what a reader sees first, what is cut, and that nobody's words do anything in it."""

from __future__ import annotations

import re
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parent))

from pairs_of_reports import HARM, checked, number, report

from modelaudit.monitoring import compare
from modelaudit.reports.change_words import headline
from modelaudit.reports.changes_markdown import END, START, render_changes
from modelaudit.reports.words import speaking
from modelaudit.verdicts import Limit

LIMIT = {"checker": "acme/made", "metric": "flip_rate", "rationale": "Few may change.", "source": "these tests"}


def rows_of(text):
    lines = [line for line in text.splitlines() if line.startswith("| ") and not line.startswith("| ---")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


@pytest.fixture
def worse():
    limit = {"policy__limit": (Limit(**LIMIT, max=0.15),)}
    before = report(checked(number(0.1, group="typos"), number(0.1, group="case")), **limit)
    return compare(before, report(checked(number(0.2, group="typos"), number(0.1, group="case")), **limit))


def test_the_first_line_counts_and_the_table_begins_with_the_worst(worse):
    text = render_changes(worse)
    assert text.startswith(START)
    assert text.endswith(f"{END}\n")
    assert "**Clearly worse: 1 worse, 1 without a clear change, 1 now exceeds its limit.**" in text
    _, first, second = rows_of(text)
    assert first[:4] == ["▲ worse", "Changed answers: typos", "10.0%", "20.0%"]
    assert re.fullmatch(r"\+10\.0\spoints \(\+6\.\d to \+13\.\d\)", first[4])
    assert first[5] == "4.0\u00a0points"
    assert first[6] == "●\u00a0Within limit → ▲\u00a0Exceeds limit"
    assert second[0] == "≈ no clear change"
    assert worse.baseline_digest in text
    assert worse.after_digest in text


def test_a_refusal_says_why_and_shows_no_table():
    comparison = compare(report(checked(number(0.1))), report(checked(number(0.3)), subject__task="other | task"))
    text = render_changes(comparison)
    assert "can't be compared" in text.splitlines()[4]
    assert "different tasks. text-classification → other &#124; task" in text
    assert rows_of(text) == []


def test_a_lost_answer_is_in_the_first_line():
    failed = checked(status="errored", reason="it broke")
    text = render_changes(compare(report(checked(number(0.1))), report(failed)))
    assert "**An answer is lost: 1 lost (its check failed, or the policy requires it and it had an answer).**" in text
    assert "✕ lost. The check failed. It broke." in text


def test_numbers_of_one_name_stand_with_their_check():
    def audit(value):
        others = number(0.1, id="other_rate", group="case")
        first = checked(number(value, group="typos"), number(0.1, group="case"), others)
        return report(first, checked(number(0.1, group="typos"), name="acme/other"))

    rows = rows_of(render_changes(compare(audit(0.1), audit(0.2))))
    assert sorted(row[1] for row in rows[1:]) == [
        "Changed answers: case (acme/made: flip_rate)",
        "Changed answers: case (acme/made: other_rate)",
        "Changed answers: typos (acme/made)",
        "Changed answers: typos (acme/other)",
    ]


def test_a_limit_that_is_newly_exceeded_is_said_first_where_nothing_is_clear():
    limit = {"policy__limit": (Limit(**LIMIT, max=0.10),)}
    comparison = compare(report(checked(number(0.115)), **limit), report(checked(number(0.125)), **limit))
    said = "A limit is newly exceeded, though no change is clear for the worse: 1 without a clear change, 1 now exceeds"
    assert headline(comparison).startswith(said)
    with speaking("zh"):
        assert "有数值新超出限值" in headline(comparison)


def test_thirty_rows_are_shown_and_the_rest_is_counted():
    many = [number(0.1, group=f"g{place:02}") for place in range(45)]
    text = render_changes(compare(report(checked(*many)), report(checked(*many))))
    assert len(rows_of(text)) == 1 + 30
    assert "and 15 more numbers, the least grave" in text


def test_it_speaks_chinese(worse):
    with speaking("zh"):
        text = render_changes(worse)
        refused = headline(compare(report(checked(number(0.1))), report(subject__task="x")))
    assert "明确变差：1 个变差、1 个无明确变化、1 个新超出限值。" in text
    assert "●\u00a0在限值之内 → ▲\u00a0超出限值" in text
    assert "不可比较" in refused
    for word in ("Clearly", "worse", "Before", "interval", "Exceeds"):
        assert word not in text


def test_words_of_strangers_stay_words():
    before = report(checked(number(0.1, group=HARM), options={HARM: "1"}), text=HARM)
    options = checked(number(0.1, group=HARM), options={HARM: "2"})
    errored = checked(status="errored", reason=HARM)
    for after in (options, checked(number(0.3, group=HARM), options={HARM: "1"}), errored):
        text = render_changes(compare(before, report(after, text=HARM, settings__seed=9)))
        body = text.removeprefix(START).removesuffix(f"{END}\n")
        assert "<" not in body
        assert "\u202e" not in body
        assert "](" not in body
        assert len({len(row) for row in rows_of(text)}) == 1


def test_the_same_comparison_gives_the_same_bytes(worse):
    assert render_changes(worse) == render_changes(worse.model_copy(deep=True))
