"""What all tests of trainings share."""

import gc

import pytest


@pytest.fixture(autouse=True)
def _quick_collections():
    """Hide what is loaded already from the collection that Trainer begins with, which takes a second otherwise."""
    gc.freeze()
    yield
    gc.unfreeze()
