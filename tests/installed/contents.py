"""What a wheel has to hold: every file of the source tree that is no cache, and something of each kind of data."""

from __future__ import annotations

import sys
import zipfile
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src"
KINDS = {
    "policies": "modelaudit/policies/",
    "locales": "modelaudit/reports/locales/",
    "report templates": "modelaudit/reports/templates/",
    "lexicons": "modelaudit/text/lexicons/",
    "calibration cards": "modelaudit/cards/data/",
    "templates of a new plugin": "modelaudit/testing/scaffold/package/",
    "typing marker": "modelaudit/py.typed",
}
"""Kinds of data, and where each lies in the wheel."""


def lacking(wheel: Path) -> list[str]:
    """Return a sentence for each thing that the wheel lacks."""
    with zipfile.ZipFile(wheel) as archive:
        held = set(archive.namelist())
    faults = [
        f"no {kind} ({place})" for kind, place in KINDS.items() if not any(name.startswith(place) for name in held)
    ]
    there = {
        path.relative_to(SOURCE).as_posix()
        for path in (SOURCE / "modelaudit").rglob("*")
        if path.is_file() and path.suffix != ".pyc"
    }
    faults += [f"not in the wheel: {name}" for name in sorted(there - held)]
    entry = next((name for name in held if name.endswith(".dist-info/entry_points.txt")), None)
    return faults if entry else [*faults, "no entry points"]


if __name__ == "__main__":
    wheel = Path(sys.argv[1])
    faults = lacking(wheel)
    for fault in faults:
        print(f"{wheel.name}: {fault}")
    print(f"{wheel.name}: {wheel.stat().st_size / 1e6:.2f} MB, {'incomplete' if faults else 'all files are in it'}")
    sys.exit(bool(faults))
