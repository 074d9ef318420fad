"""The policies that come with modelaudit, required checks, and judging a saved report again."""

from __future__ import annotations

import datetime as dt
import inspect
from pathlib import Path

import pytest

from modelaudit.checkers import modelaudit_checkers
from modelaudit.errors import PolicyError
from modelaudit.policy import judge, rejudged
from modelaudit.policy_file import load_policy, shipped_policies, shipped_text
from modelaudit.reports import load_report
from modelaudit.results import CheckResult
from policy_cases import DAY, completed, finding, info, limit, policy
from reports.sample_report import sample_report

FIXTURE = Path(__file__).parent / "reports" / "fixtures" / "report-1.0.json"
BANNED = ("compliant", "certified", "no bias", "unbiased", "anonymous", " safe ", "guarantees that")
REQUIRE = '[[require]]\nchecker = "test/a"\nrationale = "The test asks for it."\nsource = "these tests"\n'


def test_each_is_found_by_its_name_is_unreviewed_and_states_reasons():
    assert set(shipped_policies()) == {
        "starter", "internal-screening", "eu-ai-act-high-risk", "nist-ai-rmf", "china-interim-measures",
    }  # fmt: skip
    assert load_policy() == load_policy("starter")
    for name in shipped_policies():
        loaded = load_policy(name)
        assert (loaded.id, loaded.reviewed, loaded.approved_by) == (name, False, "")
        assert len(loaded.limit) >= len(load_policy().limit) > 40
        for entry in (*loaded.limit, *loaded.require):
            assert len(entry.rationale) > 40
            assert len(entry.source) > 20
        assert not [word for word in BANNED if word in shipped_text(name).lower()]


@pytest.mark.parametrize(
    ("name", "law"),
    [
        ("eu-ai-act-high-risk", "2024/1689, Art. "),
        ("nist-ai-rmf", "NIST AI 100-1, M"),
        ("china-interim-measures", "Art. "),
    ],
)
def test_one_for_a_framework_names_the_clause_the_day_and_that_no_number_is_set(name, law):
    loaded = load_policy(name)
    assert len(loaded.require) >= 5
    assert "no number" in loaded.note
    for requirement in loaded.require:
        assert law in requirement.source
        assert "mapping of 2026-08-01" in requirement.source
        assert "no number" in requirement.rationale or "sets a number" in requirement.rationale
        assert requirement.where_applicable


def test_no_shipped_limit_or_requirement_names_a_check_or_a_metric_that_is_not_there():
    known = {item.info.id: item for item in modelaudit_checkers()}
    limited = set()
    for name in shipped_policies():
        for requirement in load_policy(name).require:
            assert requirement.checker in known
        for entry in load_policy(name).limit:
            checker = known[entry.checker]
            folder = Path(inspect.getfile(type(checker))).parent
            source = "".join(path.read_text(encoding="utf-8") for path in folder.rglob("*.py"))
            assert entry.metric in checker.info.metrics or f'"{entry.metric}"' in source
            limited.add(entry.checker)
    assert limited == set(known)


def test_a_file_that_is_there_wins_over_a_shipped_name(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "nist-ai-rmf").mkdir()
    assert load_policy("nist-ai-rmf").id == "nist-ai-rmf"
    (tmp_path / "starter").write_text(shipped_text("starter").replace('id = "starter"', 'id = "mine"'))
    assert load_policy("starter").id == "mine"
    assert load_policy(Path("eu-ai-act-high-risk")).extends == "starter"


def test_an_unknown_name_is_answered_with_those_that_there_are():
    with pytest.raises(PolicyError, match=r"Did you mean eu-ai-act-high-risk\?.*starter, internal-screening"):
        load_policy("eu-ai-act-high")
    with pytest.raises(PolicyError, match="no shipped policy is called x"):
        shipped_text("x")
    with pytest.raises(PolicyError, match="names no file"):
        load_policy("a\0b")


@pytest.mark.parametrize("name", shipped_policies())
def test_each_judges_a_whole_report(name):
    report = rejudged(sample_report(), load_policy(name), today=DAY)
    assert report.policy.id == name
    assert report.judgement.gate.exit_code == 4
    assert {verdict.state for verdict in report.judgement.verdicts} >= {"exceeds limit", "inconclusive", "within limit"}


def test_judging_again_needs_no_model_takes_use_case_and_model_and_says_that_it_came_after():
    before = sample_report()
    declared = before.subject.declared.model_copy(update={"use_case": "Triage"})
    report = before.model_copy(update={"subject": before.subject.model_copy(update={"declared": declared})})
    loose = '[[limit]]\nchecker = "modelaudit/perturbation"\nmetric = "flip_rate"\nmax = {}\nuse_cases = [{}]\n'
    loose += 'rationale = "A limit for the tests."\nsource = "these tests"\n'
    rules = policy(loose.format(0.01, ""), loose.format(1.0, '"triage"'))
    again = rejudged(report, rules, today=DAY)
    flips = {verdict.limit for verdict in again.judgement.verdicts if verdict.metric == "flip_rate"}
    assert flips == {"at most 1"}
    assert again.judgement.judged_again
    assert not before.judgement.judged_again
    assert again.digest != report.digest
    assert again.results == report.results


def test_judging_again_by_the_same_policy_on_a_later_day_is_said_to_be_the_same_policy():
    before = sample_report()
    later = rejudged(before, before.policy, today=dt.date(2028, 1, 1))
    assert not later.judgement.judged_again
    assert "accepted risk" in {verdict.state for verdict in before.judgement.verdicts}
    assert "accepted risk" not in {verdict.state for verdict in later.judgement.verdicts}


def test_an_older_record_is_read_and_judged_by_a_new_policy():
    old = load_report(FIXTURE)
    assert old.policy.waiver[0].approver == ""
    assert rejudged(old, load_policy("nist-ai-rmf"), today=DAY).judgement.judged_again


def skip(status):
    return CheckResult(checker=info(), status=status, reason="no training rows")


@pytest.mark.parametrize(
    ("results", "says"),
    [
        ([completed(finding(0.01, 0.01))], None),
        ([completed(finding(0.5, 0.01))], "exceeds its limit"),
        ([completed(finding(0.1, 0.05))], "test/a rate is required but inconclusive"),
        ([skip("skipped")], "test/a is required but not assessed"),
        ([skip("not applicable")], "test/a is required but is not applicable: no training rows"),
        ([completed(finding(0.01, 0.01), checker="test/b")], "test/a is required but is no check of this audit"),
        ([completed(finding(0.01, 0.01, metric="other"))], "test/a is required but none of its metrics has a limit"),
    ],
)
def test_a_required_check_has_to_give_an_answer(results, says):
    gate = judge(results, policy(limit("max = 0.1"), REQUIRE), today=DAY).gate
    assert gate.exit_code == (0 if says is None else 1 if "exceeds" in says else 3)
    assert any(says in reason for reason in gate.reasons) if says else gate.reasons == ()


def test_a_check_required_where_it_applies_may_say_that_it_does_not_and_nothing_else():
    rules = policy(limit("max = 0.1"), REQUIRE.replace("[[require]]", "[[require]]\nwhere_applicable = true"))
    assert judge([skip("not applicable")], rules, today=DAY).gate.exit_code == 0
    assert judge([skip("skipped")], rules, today=DAY).gate.exit_code == 3
    assert judge([], rules, today=DAY).gate.exit_code == 3
