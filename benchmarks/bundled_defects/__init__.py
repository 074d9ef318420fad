"""What each bundled checker is calibrated with: a module a checker, in the order of their names.

A module has CHECKER, an instance; DEFECT, what is planted; NULLS and DRAWS, how many audits of the clean twin and at
each strength. A new module in this folder is found by itself. The checkers of `studied` have studies of their own, and
are asked for their cost alone.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules

from modelaudit.checker import Checker
from modelaudit.testing.defect import Defect

STUDIED = "studied"


@dataclass(frozen=True)
class Entry:
    """A checker and what it is calibrated with; `draws` of 0 means that only the cost of an audit is measured."""

    checker: Checker
    defect: Defect
    nulls: int
    draws: int

    @property
    def id(self) -> str:
        """The checker's id."""
        return self.checker.info.id


def entries() -> dict[str, Entry]:
    """Return all entries by the id of their checker.

    Raises:
        ValueError: two of one checker.
    """
    found: dict[str, Entry] = {}
    for entry in _all():
        if entry.id in found:
            raise ValueError(f"two modules of bundled_defects are of {entry.id}")
        found[entry.id] = entry
    return found


def _all() -> Iterator[Entry]:
    for name in sorted(module.name for module in iter_modules(__path__)):
        module = import_module(f"{__name__}.{name}")
        if name == STUDIED:
            yield from (Entry(checker, defect, module.NULLS, 0) for checker, defect in module.CHECKERS)
        else:
            yield Entry(module.CHECKER, module.DEFECT, module.NULLS, module.DRAWS)
