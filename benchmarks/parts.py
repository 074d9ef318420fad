"""A benchmark in parts that can be run alone."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping, Sequence

from study import Figure

Part = Callable[[], list[Figure]]


def run(parts: Mapping[str, Part], only: Sequence[str] | None) -> list[Figure]:
    """Run the parts, or some of them, and tell on stderr what each found."""
    unknown = set(only or ()) - set(parts)
    if unknown:
        sys.exit(f"there is no part {', '.join(sorted(unknown))}; there are {', '.join(parts)}")
    figures: list[Figure] = []
    began = time.perf_counter()
    for name, part in parts.items():
        if only and name not in only:
            continue
        started = time.perf_counter()
        found = part()
        for figure in found:
            print(f"  {figure.name}: {figure.value} {figure.unit}", file=sys.stderr)
        print(f"{name}: {time.perf_counter() - started:.0f} s", file=sys.stderr)
        figures += found
    return [*figures, Figure("the whole run", round(time.perf_counter() - began), "wall seconds")]
