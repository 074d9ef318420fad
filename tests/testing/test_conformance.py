"""The conformance suite: it passes a checker that keeps the contract, and finds each way of breaking it."""

from __future__ import annotations

import importlib.util
from dataclasses import replace
from pathlib import Path

import pytest
from wrong_checkers import SHOUTY, WRONG, Littering, Right

from modelaudit.testing import ConformanceWarning, Defect, FakeModel, conformance
from modelaudit.testing.contract import CHECKS, Check
from modelaudit.testing.contract.runs import Runs

pytest_plugins = ["pytester"]

SAMPLE = Path(__file__).parents[1] / "sample_plugin" / "src" / "modelaudit_shouting" / "__init__.py"
BY_NAME = {check.name: check for check in CHECKS}


@pytest.fixture(autouse=True)
def _folder_of_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)


@conformance(Right(), defect=SHOUTY)
def test_a_checker_that_keeps_the_contract_passes(check):
    check()


def _sample():
    spec = importlib.util.spec_from_file_location("modelaudit_shouting", SAMPLE)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.Shouting()


def _few(strength, seed):
    """It takes the first 50 rows, so it is given no more."""
    subject = SHOUTY.plant(strength, seed)
    return {**subject, "data": subject["data"][:50]}


@conformance(_sample(), defect=replace(SHOUTY, plant=_few))
def test_the_sample_plugin_passes(check):
    check()


@pytest.mark.parametrize(("name", "wrong", "said"), WRONG, ids=[f"{name}-{wrong.__name__}" for name, wrong, _ in WRONG])
def test_each_way_to_break_the_contract_is_found_and_said(name, wrong, said):
    with pytest.raises(AssertionError) as failure:
        BY_NAME[name].hold(Runs(wrong(), defect=SHOUTY))
    assert said in str(failure.value)


def test_every_check_has_a_checker_that_breaks_it():
    assert {name for name, _, _ in WRONG} == set(BY_NAME)


def test_an_author_sees_which_check_failed_where_and_what_to_do():
    with pytest.raises(AssertionError, match=r"sample/right fails the check 'no-files' \(is the working folder left"):
        BY_NAME["no-files"].hold(Runs(Littering(), defect=SHOUTY))


def test_expected_failures_are_checks_and_have_reasons():
    with pytest.raises(ValueError, match="'speed', which is no check; the checks are metadata,"):
        conformance(Right(), expected_failures={"speed": "it is slow"})
    with pytest.raises(ValueError, match="no reason for 'cost'"):
        conformance(Right(), expected_failures={"cost": " "})


def test_a_new_check_warns_for_one_minor_version_and_then_fails():
    new = Check("new", "0.7", "is anything new", lambda runs: ["Nothing is new: mend it."])
    runs = Runs(Right(), defect=SHOUTY)
    with pytest.warns(ConformanceWarning, match="Nothing is new"):
        new.hold(runs, version="0.7.3")
    with pytest.raises(AssertionError):
        new.hold(runs, version="0.8.0")
    with pytest.raises(AssertionError):
        # A failure that is expected has to fail, or the test of it would be one that passes.
        new.hold(runs, expected=True, version="0.7.3")
    with pytest.raises(AssertionError):
        BY_NAME["no-files"].hold(Runs(Littering(), defect=SHOUTY), version="0.1.9")


def test_one_unlucky_draw_does_not_decide():
    def plant(strength, seed):
        return SHOUTY.plant(SHOUTY.strengths[-1] if (strength > 0) is not (seed == 0) else 0.0, seed)

    unlucky = replace(SHOUTY, plant=plant)
    runs = Runs(Right(), defect=unlucky, subject=SHOUTY.defective(0))
    BY_NAME["fires"].hold(runs)
    BY_NAME["quiet"].hold(runs)


def test_a_defect_without_a_limit_is_named_as_such():
    unlimited = replace(SHOUTY, limits={})
    with pytest.raises(AssertionError, match=r"No policy limits what it judges \(flip_rate\): give the defect limits="):
        BY_NAME["fires"].hold(Runs(Right(), defect=unlimited))


def test_audits_are_shared_between_checks():
    made = []

    def plant(strength, seed):
        made.append((strength, seed))
        return SHOUTY.plant(strength, seed)

    runs = Runs(Right(), defect=Defect("a", "b", (1.5,), plant, "flip_rate", SHOUTY.limits))
    model = runs.subject["model"]
    for check in CHECKS:
        check.hold(runs)
    assert made == [(1.5, 0), (0.0, 0)]
    assert isinstance(model, FakeModel)
    assert model.asked["predict"] < 9 * 2 * 60, "the subject, once more in company, permuted, and awkward rows"


def test_the_suite_in_a_run_of_pytest(pytester):
    """Ids are names of checks, an expected failure is one, and one that passes fails."""
    pytester.makepyfile(
        """
        from modelaudit.testing import conformance
        from wrong_checkers import SHOUTY, Chatty

        @conformance(Chatty(), defect=SHOUTY, expected_failures={"no-output": "it greets", "metadata": "it has none"})
        def test_conformance(check):
            check()
        """
    )
    done = pytester.runpytest_inprocess("-rA", "-p", "no:cacheprovider", "-p", "no:xdist")
    done.assert_outcomes(passed=len(CHECKS) - 2, xfailed=1, failed=1)
    done.stdout.fnmatch_lines_random(
        [
            "PASSED *::test_conformance?row-order?",
            "FAILED *::test_conformance?metadata?*",
            "XFAIL *::test_conformance?no-output?*it greets*",
        ]
    )
