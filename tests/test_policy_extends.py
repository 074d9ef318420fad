"""A policy that extends another takes over its limits and loosens none in silence."""

from __future__ import annotations

import hashlib
import re

import pytest

from modelaudit.errors import PolicyError
from modelaudit.policy import judge
from modelaudit.policy_file import load_policy
from policy_cases import DAY, HEAD, completed, finding, limit

PATCH = '[[limit]]\nchecker = "test/a"\nmetric = "rate"\n'


@pytest.fixture
def extended(tmp_path):
    base = (
        HEAD
        + 'owner = "Base"\napproved_by = "Base"\nlevel = 0.9\nq = 0.1\n'
        + limit("max = 0.1\nseverity = { high = 0.4 }")
    )
    (tmp_path / "base.toml").write_text(base + limit("min = 0.5\nrequired = true", metric="gain"))

    def load(text, *, head=""):
        (tmp_path / "own.toml").write_text(HEAD.replace('"t"', '"own"') + f'extends = "base.toml"\n{head}\n{text}')
        return load_policy(tmp_path / "own.toml")

    return load


def test_it_holds_the_limits_and_error_rates_of_the_other_and_not_its_approval(extended):
    own = extended("")
    assert [(item.metric, item.words) for item in own.limit] == [("rate", "at most 0.1"), ("gain", "at least 0.5")]
    assert (own.id, own.level, own.q, own.owner, own.reviewed) == ("own", 0.9, 0.1, "", False)
    assert judge([completed(finding(0.5, 0.01))], own, today=DAY).gate.exit_code == 1


def test_a_limit_without_an_edge_keeps_the_number_its_severity_and_its_reason(extended):
    [first, _] = extended(PATCH + 'required = true\nsource = "Art. 1."').limit
    assert (first.words, first.severity, first.required) == ("at most 0.1", {"high": 0.4}, True)
    assert (first.rationale, first.source) == ("A limit for the tests.", "these tests Art. 1.")


def test_a_limit_with_an_edge_of_its_own_stands_with_its_own_reason(extended):
    [first, _] = extended(limit("max = 0.05").replace("these tests", "other tests")).limit
    assert (first.words, first.severity, first.source) == ("at most 0.05", {"high": 0.4}, "other tests")


@pytest.mark.parametrize(
    "text",
    [
        limit("max = 0.2"),
        limit("min = 0.1"),
        limit('max = 0.2\ngroup = "x"'),
        limit('max = 0.2\nuse_cases = ["hiring"]'),
        limit("min = 0.5\nrequired = false", metric="gain"),
        limit("min = 0.4\nrequired = true", metric="gain"),
        limit("max = 0.1\nseverity = { high = 0.9 }"),
        limit("max = 0.1\nseverity = { medium = 0.2 }"),
        limit('max = 0.05\ngroup = "x"'),
        PATCH + "severity = { high = 0.41 }\n",
        PATCH + "severity = {}\n",
    ],
)
def test_what_is_looser_needs_a_reason(extended, text):
    with pytest.raises(PolicyError, match="add override_reason"):
        extended(text)
    reasoned = extended(text + 'override_reason = "Only drafts are shown to anyone."')
    assert reasoned.limit[0].override_reason == "Only drafts are shown to anyone."


@pytest.mark.parametrize(
    "text",
    [
        limit("max = 0.1"),
        limit("min = 0.0\nmax = 0.05"),
        limit("within = 0.1"),
        limit("max = 0.1\nseverity = { medium = 0.2, critical = 0.3 }"),
        limit('max = 0.1\ngroup = "x"\nseverity = { high = 0.4 }'),
    ],
)
def test_what_is_as_tight_needs_none(extended, text):
    assert extended(text).limit[0].override_reason is None


def test_a_limit_on_a_group_does_not_loosen_one_for_a_use_case_in_silence(extended, tmp_path):
    case = limit('max = 0.05\nuse_cases = ["hiring", "chat"]', metric="speed")
    (tmp_path / "base.toml").write_text(HEAD + case)
    with pytest.raises(PolicyError, match="on test/a speed for hiring, chat"):
        extended(limit('max = 0.5\ngroup = "x"', metric="speed"))
    with pytest.raises(PolicyError, match="on test/a speed for hiring, chat"):
        extended(limit('max = 0.5\ngroup = "x"\nuse_cases = ["Chat"]', metric="speed"))
    assert len(extended(limit("max = 0.5", metric="speed")).limit) == 2
    assert len(extended(limit('max = 0.5\nuse_cases = ["search"]', metric="speed")).limit) == 2


@pytest.mark.parametrize("head", ["level = 0.5", "q = 0.001", "longest_waiver_days = 900"])
def test_the_error_rates_of_the_other_can_not_be_set_again(extended, head):
    with pytest.raises(PolicyError, match=f"sets '{head.partition(' ')[0]}', which comes from t"):
        extended("", head=head)


def test_the_hash_covers_the_file_and_what_it_extends(extended, tmp_path):
    first = extended("")
    raw, base = (tmp_path / "own.toml").read_bytes(), (tmp_path / "base.toml").read_bytes()
    below = hashlib.sha256(base).hexdigest()
    assert first.extends_sha256 == below
    assert first.sha256 == hashlib.sha256(raw + below.encode()).hexdigest()
    (tmp_path / "base.toml").write_bytes(base + b"# changed\n")
    assert load_policy(tmp_path / "own.toml").sha256 != first.sha256


def test_a_required_check_can_be_asked_for_more_strictly_and_never_less(extended, tmp_path):
    require = '[[require]]\nchecker = "test/a"\nrationale = "The test asks for it."\nsource = "these tests"\n'
    applicable = require + "where_applicable = true\n"
    base = (tmp_path / "base.toml").read_text()
    (tmp_path / "base.toml").write_text(base + require)
    with pytest.raises(PolicyError, match="requires test/a only where it applies, and t, the policy that it extends"):
        extended(applicable)
    (tmp_path / "base.toml").write_text(base + applicable)
    assert extended(applicable).require[0].where_applicable
    assert not extended(require).require[0].where_applicable


def test_the_reason_of_the_policy_below_is_none_for_a_limit_that_is_looser_still(extended, tmp_path):
    (tmp_path / "low.toml").write_text((tmp_path / "base.toml").read_text())
    middle = (
        PATCH + 'max = 0.2\nrationale = "A limit for drafts."\nsource = "tests"\noverride_reason = "Only drafts."\n'
    )
    (tmp_path / "base.toml").write_text(HEAD.replace('"t"', '"b"') + f'extends = "low.toml"\n{middle}')
    assert extended("").limit[0].override_reason == "Only drafts."
    for looser in (limit("max = 0.3"), PATCH + "severity = { critical = 0.9 }\n"):
        with pytest.raises(PolicyError, match="add override_reason"):
            extended(looser)
    tighter = extended(limit("max = 0.15")).limit[0]
    assert (tighter.override_reason, tighter.severity) == (None, {"high": 0.4})


def test_a_limit_for_a_use_case_need_not_say_again_that_it_is_required(extended):
    own = extended(limit('min = 0.6\nuse_cases = ["hiring"]', metric="gain"))
    assert judge([], own, today=DAY, use_case="hiring").gate.reasons == (
        "test/a gain for hiring is required but did not run",
    )


def test_a_circle_is_refused_and_so_is_what_is_not_there(tmp_path):
    for name, other in (("a", "b"), ("b", "a")):
        (tmp_path / f"{name}.toml").write_text(HEAD + f'extends = "{other}.toml"\n')
    with pytest.raises(PolicyError, match="extend one another without end"):
        load_policy(tmp_path / "a.toml")
    (tmp_path / "c.toml").write_text(HEAD + 'extends = "none.toml"\n')
    with pytest.raises(PolicyError, match=re.escape("none.toml can't be read")):
        load_policy(tmp_path / "c.toml")
    (tmp_path / "d.toml").write_text(HEAD + "extends = 3\n")
    with pytest.raises(PolicyError, match="'extends' is no name"):
        load_policy(tmp_path / "d.toml")


def test_a_misspelt_key_is_named_by_its_place_in_the_file_itself(extended):
    with pytest.raises(PolicyError, match=re.escape("'requird' of limit 1 (test/a rate). Did you mean 'required'?")):
        extended(PATCH + "requird = true")
