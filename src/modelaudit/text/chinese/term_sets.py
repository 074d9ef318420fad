"""The Chinese term sets."""

from __future__ import annotations

from functools import cache

from modelaudit.text.chinese.ages import Ages
from modelaudit.text.chinese.ethnic_groups import EthnicGroups
from modelaudit.text.chinese.hukou import Hukou
from modelaudit.text.chinese.provinces import Provinces
from modelaudit.text.terms import TermSet


@cache
def term_sets() -> tuple[TermSet, ...]:
    """Ethnic group, region, the two axes of household registration, and age."""
    return EthnicGroups(), Provinces(), Hukou("rural"), Hukou("local"), Ages()
