"""Does the check keep the contract, find the planted defect, and stay quiet without it?"""

from modelaudit_fairlearn.checker import FlaggingSkew
from modelaudit_fairlearn.defect import FLAGGING_DEFECT

from modelaudit.testing import conformance


@conformance(FlaggingSkew(), defect=FLAGGING_DEFECT)
def test_conformance(check):
    check()
