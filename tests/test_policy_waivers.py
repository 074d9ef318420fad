"""Waivers: accepted risks that end, that have a ceiling, and that never make anything green."""

from __future__ import annotations

import datetime as dt

import pytest

from modelaudit.errors import PolicyError
from modelaudit.policy import judge
from modelaudit.results import CheckResult
from modelaudit.verdicts import Waiver
from policy_cases import DAY, completed, finding, info, limit, policy, waiver

THIS, OTHER = "ab" * 32, "cd" * 32


def judged(*parts, value=0.5, se=0.01, rule="max = 0.1", weights=THIS):
    return judge([completed(finding(value, se))], policy(limit(rule), *parts), today=DAY, weights=weights)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({}, None),
        ({"expires": DAY}, None),
        ({"expires": DAY - dt.timedelta(days=1)}, "it expired on 2026-11-23"),
        ({"created": DAY}, None),
        ({"created": DAY + dt.timedelta(days=1)}, "it starts on 2026-11-25"),
        ({"ceiling": 0.53}, None),
        ({"ceiling": 0.51}, "the interval reaches 0.52, beyond its ceiling 0.51"),
        ({"model_digest": THIS}, None),
        ({"model_digest": f"sha256:{THIS}"}, None),
        ({"model_digest": OTHER}, "it is for the model whose weights have SHA-256 cdcdcdcdcdcd"),
    ],
)
def test_a_waiver_holds_only_while_its_terms_do(fields, says):
    judgement = judged(waiver(**fields))
    [verdict] = judgement.verdicts
    if says is None:
        assert (verdict.state, verdict.waiver) == ("accepted risk", "W-1")
        assert verdict.reason.startswith("Accepted by Ada, approved by Bo, until 20")
        assert "The whole 95% interval lies within the ceiling" in verdict.reason
        assert judgement.families[0].state == "accepted risk"
        assert judgement.gate.exit_code == 0
    else:
        assert (verdict.state, verdict.waiver) == ("exceeds limit", None)
        assert f"Waiver W-1 does not hold: {says}" in verdict.reason
        assert judgement.gate.exit_code == 1


def test_a_waiver_for_one_model_does_not_hold_where_nobody_knows_the_model():
    assert judged(waiver(model_digest=THIS), weights=None).gate.exit_code == 1


@pytest.mark.parametrize(
    ("rule", "value", "ceiling", "state"),
    [
        ("min = 0.8", 0.5, 0.4, "accepted risk"),
        ("min = 0.8", 0.5, 0.49, "exceeds limit"),
        ("within = 0.1", -0.5, 0.6, "accepted risk"),
        ("within = 0.1", -0.5, 0.51, "exceeds limit"),
        ("min = 0.45\nmax = 0.55", 0.3, 0.75, "accepted risk"),
        ("min = 0.45\nmax = 0.55", 0.3, 0.7, "exceeds limit"),
    ],
)
def test_the_ceiling_is_held_against_the_gravest_end_of_the_interval_on_either_side(rule, value, ceiling, state):
    assert judged(waiver(ceiling=ceiling), rule=rule, value=value).verdicts[0].state == state


def test_the_first_waiver_that_holds_is_the_one_named():
    old, new = waiver(expires=dt.date(2026, 11, 1)), waiver(id="W-2", created=dt.date(2026, 11, 1))
    [verdict] = judged(old, new).verdicts
    assert (verdict.state, verdict.waiver) == ("accepted risk", "W-2")


def test_a_waiver_that_nothing_asked_for_is_named():
    rules = policy(
        limit("max = 0.1"),
        limit("max = 0.1", checker="test/b"),
        limit("max = 0.1", checker="test/c"),
        waiver(),
        waiver(id="W-2", group="x"),
        waiver(id="W-3", checker="test/b"),
        waiver(id="W-4", checker="test/c"),
    )
    skipped = CheckResult(checker=info("test/b"), status="skipped", reason="no training rows")
    judgement = judge([completed(finding(0.02, 0.01)), skipped], rules, today=DAY)
    assert judgement.idle_waivers == (
        "W-1 (test/a rate): what it is on was not found to exceed its limit.",
        "W-2 (test/a rate (x)): the check ran and no metric of that name was judged.",
        "W-3 (test/b rate): the check is skipped.",
        "W-4 (test/c rate): no check of this audit is called test/c.",
    )
    assert judge([completed(finding(0.5, 0.01))], policy(limit("max = 0.1"), waiver()), today=DAY).idle_waivers == ()
    expired = policy(limit("max = 0.1"), waiver(expires=dt.date(2026, 11, 1)))
    assert judge([completed(finding(0.5, 0.01))], expired, today=DAY).idle_waivers == ()


def test_an_inconclusive_result_is_not_made_an_accepted_risk():
    [verdict] = judged(waiver(), value=0.12, se=0.05).verdicts
    assert (verdict.state, verdict.waiver) == ("inconclusive", None)


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"approver": None}, "waiver W-1 has no approver"),
        ({"approver": " "}, "waiver W-1 has no approver"),
        ({"approver": "\u200b"}, "waiver W-1 has no approver"),
        ({"approver": "\u3164 \u2060"}, "waiver W-1 has no approver"),
        ({"owner": "\u200b\u200b"}, "waiver W-1 has no owner"),
        ({"approver": " ADA"}, "approved by its own owner"),
        ({"approver": "A\u200bda"}, "approved by its own owner"),
        ({"approver": "\uff21da\ufe0f"}, "approved by its own owner"),
        ({"ceiling": 1e308}, "its ceiling 1e+308 so far beyond the limit (at most 0.1) that it would accept any value"),
        ({"ceiling": -1e9}, "would accept any value"),
        ({"ceiling": None}, "has no ceiling"),
        ({"expires": None}, "'expires' of waiver 1 (W-1 test/a rate) is missing"),
        ({"expires": dt.date(2027, 3, 31)}, "runs for 181 days, longer than the 180"),
        ({"ceiling": 0.1}, "its ceiling 0.1 inside the limit (at most 0.1)"),
        ({"metric": "ratio"}, "is on test/a ratio, on which the policy sets no limit"),
        ({"model_digest": "abc"}, "'model_digest' of waiver 1"),
        ({"owner": None}, "'owner' of waiver 1"),
        ({"valid": "yes"}, "unknown key 'valid' of waiver 1 (W-1 test/a rate)"),
    ],
)
def test_a_waiver_that_lacks_a_term_is_refused(fields, says):
    with pytest.raises(PolicyError) as caught:
        policy(limit("max = 0.1"), waiver(**fields))
    assert says in str(caught.value)


def test_the_policy_says_how_long_a_waiver_may_run():
    longest = waiver(expires=dt.date(2027, 3, 30))
    assert policy(limit("max = 0.1"), longest).waiver[0].expires == dt.date(2027, 3, 30)
    assert policy(limit("max = 0.1"), waiver(expires=dt.date(2027, 9, 1)), head="longest_waiver_days = 400").waiver
    with pytest.raises(PolicyError, match="longer than the 30"):
        policy(limit("max = 0.1"), waiver(), head="longest_waiver_days = 30")


def test_two_waivers_of_one_name_are_refused():
    with pytest.raises(PolicyError, match="two waivers are called W-1"):
        policy(limit("max = 0.1"), waiver(), waiver())


def test_a_waiver_of_an_older_record_stays_readable_without_approver_and_ceiling():
    fields = {"id": "W", "checker": "a/b", "metric": "m", "owner": "Ada", "reason": "Not met in this service."}
    old = Waiver.model_validate({**fields, "created": "2026-01-01", "expires": "2027-12-31"})
    assert (old.approver, old.ceiling, old.model_digest) == ("", None, None)
