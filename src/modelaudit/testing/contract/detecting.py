"""Whether a checker finds what it is for: it fires on a planted defect, and stays quiet on its clean twin."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from modelaudit.testing.contract.runs import SEED, Runs
from modelaudit.testing.defect import Defect

if TYPE_CHECKING:
    from modelaudit.audit_report import AuditReport

MORE = (SEED + 1, SEED + 2)
"""Seeds that are asked where the first one speaks against the checker: two of three decide."""


def fires_faults(runs: Runs) -> Iterator[str]:
    """Whether the planted defect, in its full strength, is found."""
    defect = _defect(runs)
    if not _mostly(runs, defect, planted=True):
        yield (
            f"{defect.name} is planted at {defect.strengths[-1]:g} {defect.unit}, and no limit is exceeded"
            f"{_status(runs)}: look at run_checker(checker, defect.defective(0)). {_limits(runs, defect)}"
        )


def quiet_faults(runs: Runs) -> Iterator[str]:
    """Whether a limit is exceeded where no defect is planted."""
    defect = _defect(runs)
    if _mostly(runs, defect, planted=False):
        yield (
            f"{defect.name} is not planted, and a limit is exceeded all the same: look at "
            "run_checker(checker, defect.clean(0)). Judge on an interval and not on the number, or take a limit that "
            "leaves room for chance."
        )
    status = runs.of(_twin(runs, defect, SEED, planted=False)).status
    if status in {"errored", "skipped", "not applicable"}:
        yield f"Where {defect.name} is not planted the check is {status}, which is no answer: it has to complete there."


def _mostly(runs: Runs, defect: Defect, *, planted: bool) -> bool:
    """Whether the alarm is raised: by the first seed, unless that speaks against the checker and both others for it."""
    from modelaudit.testing.running import raises_alarm

    def alarm(seed: int) -> bool:
        return raises_alarm(_twin(runs, defect, seed, planted=planted), runs.checker, defect)

    if alarm(SEED) is planted:
        return planted
    return planted if all(alarm(seed) is planted for seed in MORE) else not planted


def _twin(runs: Runs, defect: Defect, seed: int, *, planted: bool) -> AuditReport:
    if planted and seed == SEED and not runs.has_subject_of_its_own:
        return runs.report
    return runs.audited((planted, seed), lambda: defect.defective(seed) if planted else defect.clean(seed))


def _defect(runs: Runs) -> Defect:
    if runs.defect is None:
        raise AssertionError(
            f"There is no standard defect of the risk {runs.checker.info.risk.value}: plant one that the check is to "
            "find, and hand it in as conformance(checker, defect=...)."
        )
    return runs.defect


def _status(runs: Runs) -> str:
    return "" if runs.result.status == "completed" else f" (the check is {runs.result.status}: {runs.result.reason})"


def _limits(runs: Runs, defect: Defect) -> str:
    own = runs.checker.info.id
    limited = {limit.metric for limit in defect.policy(own).limit if limit.checker == own}
    given = {finding.metric.id for finding in runs.result.findings if finding.metric.primary}
    if limited & given:
        return ""
    return (
        f"No policy limits what it judges ({', '.join(sorted(given)) or 'no primary metric'}): give the defect "
        "limits={'metric': {'max': ...}}."
    )
