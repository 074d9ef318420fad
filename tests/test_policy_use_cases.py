"""Limits by use case: which one judges, and what a reader is told of those that do not."""

from __future__ import annotations

import pytest

from modelaudit.errors import PolicyError
from modelaudit.policy import judge, limit_for
from modelaudit.reports.words import speaking, told
from policy_cases import DAY, completed, finding, limit, policy

ALL = limit("max = 0.1")
HIRING = limit('max = 0.3\nuse_cases = ["hiring", "promotion"]')
GROUP = limit('max = 0.5\ngroup = "x"')
BOTH = limit('max = 0.7\ngroup = "x"\nuse_cases = ["hiring"]')


@pytest.mark.parametrize(
    ("use_case", "group", "edge"),
    [
        (None, None, 0.1),
        ("chat", None, 0.1),
        ("hiring", None, 0.3),
        ("promotion", "y", 0.3),
        (None, "x", 0.5),
        ("promotion", "x", 0.5),
        ("hiring", "x", 0.7),
        ("  HIRING ", "x", 0.7),
    ],
)
def test_group_and_use_case_win_over_group_over_use_case_over_all(use_case, group, edge):
    rules, found = policy(ALL, HIRING, GROUP, BOTH), finding(0.2, 0.01, group=group)
    assert limit_for(rules, "test/a", found.metric, use_case).max == edge
    [verdict] = judge([completed(found)], rules, today=DAY, use_case=use_case).verdicts
    assert verdict.limit == f"at most {edge:g}"
    assert verdict.state == ("exceeds limit" if edge == 0.1 else "within limit")


def test_limits_of_other_use_cases_judge_nothing_are_not_idle_and_are_listed():
    rules = policy(ALL, HIRING, limit('max = 0.01\nuse_cases = ["chat"]\nrequired = true', metric="other"))
    judgement = judge([completed(finding(0.02, 0.01))], rules, today=DAY)
    assert [verdict.state for verdict in judgement.verdicts] == ["within limit"]
    assert judgement.idle_limits == ()
    assert judgement.other_use_cases == (
        "test/a rate for hiring, promotion: no use case is declared.",
        "test/a other for chat: no use case is declared.",
    )
    declared = judge([completed(finding(0.02, 0.01))], rules, today=DAY, use_case="chat")
    assert declared.other_use_cases == ("test/a rate for hiring, promotion: the declared use case is chat.",)
    assert declared.gate.reasons == ("test/a other for chat is required but did not run",)
    assert declared.idle_limits == ("test/a other for chat: the check ran and gave no such metric.",)


def test_a_metric_that_only_other_uses_limit_is_not_assessed_and_says_so():
    [verdict] = judge([completed(finding(0.9, 0.01))], policy(HIRING), today=DAY).verdicts
    assert (verdict.state, verdict.limit) == ("not assessed", None)
    assert verdict.reason == ("The policy limits this metric only for uses that are not declared (hiring, promotion).")


def test_what_the_limit_for_all_requires_is_required_of_a_use_case_as_well_unless_a_reason_is_given():
    general = limit("max = 0.1\nrequired = true")
    for use_case in (None, "hiring"):
        assert judge([], policy(general, HIRING), today=DAY, use_case=use_case).gate.exit_code == 3
        unclear = judge([completed(finding(0.2, 0.2))], policy(general, HIRING), today=DAY, use_case=use_case)
        assert unclear.gate.exit_code == 3
    reasoned = policy(general, HIRING + 'override_reason = "Nobody is refused by a draft."')
    assert judge([], reasoned, today=DAY, use_case="hiring").gate.exit_code == 0
    assert judge([], policy(general, GROUP, BOTH), today=DAY, use_case="hiring").gate.reasons == (
        "test/a rate is required but did not run",
    )


REQUIRED = limit('max = 0.1\nrequired = true\nuse_cases = ["hiring"]')


@pytest.mark.parametrize(
    ("use_case", "value", "says"),
    [
        ("hiring", 0.5, "test/a rate exceeds its limit (at most 0.1)"),
        ("hiring", 0.01, None),
        ("hirng", 0.5, "test/a rate for hiring is required but the policy knows no use case called hirng"),
        ("hirng", 0.01, "test/a rate for hiring is required but the policy knows no use case called hirng"),
        (None, 0.5, "test/a rate for hiring is required but no use case is declared"),
        ("chat", 0.5, None),
    ],
)
def test_a_slip_in_the_use_case_does_not_make_what_is_required_disappear(use_case, value, says):
    rules = policy(REQUIRED, limit('max = 0.9\nuse_cases = ["chat"]'))
    gate = judge([completed(finding(value, 0.01))], rules, today=DAY, use_case=use_case).gate
    assert gate.reasons == (() if says is None else (says,))
    assert gate.exit_code == (0 if says is None else 1 if "exceeds" in says else 3)


@pytest.mark.parametrize("use_case", ["hirng", None])
def test_why_the_gate_does_not_hold_is_said_in_chinese_as_well(use_case):
    [reason] = judge([completed(finding(0.5, 0.01))], policy(REQUIRED), today=DAY, use_case=use_case).gate.reasons
    with speaking("zh"):
        assert told(reason).text.startswith("政策要求 test/a rate for hiring，但")


def test_a_policy_without_a_limit_is_refused_and_one_that_takes_them_over_is_not():
    with pytest.raises(PolicyError, match=r"sets no limit, so its gate would hold whatever is found"):
        policy("limit = []")
    assert policy(head='extends = "starter"').limit


@pytest.mark.parametrize(
    "rules",
    [
        (ALL, ALL),
        (HIRING, limit('max = 0.2\nuse_cases = ["hiring"]')),
        (HIRING, limit('max = 0.2\nuse_cases = ["Promotion "]')),
        (BOTH, BOTH),
    ],
)
def test_two_limits_on_one_metric_group_and_use_case_are_refused(rules):
    with pytest.raises(PolicyError, match="two limits on test/a rate"):
        policy(*rules)


def test_a_use_case_without_a_name_is_refused():
    with pytest.raises(PolicyError, match="use case without a name"):
        policy(limit('max = 0.2\nuse_cases = [" \u200b"]'))
    with pytest.raises(PolicyError, match=r"'use_cases' of limit 1 \(test/a rate\)"):
        policy(limit('max = 0.2\nuse_cases = "hiring"'))
