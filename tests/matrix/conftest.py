"""Lets the tests of the matrix import it as its runner does, and keeps what libraries say off the page."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

BENCHMARKS = Path(__file__).parents[2] / "benchmarks"


@pytest.fixture(scope="session")
def matrix():
    """Return a function that imports a module of the matrix by name."""
    sys.path.insert(0, str(BENCHMARKS))
    try:
        from importlib import import_module

        yield lambda name: import_module(f"matrix.{name}")
    finally:
        sys.path.remove(str(BENCHMARKS))


@pytest.fixture
def cell_of(matrix):
    """Return a function that gives an architecture by the matrix's title of it, and runs one of its tasks."""
    catalogue, cell = matrix("catalogue"), matrix("cell")

    def run(title, task, **options):
        architecture = next(one for one in catalogue.ARCHITECTURES if one.title == title and task in one.tasks)
        return cell.run(architecture, task, size=cell.Size(12, 8, 3), **options)

    return run
