"""An audit of all families that takes a third of the time: the two longest checks ask the model less."""

from __future__ import annotations

from types import MappingProxyType

FEW_FRAMES = MappingProxyType({"modelaudit/counterfactual-frames": {"domains": ["hiring", "health"]}})
SHORT = MappingProxyType({**FEW_FRAMES, "modelaudit/adversarial-search": {"rows": 20}})
