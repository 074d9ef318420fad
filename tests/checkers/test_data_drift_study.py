"""The simulations of drift and shortcuts in short: their figures fail where the checks get worse."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.mark.parametrize(("name", "draws"), [("data_drift", 12), ("shortcuts", 9)])
def test_the_study_holds_in_short(name, draws, monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    kept = set(sys.modules)
    found = import_module(f"robustness.{name}").study(draws, 1)
    for added in set(sys.modules) - kept:
        if added.partition(".")[0] in ("robustness", "engine"):
            del sys.modules[added]
    assert {"study", "cell", "asked", "measured", "holds", "draws"} == set(found[0])
    assert len({line["cell"] for line in found}) == len(found)
    # With so few draws one or two misses of coverage are chance; a gross one is not.
    for line in found:
        value, bound = line["measured"], float(line["asked"].split()[1])
        assert value <= bound + 0.1 if line["asked"].startswith("<=") else value >= bound - 0.2, line
