"""Does the check keep the contract, find the planted defect, and stay quiet without it?"""

from modelaudit_deepwordbug.checker import LookAlikeAttack
from modelaudit_deepwordbug.defect import ONE_WORD_DEFECT

from modelaudit.testing import conformance


@conformance(LookAlikeAttack(), defect=ONE_WORD_DEFECT)
def test_conformance(check):
    check()
