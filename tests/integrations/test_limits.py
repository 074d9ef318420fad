"""The assertion on a report, and the pytest plugin that offers it."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).parents[1] / "reports"))

from sample_report import clean_report, sample_report

from modelaudit.errors import InputError
from modelaudit.integrations import LimitsExceeded, assert_within_limits
from modelaudit.policy import rejudged
from modelaudit.verdicts import Requirement

pytest_plugins = ["pytester"]


def test_a_report_within_its_limits_passes_quietly() -> None:
    assert_within_limits(clean_report())


def test_what_exceeds_or_failed_is_named_with_its_interval_the_gravest_first() -> None:
    report = sample_report()
    with pytest.raises(LimitsExceeded) as caught:
        assert_within_limits(report)
    said = str(caught.value)
    exceeded = [verdict for verdict in report.judgement.verdicts if verdict.state == "exceeds limit"]
    assert exceeded
    for verdict in exceeded:
        assert str(verdict.metric) in said
    assert "acme/rare-words failed" in said
    grades = [verdict.grade for verdict in caught.value.verdicts if verdict.state == "exceeds limit"]
    assert grades == sorted(grades, reverse=True)


def test_only_the_families_named_count_and_a_misspelt_one_is_an_error() -> None:
    report = sample_report()
    families = {verdict.risk.value for verdict in report.judgement.verdicts if verdict.state == "exceeds limit"}
    failed = {result.checker.risk.value for result in report.results if result.status == "errored"}
    quiet = {result.checker.risk.value for result in report.results} - families - failed
    for family in families:
        with pytest.raises(LimitsExceeded):
            assert_within_limits(report, family)
    for family in quiet:
        assert_within_limits(report, family)
    with pytest.raises(InputError, match="neither a family nor a check"):
        assert_within_limits(report, "privcy")


def test_an_unanswered_check_fails_where_an_answer_is_asked_for() -> None:
    report = clean_report()
    open_ones = [v for v in report.judgement.verdicts if v.state in ("inconclusive", "not assessed")]
    if open_ones:
        with pytest.raises(LimitsExceeded):
            assert_within_limits(report, answered=True)
    else:
        assert_within_limits(report, answered=True)


def test_an_answer_that_the_policy_requires_and_that_has_no_verdict_at_all_fails() -> None:
    report = clean_report()
    required = Requirement(
        checker="other/check", rationale="An answer is asked for.", source="A test.", where_applicable=False
    )
    policy = report.policy.model_copy(update={"require": (required,)})
    judged = rejudged(report, policy)
    assert judged.judgement.gate.exit_code == 3
    with pytest.raises(LimitsExceeded, match="other/check is required"):
        assert_within_limits(judged)


def test_the_families_named_are_held_to_the_limits_of_the_declared_use_case() -> None:
    report = clean_report()
    declared = report.subject.declared.model_copy(update={"use_case": "Triage"})
    for_use = {"required": True, "use_cases": ("triage",)}
    limits = tuple(
        limit.model_copy(update=for_use) if limit.checker == "modelaudit/calibration" else limit
        for limit in report.policy.limit
    )
    policy = report.policy.model_copy(update={"limit": limits})
    told = report.model_copy(update={"subject": report.subject.model_copy(update={"declared": declared})})
    assert_within_limits(rejudged(told, policy), "robustness")
    with pytest.raises(LimitsExceeded, match="for triage is required but no use case is declared"):
        assert_within_limits(rejudged(report, policy), "robustness")


TWO_MODELS = """
import json
import pathlib
import pytest
from modelaudit.testing.planted import planted_classifier

@pytest.mark.parametrize("sign", [1.0, -1.0])
def test_model(audit, sign, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    model, tokenizer = planted_classifier({"awful": 3.0 * sign, "fine": -3.0 * sign})
    model.save_pretrained("model")
    tokenizer.save_pretrained("model")
    rows = [{"text": f"{'awful' if i % 2 else 'fine'} letter {i}", "label": i % 2} for i in range(60)]
    pathlib.Path("rows.jsonl").write_text("\\n".join(map(json.dumps, rows)))
    made = [audit("model", "rows.jsonl", preset="quick", only="modelaudit/task-performance") for _ in range(2)]
    assert made[0] is made[1]
    results = {result.checker.id: result for result in made[0].report.results}
    values = {finding.metric.id: finding.metric.value for finding in results["modelaudit/task-performance"].findings}
    assert values["accuracy"] == (1.0 if sign > 0 else 0.0)
"""


def test_two_models_of_one_name_are_two_audits_and_one_model_is_audited_once(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(TWO_MODELS)
    pytester.runpytest_inprocess("-p", "no:cacheprovider").assert_outcomes(passed=2)


FILE = """
from modelaudit.testing.planted import planted_classifier

def rows():
    return [{"text": f"{'awful' if i % 2 else 'fine'} letter {i}", "label": i % 2} for i in range(60)]

def test_model(audit, assert_within_limits):
    model, tokenizer = planted_classifier({"awful": 3.0, "fine": -3.0}, case_sensitive=SENSITIVE)
    outcome = audit(model, rows(), tokenizer=tokenizer, preset="quick", only="modelaudit/perturbation")
    assert_within_limits(outcome, "robustness")
"""


def test_the_fixtures_audit_a_model_and_a_failing_test_shows_the_gate_and_its_report(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(FILE.replace("SENSITIVE", "True"))
    done = pytester.runpytest_inprocess("--audit-reports", "kept")
    done.assert_outcomes(failed=1)
    done.stdout.fnmatch_lines(
        ["*LimitsExceeded*", "*exceeds limit*modelaudit/perturbation*", "*Audit of *", "*kept*audit-*.html*"]
    )
    kept = sorted(path.suffix for path in (pytester.path / "kept").iterdir())
    assert kept == [".html", ".json"]
