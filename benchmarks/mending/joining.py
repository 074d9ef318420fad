"""A study that was made in parts, on more than one machine: each part tells its own command, versions and hardware."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from mending.cells import CELLS

Record = dict[str, Any]


def joined(places: Sequence[Path]) -> tuple[list[Record], list[Record]]:
    """Return the cells of partial studies in their order, and where each part was made.

    Raises:
        SystemExit: a measure stands in two parts, or in none.
    """
    parts = [json.loads(place.read_text(encoding="utf-8")) for place in places]
    cells = {cell["measure"]: cell for part in parts for cell in part["cells"]}
    names = [cell.measure for cell in CELLS]
    if sum(len(part["cells"]) for part in parts) != len(names) or set(cells) != set(names):
        raise SystemExit(
            f"the parts have {', '.join(sorted(cells))}; each of {', '.join(names)} belongs in one of them"
        )
    told = [
        {
            "measures": [cell["measure"] for cell in part["cells"]],
            **{name: part[name] for name in ("command", "versions", "hardware")},
        }
        for part in parts
    ]
    return [cells[name] for name in names], told


def parts_page(parts: Sequence[Mapping[str, Any]]) -> str:
    """Return the section that says where each part was made; nothing for a study made at once."""
    if not parts:
        return ""
    lines = ["", "## Where it was made", ""]
    for part in parts:
        versions = ", ".join(f"{package} {number}" for package, number in part["versions"].items())
        machine = part["hardware"]
        lines.append(
            f"- {', '.join(part['measures'])}: by `{part['command']}`, on {machine['system']} {machine['machine']}, "
            f"{machine['cpus']} CPUs; {versions}."
        )
    return "\n".join(lines) + "\n"
