"""Shared subjects: planted models that are made in an instant and audited through the whole engine."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

# Before numba is imported: to compile what shap calls takes longer than the few rows of these tests do without.
os.environ.setdefault("NUMBA_DISABLE_JIT", "1")

from modelaudit.testing.planted import planted_classifier, planted_rows, planted_tag_rows, planted_tagger

# How long an example takes hangs on what else the machine does.
settings.register_profile("suite", deadline=None)
settings.load_profile("suite")

WORDS = {"good": 2.0, "kind": 1.5, "fine": 1.0, "bad": -2.0, "slow": -1.5, "poor": -1.0}
LEXICON = {
    "Emily": "B-PER", "James": "B-PER", "Maria": "B-PER", "Darnell": "B-PER", "Baker": "I-PER", "Lopez": "I-PER",
    "Paris": "B-LOC", "Oslo": "B-LOC", "Acme": "B-ORG", "Initech": "B-ORG", "Group": "I-ORG",
}  # fmt: skip


@pytest.fixture(scope="session", autouse=True)
def _cache_of_its_own(tmp_path_factory):
    """Keep journals of audits under test out of the user's cache, and each worker's apart."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def classifier():
    return planted_classifier(WORDS, extra_vocabulary=("she", "he"))


@pytest.fixture(scope="session")
def rows():
    return planted_rows(240, seed=1, words=WORDS)


@pytest.fixture(scope="session")
def train_rows():
    return planted_rows(240, seed=2, words=WORDS, numbered=True)


@pytest.fixture(scope="session")
def tagger():
    return planted_tagger(LEXICON)


@pytest.fixture(scope="session")
def tag_rows():
    return planted_tag_rows(160, seed=1, lexicon=LEXICON)
