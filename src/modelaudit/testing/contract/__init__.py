"""The contract of a checker, as checks that any author can run: `@conformance(MyChecker(), defect=MY_DEFECT)`."""

from modelaudit.testing.contract.check import Check, ConformanceWarning
from modelaudit.testing.contract.checks import CHECKS
from modelaudit.testing.contract.suite import conformance

__all__ = ["CHECKS", "Check", "ConformanceWarning", "conformance"]
