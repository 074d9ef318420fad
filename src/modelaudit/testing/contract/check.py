"""A check: one part of the contract that a checker keeps, as a question to be put to it."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from modelaudit._version import __version__
from modelaudit.errors import ModelAuditError

if TYPE_CHECKING:
    from modelaudit.testing.contract.runs import Runs

FIRST = "0.1"
"""The minor version that brought the kit. Nobody had passed its checks before, so none of them only warns."""


class ConformanceWarning(UserWarning):
    """A checker does not keep a part of the contract that is new in this minor version: from the next on, it fails."""


@dataclass(frozen=True, slots=True)
class Check:
    """One part of the contract.

    Attributes:
        name: as its test is called, and as `expected_failures` names it.
        since: the minor version that brought it, `0.1`.
        asks: what it asks, in one sentence.
        faults: what is wrong, a sentence each: what, where, and the next step; none where the checker keeps it.
    """

    name: str
    since: str
    asks: str
    faults: Callable[[Runs], Iterable[str]]

    def hold(self, runs: Runs, *, expected: bool = False, version: str = __version__) -> None:
        """Put the question; a check that is new in this minor version warns, unless its failure is expected.

        Raises:
            AssertionError: the checker does not keep this part of the contract.
        """
        try:
            faults = list(self.faults(runs))
        except (AssertionError, ModelAuditError) as error:
            # The subject can't be audited, or the checker lacks a verb: the message says what to do.
            faults = [str(error)]
        if not faults:
            return
        said = "\n".join([f"{runs.checker.info.id} fails the check {self.name!r} ({self.asks})", *faults])
        if not expected and self.is_new(version):
            warnings.warn(f"{said}\nFrom the next minor version on, this fails.", ConformanceWarning, stacklevel=2)
            return
        raise AssertionError(said)

    def is_new(self, version: str) -> bool:
        """Tell whether a version is of the minor version that brought the check."""
        minor = ".".join(version.split(".")[:2])
        return self.since == minor and minor != FIRST
