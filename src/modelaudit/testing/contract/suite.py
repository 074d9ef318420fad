"""The suite: all checks of the contract as one parametrised test."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, TypeVar

from modelaudit.checker import Checker
from modelaudit.testing.contract.check import Check
from modelaudit.testing.contract.checks import CHECKS
from modelaudit.testing.contract.runs import Runs
from modelaudit.testing.defect import Defect, Subject

Test = TypeVar("Test", bound=Callable[..., Any])


def conformance(
    checker: Checker,
    *,
    defect: Defect | None = None,
    subject: Subject | None = None,
    expected_failures: Mapping[str, str] | None = None,
) -> Callable[[Test], Test]:
    """Make a test with a parameter `check` into the suite of all checks of the contract, one test each.

    ```python
    @conformance(MyChecker(), defect=MY_DEFECT)
    def test_conformance(check):
        check()
    ```

    Args:
        checker: an instance as it would be registered.
        defect: the fault that the checker is meant to find; by default the standard one of its family of risk.
        subject: what it is asked about in the other checks, as the keyword arguments of `modelaudit.Audit`, with rows
            as a list of dicts; by default the defect in its full strength.
        expected_failures: reasons by the name of a check that is known to fail. That test is expected to fail, and
            fails where it passes.

    Raises:
        ValueError: a name in `expected_failures` that is no check's, or one without a reason.
        ImportError: pytest is not installed.
    """
    import pytest

    known = dict(expected_failures or {})
    names = [check.name for check in CHECKS]
    if unknown := sorted(set(known) - set(names)):
        raise ValueError(
            f"expected_failures names {unknown[0]!r}, which is no check; the checks are {', '.join(names)}"
        )
    if empty := [name for name, reason in known.items() if not (isinstance(reason, str) and reason.strip())]:
        raise ValueError(f"expected_failures gives no reason for {empty[0]!r}; write one, a reader will ask for it")
    runs = Runs(checker, defect=defect, subject=subject)

    def parameter(check: Check) -> Any:
        expected = check.name in known
        marks = [pytest.mark.xfail(reason=known[check.name], strict=True, raises=AssertionError)] if expected else []
        return pytest.param(partial(check.hold, runs, expected=expected), id=check.name, marks=marks)

    return pytest.mark.parametrize("check", [parameter(check) for check in CHECKS])
