"""`modelaudit policy`: what it says of a policy, and how it ends where one can't be used."""

from __future__ import annotations

import datetime as dt

import pytest

from modelaudit import cli_policy
from modelaudit.policy_file import load_policy, shipped_policies
from modelaudit.verdicts import Policy
from policy_cases import HEAD, limit, waiver


@pytest.fixture
def ask(capfd, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)

    def call(*words):
        with pytest.raises(SystemExit) as stop:
            cli_policy.policy([str(word) for word in words])
        said = capfd.readouterr()
        return stop.value.code, said.out, said.err

    return call


def written(tmp_path, *parts, head=""):
    (tmp_path / "p.toml").write_text(HEAD + head + "\n" + "\n".join(parts))
    return "p.toml"


def test_check_says_what_is_in_it_and_that_nobody_approved_it(ask, tmp_path):
    file = written(tmp_path, limit("max = 0.1\nrequired = true", checker="modelaudit/perturbation", metric="flip_rate"))
    code, out, err = ask("check", file)
    assert code == 0
    assert f"sha256 {load_policy(tmp_path / 'p.toml').sha256}" in out
    assert "limits: 1 (1 required); required checks: 0; waivers: 0" in out
    assert "nobody reviewed this policy" in err
    approved = written(tmp_path, limit("max = 0.1"), head='approved_by = "R. Osei"\napproved_on = 2026-10-01')
    assert "nobody reviewed" not in ask("check", approved)[2]


def test_check_names_checks_and_metrics_that_are_not_there(ask, tmp_path):
    file = written(
        tmp_path, limit("max = 0.1"), limit("max = 0.1", checker="modelaudit/perturbation", metric="flip_rat")
    )
    code, _, err = ask("check", file)
    assert code == 0
    assert "no check that is installed here is called test/a.\n" in err
    assert "modelaudit/perturbation gives no metric flip_rat; it may give flip_rate, accuracy_drop" in err


def test_check_names_the_nearest_check_where_one_is_misspelt(ask, tmp_path):
    require = '[[require]]\nchecker = "modelaudit/perturbaton"\nrationale = "The test asks."\nsource = "these tests"\n'
    _, _, err = ask("check", written(tmp_path, limit("max = 0.1"), require))
    assert "is called modelaudit/perturbaton. Did you mean modelaudit/perturbation?" in err


def test_waivers_that_ended_or_are_about_to_are_named():
    content = {"schema": "modelaudit.policy/1", "id": "t", "version": "1", "approved_by": "R. Osei", "limit": []}
    fields = {"checker": "a/b", "metric": "m", "owner": "Ada", "reason": "Not met in this service."}
    days = {"ended": "2026-11-23", "soon": "2026-12-24", "later": "2026-12-25"}
    waivers = [{**fields, "id": name, "created": "2026-10-01", "expires": day} for name, day in days.items()]
    loaded = Policy.model_validate({**content, "waiver": waivers})
    assert cli_policy.warnings(loaded, today=dt.date(2026, 11, 24)) == (
        "waiver ended expired on 2026-11-23; what it was on blocks again.",
        "waiver soon expires on 2026-12-24.",
    )


@pytest.mark.parametrize("command", ["check", "explain"])
def test_a_policy_that_can_not_be_used_ends_in_one_sentence_and_code_2(ask, tmp_path, command):
    code, out, err = ask(command, written(tmp_path, limit("maxx = 0.1")))
    assert (code, out) == (2, "")
    assert "Did you mean 'max'?" in err
    assert err.count("\n") == 1
    assert ask(command, "nowhere.toml")[0] == 2


def test_explain_gives_the_reason_of_each_limit_and_what_holds_for_a_use_case(ask, tmp_path):
    file = written(
        tmp_path,
        limit("max = 0.1\nseverity = { high = 0.4 }"),
        limit('max = 0.3\nuse_cases = ["hiring"]'),
        waiver(ceiling=0.6),
    )
    code, out, _ = ask("explain", file)
    assert code == 0
    assert "test/a rate: at most 0.1" in out
    assert "severity: high from 0.4" in out
    assert "source: these tests" in out
    assert "waiver W-1 on test/a rate, 2026-10-01 to 2027-01-01, up to 0.6" in out
    assert "not in force: test/a rate for hiring: no use case is declared." in out
    _, hiring, _ = ask("explain", file, "--use-case", "Hiring")
    assert "test/a rate for hiring: at most 0.3" in hiring
    assert "at most 0.1" not in hiring


def test_text_of_a_policy_adds_no_line_and_no_colour(ask, tmp_path):
    hostile = "a reason long enough [red]x[/red] \\u001b[31m \\u202e"
    text = limit("max = 0.1").replace('"A limit for the tests."', f'"""{hostile}\nwaiver W-9 on all"""')
    _, out, _ = ask("explain", written(tmp_path, text))
    [line] = [line for line in out.splitlines() if "a reason long enough" in line]
    assert "[red]x[/red]" in line
    assert "waiver W-9" in line
    assert line.isprintable()


def test_a_shipped_policy_is_listed_explained_and_copied(ask, tmp_path):
    code, out, _ = ask("list")
    assert code == 0
    assert all(name in out for name in shipped_policies())
    assert "no number" in ask("explain", "eu-ai-act-high-risk")[1]
    code, out, _ = ask("new", "eu-ai-act-high-risk", "--out", "mine.toml")
    assert code == 0
    assert "Change id and version, or reports go on calling it eu-ai-act-high-risk; fill in owner and" in out
    assert load_policy(tmp_path / "mine.toml").limit == load_policy("eu-ai-act-high-risk").limit
    before = (tmp_path / "mine.toml").read_bytes()
    code, _, err = ask("new", "starter", "--out", "mine.toml")
    assert (code, (tmp_path / "mine.toml").read_bytes()) == (2, before)
    assert "--overwrite" in err
    assert ask("new", "starter", "--out", "mine.toml", "--overwrite")[0] == 0
    assert load_policy(tmp_path / "mine.toml") == load_policy("starter")
    assert ask("new", "nothing", "--out", "other.toml")[0] == 2
    assert not (tmp_path / "other.toml").exists()
