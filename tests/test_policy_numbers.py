"""Numbers of a policy: what a person wrote is what is judged by, and slips are refused in one sentence."""

from __future__ import annotations

import re

import pytest

from modelaudit.errors import PolicyError
from modelaudit.policy_file import load_policy, parse_policy

HEAD = 'schema = "modelaudit.policy/1"\nid = "t"\nversion = "1"\n{head}\n'
LIMIT = """[[limit]]
checker = "test/a"
metric = "rate"
{rule}
rationale = "A limit for the tests."
source = "these tests"
"""
WAIVER = """[[waiver]]
id = "W-1"
checker = "test/a"
metric = "rate"
owner = "Ada"
approver = "Bo"
reason = "A waiver for the tests."
created = 2026-11-01
expires = 2026-12-01
ceiling = {ceiling}
"""


def policy(rule="max = 0.1", *, head="", more=""):
    return parse_policy((HEAD.format(head=head) + LIMIT.format(rule=rule) + more).encode(), where="p.toml")


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ({"rule": "max = true"}, "'max' of limit 1 (test/a rate)"),
        ({"rule": 'max = "0.1"'}, "'max' of limit 1 (test/a rate)"),
        ({"rule": "min = false"}, "'min' of limit 1 (test/a rate)"),
        ({"rule": "within = true"}, "'within' of limit 1 (test/a rate)"),
        ({"rule": 'max = 0.1\nseverity = { medium = "0.2" }'}, "'severity.medium' of limit 1 (test/a rate)"),
        ({"rule": "max = 0.1\nrequired = 1"}, "'required' of limit 1 (test/a rate)"),
        ({"head": 'level = "0.95"'}, "'level'"),
        ({"head": 'q = "0.05"'}, "'q'"),
        ({"more": WAIVER.format(ceiling="true")}, "'ceiling' of waiver 1 (W-1 test/a rate)"),
    ],
)
def test_what_is_no_number_is_not_read_as_one(text, place):
    with pytest.raises(
        PolicyError, match=rf"p\.toml: {re.escape(place)}(: Input should be a valid bool| is no number\.)"
    ):
        policy(**text)


def test_whole_numbers_are_numbers():
    read = policy("min = 0\nmax = 1\nseverity = { medium = 2, high = 3 }", more=WAIVER.format(ceiling=2))
    assert (read.limit[0].low, read.limit[0].high, read.waiver[0].ceiling) == (0.0, 1.0, 2.0)


@pytest.mark.parametrize(
    ("rule", "sentence"),
    [
        ("max = 0.1\nseverity = { medium = 0.05 }", r"its severity medium \(0\.05\) above its limit \(0\.1\)"),
        ("max = 0.1\nseverity = { high = 0.05 }", r"its severity high \(0\.05\) above its limit \(0\.1\)"),
        ("max = 0.1\nseverity = { medium = 0.3, high = 0.2 }", r"its severity high \(0\.2\) above its medium \(0\.3\)"),
        ("min = 0.8\nseverity = { medium = 0.9 }", r"its severity medium \(0\.9\) below its limit \(0\.8\)"),
        ("min = 0.8\nseverity = { medium = 0.5, high = 0.6 }", r"its severity high \(0\.6\) below its medium \(0\.5\)"),
        ("within = 0.1\nseverity = { medium = -0.2 }", r"its severity medium \(-0\.2\) above its limit \(0\.1\)"),
        ("min = 0.4\nmax = 0.6\nseverity = { high = 0.3 }", r"its severity high \(0\.3\) above its limit \(0\.6\)"),
        ("max = 0.1\nseverity = { critical = 0 }", r"its severity critical \(0\) above its limit \(0\.1\)"),
        ("max = 0\nseverity = { high = 3, critical = 2 }", r"its severity critical \(2\) above its high \(3\)"),
        ("max = 0\nseverity = { medium = 3, critical = 2 }", r"its severity critical \(2\) above its medium \(3\)"),
    ],
)
def test_a_severity_on_the_wrong_side_is_refused(rule, sentence):
    with pytest.raises(PolicyError, match=rf"p\.toml: .*the limit on test/a rate needs {sentence}") as caught:
        policy(rule)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "rule",
    [
        "max = 0.1\nseverity = { medium = 0.1, high = 0.3 }",
        "min = 0.8\nseverity = { medium = 0.7, high = 0.0 }",
        "within = 0.1\nseverity = { high = 0.3 }",
        "max = 0.0\nseverity = { critical = 0.0 }",
        "min = 0.8\nseverity = { medium = 0.7, high = 0.5, critical = 0.5 }",
        "min = 0.45\nmax = 0.55\nseverity = { medium = 0.6, high = 0.7 }",
    ],
)
def test_severities_beyond_the_limit_are_taken(rule):
    assert policy(rule).limit[0].severity


def test_the_starter_policy_keeps_its_own_rules():
    assert load_policy().limit
