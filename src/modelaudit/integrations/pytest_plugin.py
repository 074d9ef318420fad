"""The pytest plugin, loaded by pytest where modelaudit is installed.

Fixtures for tests of a model: `audit` and `assert_within_limits`. For tests of a checker: `run_checker`, `fake_model`
and `planted`.

Nothing heavy is imported before a test asks for a fixture.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from modelaudit.outcome import AuditOutcome
    from modelaudit.results import CheckResult
    from modelaudit.testing import Defect, FakeModel

OPTION = "--audit-reports"
KEPT = pytest.StashKey[list[tuple[str, str]]]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Offer a folder for the reports of audits that tests make."""
    group = parser.getgroup("modelaudit", "audits of models")
    group.addoption(
        OPTION, type=Path, default=None, metavar="FOLDER", help="write the report of each audit there (.html, .json)"
    )


@pytest.fixture(scope="session")
def _audits() -> dict[str, AuditOutcome]:
    """The audits of this session by what they were asked, so that tests of one model share one."""
    return {}


@pytest.fixture
def audit(request: pytest.FixtureRequest, _audits: dict[str, AuditOutcome]) -> Callable[..., AuditOutcome]:
    """A function that audits a model and returns the outcome: `audit(model, data, only=[…], **options of Audit)`.

    Audits of folders and files with equal options are made once a session. With ``--audit-reports FOLDER`` each
    report is written there, and a test that fails names it.
    """

    def audited(model: Any, data: Any, *, only: str | Iterable[str] | None = None, **options: Any) -> AuditOutcome:
        from modelaudit.audit import Audit

        key = _key(model, data, only, options)
        outcome = _audits.get(key) if key else None
        if outcome is None:
            outcome = Audit(model, data, **options).run(only=only)
            if key:
                _audits[key] = outcome
        request.node.stash.setdefault(KEPT, []).append(_kept(request, outcome))
        return outcome

    return audited


@pytest.fixture
def assert_within_limits() -> Callable[..., None]:
    """`modelaudit.integrations.assert_within_limits`, which fails a test where a limit is exceeded."""
    from modelaudit.integrations.limits import assert_within_limits as asserted

    return asserted


@pytest.fixture
def run_checker() -> Callable[..., CheckResult]:
    """`modelaudit.testing.run_checker`, which returns a checker's result on a subject."""
    from modelaudit.testing import run_checker as run

    return run


@pytest.fixture
def fake_model() -> type[FakeModel]:
    """`modelaudit.testing.FakeModel`, a model of plain functions: `fake_model(labels=("no", "yes"), predict=...)`."""
    from modelaudit.testing import FakeModel as kind

    return kind


@pytest.fixture
def planted() -> Mapping[str, Defect]:
    """`modelaudit.testing.DEFECTS`, the standard defects: `planted["biased"].defective(seed=0)` is a subject."""
    from modelaudit.testing import DEFECTS

    return DEFECTS


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Any:
    """Put the gate of each audit, and where its report lies, beside a test that failed."""
    report = yield
    if report.when == "call" and report.failed:
        report.sections += item.stash.get(KEPT, [])
    return report


def _key(model: Any, data: Any, only: Any, options: dict[str, Any]) -> str | None:
    """Return what an audit was asked, where it can be told by looking: plain values, and files as they are now."""
    parts = {"model": model, "data": data, "only": only, "project file": "modelaudit.toml", **options}
    leaves = list(_leaves(parts))
    if not all(isinstance(value, str | Path | int | float | None) for value in leaves):
        return None
    seen = [_looked_at(value) for value in leaves if isinstance(value, str | Path)]
    return repr((sorted((name, repr(value)) for name, value in parts.items()), seen, str(Path.cwd())))


def _looked_at(named: str | Path) -> list[tuple[str, int, int]]:
    """The files that a path stands for, each with its size and when it was written; none for another word."""
    try:
        path = Path(named).resolve()
        files = [path] if path.is_file() else sorted(file for file in path.rglob("*") if file.is_file())
        return [(str(file), file.stat().st_size, file.stat().st_mtime_ns) for file in files]
    except (OSError, ValueError):
        return []


def _leaves(value: Any) -> Iterable[Any]:
    if isinstance(value, dict):
        return [leaf for one in value.values() for leaf in _leaves(one)]
    if isinstance(value, list | tuple):
        return [leaf for one in value for leaf in _leaves(one)]
    return [value]


def _kept(request: pytest.FixtureRequest, outcome: AuditOutcome) -> tuple[str, str]:
    """Write the reports where a folder is named; return a section for a failing test."""
    from modelaudit.reports.gate import gate_words

    words = gate_words(outcome.report)
    folder = request.config.getoption(OPTION)
    if folder is not None:
        name = hashlib.sha256(request.node.nodeid.encode()).hexdigest()[:8]
        place = folder / f"audit-{name}-{outcome.report.digest.partition(':')[2][:8]}"
        outcome.save(place.with_suffix(".html"), place.with_suffix(".json"))
        words += f"\n{place.with_suffix('.html')}"
    return f"Audit of {outcome.report.subject.model.name}", words
