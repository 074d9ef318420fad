"""For plugin authors and for the project itself: the conformance suite, fake models, planted defects, and the demo.

Nothing is imported before it is asked for: `from modelaudit.testing import conformance, FakeModel, BIASED`.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from modelaudit.testing.calibration import calibrate
    from modelaudit.testing.contract import ConformanceWarning, conformance
    from modelaudit.testing.defect import Defect
    from modelaudit.testing.defects import BIASED, BRITTLE, DEFECTS, MEMORISING, OPAQUE, OVERCONFIDENT
    from modelaudit.testing.fake_model import FakeModel
    from modelaudit.testing.planted import planted_classifier, planted_rows, planted_tag_rows, planted_tagger
    from modelaudit.testing.running import alarmed, run_checker

__all__ = [
    "BIASED",
    "BRITTLE",
    "DEFECTS",
    "MEMORISING",
    "OPAQUE",
    "OVERCONFIDENT",
    "ConformanceWarning",
    "Defect",
    "FakeModel",
    "alarmed",
    "calibrate",
    "conformance",
    "planted_classifier",
    "planted_rows",
    "planted_tag_rows",
    "planted_tagger",
    "run_checker",
]

_HOMES = {
    "BIASED": "defects",
    "BRITTLE": "defects",
    "DEFECTS": "defects",
    "MEMORISING": "defects",
    "OPAQUE": "defects",
    "OVERCONFIDENT": "defects",
    "ConformanceWarning": "contract",
    "Defect": "defect",
    "FakeModel": "fake_model",
    "alarmed": "running",
    "calibrate": "calibration",
    "conformance": "contract",
    "planted_classifier": "planted",
    "planted_rows": "planted",
    "planted_tag_rows": "planted",
    "planted_tagger": "planted",
    "run_checker": "running",
}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'modelaudit.testing' has no attribute {name!r}")
    return getattr(import_module(f"modelaudit.testing.{_HOMES[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
