"""Verdicts: what a reader is told must follow from the interval, the limit and the size of the family."""

from __future__ import annotations

import datetime as dt

import pytest
from hypothesis import given
from hypothesis import strategies as st

from modelaudit.errors import PolicyError
from modelaudit.policy import judge
from modelaudit.policy_file import load_policy, parse_policy
from modelaudit.results import CheckerInfo, CheckResult, Finding, Metric, Risk
from modelaudit.statistics import normal

DAY = dt.date(2026, 11, 24)
HEAD = 'schema = "modelaudit.policy/1"\nid = "t"\nversion = "1"\n'
LIMIT = """
[[limit]]
checker = "test/a"
metric = "rate"
{rule}
rationale = "A limit for the tests."
source = "these tests"
"""
REQUIRE = '[[require]]\nchecker = "test/a"\nrationale = "The test asks for it."\nsource = "these tests"\n'


def policy(rule: str = "max = 0.1", more: str = ""):
    return parse_policy((HEAD + LIMIT.format(rule=rule) + more).encode(), where="the test policy")


def info(name: str = "test/a", risk: Risk = Risk.ROBUSTNESS) -> CheckerInfo:
    return CheckerInfo(id=name, version="1", risk=risk, title="A", question="Q?", summary="S.")


def finding(value: float, se: float, *, group: str | None = None, primary: bool = True, confounded: str | None = None):
    metric = Metric.of(
        normal(value, se, n=100, method="normal"),
        id="rate", title="Rate", unit="share", better="lower", primary=primary, group=group,
    )  # fmt: skip
    return Finding(metric=metric, statement="A statement.", confounded=confounded)


def completed(*findings: Finding, checker: CheckerInfo | None = None) -> CheckResult:
    return CheckResult(checker=checker or info(), status="completed", findings=findings)


def only(judgement):
    assert len(judgement.verdicts) == 1
    return judgement.verdicts[0]


@pytest.mark.parametrize(
    ("value", "se", "state"),
    [
        (0.2, 0.02, "exceeds limit"),
        (0.02, 0.02, "within limit"),
        (0.12, 0.05, "inconclusive"),
        (0.09, 0.05, "inconclusive"),
    ],
)
def test_verdict_follows_the_interval_and_not_the_point(value, se, state):
    assert only(judge([completed(finding(value, se))], policy(), today=DAY)).state == state


@pytest.mark.parametrize(
    ("rule", "value", "state"),
    [
        ("min = 0.8", 0.5, "exceeds limit"),
        ("min = 0.8", 0.95, "within limit"),
        ("within = 0.1", -0.3, "exceeds limit"),
        ("within = 0.1", 0.3, "exceeds limit"),
        ("within = 0.1", 0.0, "within limit"),
        ("within = 0.1", -0.1, "inconclusive"),
        ("min = 0.45\nmax = 0.55", 0.2, "exceeds limit"),
        ("min = 0.45\nmax = 0.55", 0.8, "exceeds limit"),
        ("min = 0.45\nmax = 0.55", 0.5, "within limit"),
        ("min = 0.45\nmax = 0.55", 0.45, "inconclusive"),
    ],
)
def test_each_kind_of_limit_has_its_own_direction(rule, value, state):
    assert only(judge([completed(finding(value, 0.02))], policy(rule), today=DAY)).state == state


@pytest.mark.parametrize(
    ("rule", "value", "severity"),
    [
        ("max = 0.1\nseverity = { medium = 0.2, high = 0.3 }", 0.5, "high"),
        ("min = 0.8\nseverity = { medium = 0.7, high = 0.5 }", 0.6, "medium"),
        ("min = 0.8\nseverity = { medium = 0.7, high = 0.5 }", 0.3, "high"),
        ("within = 0.1\nseverity = { medium = 0.2, high = 0.3 }", -0.26, "medium"),
        ("min = 0.45\nmax = 0.55\nseverity = { medium = 0.6, high = 0.7 }", 0.35, "medium"),
        ("min = 0.45\nmax = 0.55\nseverity = { medium = 0.6, high = 0.7 }", 0.2, "high"),
        ("min = 0.45\nmax = 0.55\nseverity = { medium = 0.6, high = 0.7 }", 0.58, "low"),
        ("max = 0.1\nseverity = { medium = 0.2, critical = 0.3 }", 0.5, "critical"),
        ("max = 0.1\nseverity = { medium = 0.2, high = 0.3, critical = 0.4 }", 0.35, "high"),
        ("min = 0.8\nseverity = { high = 0.5, critical = 0.4 }", 0.3, "critical"),
        ("within = 0.1\nseverity = { critical = 0.3 }", -0.4, "critical"),
        ("within = 0.1\nseverity = { critical = 0.3 }", -0.2, "low"),
    ],
)
def test_severity_is_mirrored_below_a_lower_edge(rule, value, severity):
    assert only(judge([completed(finding(value, 0.005))], policy(rule), today=DAY)).severity == severity


@pytest.mark.parametrize("rule", ["max = 0.0", "min = 0.0", "within = 0.0"])
@pytest.mark.parametrize("nearest", [0.0, 1e-12, 0.3])
def test_what_is_critical_at_once_is_so_by_however_little(rule, nearest):
    limit = policy(f"{rule}\nseverity = {{ critical = 0.0 }}").limit[0]
    sign = -1.0 if rule.startswith("min") else 1.0
    for rounding in (0.0, 1e-17):
        ends = sorted((sign * (nearest - rounding), sign * 2.0))
        assert limit.severity_of((ends[0], ends[1])) == "critical"


def test_the_starter_policy_calls_a_refuted_epsilon_critical_and_nothing_else():
    steps = {limit.metric: limit.severity for limit in load_policy().limit if "critical" in limit.severity}
    assert steps == {"epsilon_beyond_claim": {"critical": 0.0}}


def test_verdicts_are_ordered_by_severity():
    rule = "max = 0.1\nseverity = { medium = 0.2, high = 0.3, critical = 0.4 }"
    values = (0.5, 0.35, 0.25, 0.15, 0.05)
    verdicts = [only(judge([completed(finding(value, 0.005))], policy(rule), today=DAY)) for value in values]
    assert [verdict.severity for verdict in verdicts] == ["critical", "high", "medium", "low", None]
    assert [verdict.grade for verdict in verdicts] == [4, 3, 2, 1, 0]


def test_one_weak_alarm_among_many_tests_is_not_an_alarm():
    alone = judge([completed(finding(0.145, 0.02))], policy(), today=DAY)
    assert only(alone).state == "exceeds limit"
    crowd = [finding(0.145, 0.02, group="weak")] + [finding(0.05, 0.02, group=str(k)) for k in range(60)]
    judgement = judge([completed(*crowd)], policy(), today=DAY)
    assert judgement.family_size == 61
    weak = next(verdict for verdict in judgement.verdicts if verdict.group == "weak")
    assert weak.state == "inconclusive"
    assert judgement.gate.exit_code == 0


def test_an_exceeded_limit_shows_the_wider_adjusted_interval_and_severity_is_read_from_it():
    rule = "max = 0.1\nseverity = { medium = 0.2, high = 0.3 }"
    crowd = [finding(0.25, 0.02, group="x")] + [finding(0.02, 0.02, group=str(k)) for k in range(20)]
    judgement = judge([completed(*crowd)], policy(rule), today=DAY)
    verdict = next(verdict for verdict in judgement.verdicts if verdict.group == "x")
    assert verdict.adjusted[0] < verdict.interval[0] < 0.25 < verdict.interval[1] < verdict.adjusted[1]
    assert verdict.interval[0] > 0.2 > verdict.adjusted[0]
    assert verdict.severity == "low"


@given(
    values=st.lists(st.floats(-0.5, 0.5), min_size=1, max_size=12),
    se=st.floats(0.005, 0.1),
    rule=st.sampled_from(["max = 0.1", "min = 0.1", "within = 0.1"]),
)
def test_no_metric_is_said_to_exceed_a_limit_that_its_interval_touches(values, se, rule):
    findings = [finding(value, se, group=str(place)) for place, value in enumerate(values)]
    for verdict in judge([completed(*findings)], policy(rule), today=DAY).verdicts:
        low, high = verdict.adjusted or verdict.interval
        beyond = {"max": low > 0.1, "min": high < 0.1, "wit": low > 0.1 or high < -0.1}[rule[:3]]
        if verdict.state == "exceeds limit":
            assert beyond
            assert verdict.adjusted[0] <= verdict.interval[0] < verdict.interval[1] <= verdict.adjusted[1]


def test_an_inconclusive_verdict_says_from_where_on_the_data_could_have_told():
    verdict = only(judge([completed(finding(0.12, 0.05))], policy(), today=DAY))
    assert verdict.separable == pytest.approx(0.1 + (1.96 + 0.8416) * 0.05, abs=1e-3)
    assert "about 0.24 or more could have been told" in verdict.reason
    least = only(judge([completed(finding(0.12, 0.05))], policy("min = 0.1"), today=DAY))
    assert (least.separable, least.separable_below) == (None, pytest.approx(0.1 - (1.96 + 0.8416) * 0.05, abs=1e-3))
    assert "about -0.0401 or less could have been told" in least.reason
    both = only(judge([completed(finding(0.1, 0.05))], policy("within = 0.1"), today=DAY))
    assert "-0.24 or less or 0.24 or more" in both.reason


def test_beyond_the_limit_but_not_with_all_tests_counted_is_said_so():
    crowd = [finding(0.1 + 0.044, 0.02, group="weak")] + [finding(0.05, 0.02, group=str(k)) for k in range(60)]
    judgement = judge([completed(*crowd)], policy(), today=DAY)
    weak = next(verdict for verdict in judgement.verdicts if verdict.group == "weak")
    assert weak.interval[0] > 0.1
    assert "not with all 61 tests" in weak.reason


def test_supporting_metrics_are_judged_only_where_the_limit_is_meant_for_them():
    beside = completed(finding(0.05, 0.01, group="main"), finding(0.9, 0.01, group="stress", primary=False))
    assert [verdict.group for verdict in judge([beside], policy(), today=DAY).verdicts] == ["main"]
    named = judge([beside], policy('max = 0.1\ngroup = "stress"'), today=DAY)
    assert {verdict.group: verdict.state for verdict in named.verdicts} == {
        "main": "not assessed",
        "stress": "exceeds limit",
    }
    alone = completed(finding(0.9, 0.01, primary=False))
    assert only(judge([alone], policy(), today=DAY)).state == "exceeds limit"
    assert judge([alone], policy().model_copy(update={"limit": ()}), today=DAY).verdicts == ()


def test_a_required_limit_on_a_group_is_not_met_by_another_group():
    required = policy('max = 0.1\nrequired = true\ngroup = "x"')
    other = judge([completed(finding(0.01, 0.01, group="y"))], required, today=DAY)
    assert other.gate.exit_code == 3
    assert "test/a rate (x) is required but did not run" in other.gate.reasons
    assert judge([completed(finding(0.01, 0.01, group="x"))], required, today=DAY).gate.exit_code == 0


def test_a_limit_that_judges_nothing_is_named():
    misspelt = LIMIT.format(rule="max = 0.1").replace('"test/a"', '"test/aa"')
    absent = LIMIT.format(rule="max = 0.1").replace('"rate"', '"ratio"')
    other_group = LIMIT.format(rule='max = 0.1\ngroup = "x"')
    judgement = judge([completed(finding(0.01, 0.01))], policy(more=misspelt + absent + other_group), today=DAY)
    assert judgement.idle_limits == (
        "test/aa rate: no check of this audit is called test/aa.",
        "test/a ratio: the check ran and gave no such metric.",
        "test/a rate (x): the check ran and gave no such metric.",
    )
    skipped = CheckResult(checker=info(), status="skipped", reason="no training rows")
    assert judge([skipped], policy(more=absent), today=DAY).idle_limits == ()


def test_a_confounded_finding_is_inconclusive_and_leaves_the_family():
    judgement = judge([completed(finding(0.9, 0.01, confounded="the two sets differ"))], policy(), today=DAY)
    assert only(judgement).state == "inconclusive"
    assert "the two sets differ" in only(judgement).reason
    assert judgement.family_size == 0
    assert judgement.families[0].state == "incomplete"


def test_a_failed_checker_is_never_a_pass():
    failed = CheckResult(checker=info("test/b"), status="errored", reason="ValueError: boom")
    judgement = judge([completed(finding(0.02, 0.02)), failed], policy(), today=DAY)
    family = judgement.families[0]
    assert (family.state, family.incomplete, family.counts["failed"]) == ("incomplete", True, 1)
    assert judgement.gate.exit_code == 4
    assert "boom" in judgement.gate.reasons[0]


def test_exit_codes_gravest_first():
    failed = CheckResult(checker=info("test/b"), status="errored", reason="boom")
    exceeding = completed(finding(0.5, 0.01))
    assert judge([exceeding], policy(), today=DAY).gate.exit_code == 1
    assert judge([exceeding, failed], policy(), today=DAY).gate.exit_code == 4
    required = policy("max = 0.1\nrequired = true")
    assert judge([completed(finding(0.1, 0.05))], required, today=DAY).gate.exit_code == 3
    assert judge([completed(finding(0.01, 0.01))], required, today=DAY).gate.exit_code == 0
    skipped = CheckResult(checker=info(), status="skipped", reason="no training rows")
    assert judge([skipped], required, today=DAY).gate.exit_code == 3
    assert judge([], required, today=DAY).gate.exit_code == 3
    assert judge([skipped], policy(), today=DAY).gate.exit_code == 0


def waiver(**fields) -> str:
    rows = {"created": "2026-08-01", "expires": "2027-01-01", "ceiling": "0.6", **fields}
    return "\n".join(
        ["[[waiver]]", 'id = "W-1"', 'checker = "test/a"', 'metric = "rate"', 'owner = "Ada"']
        + ['approver = "Bo"', 'reason = "People review each case."']
        + [f"{key} = {value}" for key, value in rows.items()]
    )


@pytest.mark.parametrize(
    ("fields", "state"),
    [
        ({}, "accepted risk"),
        ({"expires": "2026-11-23"}, "exceeds limit"),
        ({"created": "2026-12-01"}, "exceeds limit"),
        ({"ceiling": "0.4"}, "exceeds limit"),
        ({"ceiling": "0.6"}, "accepted risk"),
        ({"group": '"another"'}, "exceeds limit"),
    ],
)
def test_a_waiver_holds_only_while_its_terms_do(fields, state):
    judgement = judge([completed(finding(0.5, 0.01))], policy(more=waiver(**fields)), today=DAY)
    assert only(judgement).state == state
    assert judgement.gate.exit_code == (0 if state == "accepted risk" else 1)
    assert judgement.families[0].state == state


def test_the_limit_that_names_a_group_wins_over_the_general_one():
    more = LIMIT.format(rule='max = 0.9\ngroup = "loose"')
    judgement = judge(
        [completed(finding(0.5, 0.01, group="loose"), finding(0.5, 0.01, group="x"))], policy(more=more), today=DAY
    )
    assert {verdict.group: verdict.state for verdict in judgement.verdicts} == {
        "loose": "within limit",
        "x": "exceeds limit",
    }


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (HEAD + "limit = []\nlimits = []", "unknown key 'limits'"),
        (HEAD + LIMIT.format(rule="max = 0.1\nmaximum = 2"), "unknown key 'maximum' of limit 1 (test/a rate)"),
        (HEAD + LIMIT.format(rule="max = 0.1\nwithin = 0.0"), "max, min or both, or within alone"),
        (HEAD + LIMIT.format(rule="max = 0.1\nmin = 0.1"), "min 0.1 not below max 0.1"),
        (HEAD + "level = 0.99\n" + LIMIT.format(rule="max = 0.1"), "set q to 0.01 or less"),
        (HEAD + LIMIT.format(rule="# no edge"), "max, min or both, or within alone"),
        (
            HEAD + LIMIT.format(rule="max = 0.1").replace("rationale", "# rationale"),
            "'rationale' of limit 1 (test/a rate) is missing",
        ),
        (
            HEAD + LIMIT.format(rule="max = 0.1").replace("A limit for the tests.", "Law."),
            "'rationale' of limit 1 (test/a rate) is too short: it tells a reader of the report why it is asked for, "
            "in at least 10 characters.",
        ),
        (HEAD + LIMIT.format(rule='max = "5%"'), "is no number. Write it as a number without quotes, such as 0.05"),
        (
            HEAD + 'extends = "startr"',
            "the test policy: 'extends': policy startr is no file and no shipped policy. Did",
        ),
        (HEAD + LIMIT.format(rule="max = 0.1") * 2, "two limits on test/a rate"),
        ("id = ", "not valid TOML"),
        (HEAD + LIMIT.format(rule="max = nan"), "'max' of limit 1"),
        (HEAD + "limit = []\n" + waiver(expires="2025-01-01"), "not after created"),
    ],
)
def test_a_faulty_policy_is_refused_in_one_sentence(text, says):
    with pytest.raises(PolicyError, match="the test policy") as caught:
        parse_policy(text.encode(), where="the test policy")
    assert says in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_starter_policy_gives_a_reason_and_a_source_for_each_limit():
    starter = load_policy()
    assert len(starter.limit) >= 8
    assert all(len(limit.rationale) > 40 and len(limit.source) > 20 for limit in starter.limit)
    assert len(starter.sha256) == 64


def test_a_policy_file_that_is_not_there_is_named(tmp_path):
    with pytest.raises(PolicyError, match=r"nowhere\.toml can't be read: there is no such file"):
        load_policy(tmp_path / "nowhere.toml")
    with pytest.raises(PolicyError, match="can't be read"):
        load_policy(tmp_path)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (LIMIT.format(rule="maxx = 0.1"), "unknown key 'maxx' of limit 1 (test/a rate). Did you mean 'max'?"),
        ("limits = []", "unknown key 'limits'. Did you mean 'limit'?"),
        ('aproved_by = "X"\nlimit = []', "unknown key 'aproved_by'. Did you mean 'approved_by'?"),
        (LIMIT.format(rule="max = 0.1\nseverity = { hihg = 0.2 }"), "'severity.hihg' of limit 1"),
        (LIMIT.format(rule="max = 0.1\nseverity = { hihg = 0.2 }"), "Did you mean 'high'?"),
        (
            LIMIT.format(rule="max = 0.1") + '[[require]]\nchecks = "a/b"',
            "'checks' of require 1. Did you mean 'checker'?",
        ),
        (LIMIT.format(rule="max = 0.1\nzzzzqqq = 1"), "Correct its spelling or remove it"),
        ("limit = [1]", "limit 1: "),
        ('limit = ["checker"]', "limit 1: "),
        ("limit = 7", "'limit': "),
        ("limit = []\napproved_on = 2026-01-01", "approved_on and no approved_by"),
        ('limit = []\napproved_by = " "', "or a blank one. Say who approved it"),
        ('limit = []\napproved_by = "\u200b"', "or a blank one. Say who approved it"),
        ("limit = []\n" + REQUIRE * 2, "requires test/a twice"),
        ('limit = []\nextends_sha256 = "a"', "unknown key 'extends_sha256'"),
    ],
)
def test_an_unknown_key_is_answered_with_the_nearest_known_one(text, says):
    with pytest.raises(PolicyError) as caught:
        parse_policy((HEAD + text).encode(), where="the test policy")
    assert says in str(caught.value)


def test_an_error_shows_no_control_characters_and_no_endless_token():
    hostile = "\\u001b[31m\\u202e" + "x" * 1_000_000
    text = HEAD + LIMIT.format(rule=f'max = 0.1\nuse = "{hostile}"').replace("test/a", hostile)
    with pytest.raises(PolicyError) as caught:
        parse_policy(text.encode(), where="the test policy")
    assert len(str(caught.value)) < 400
    assert str(caught.value).isprintable()
