"""Tiny real models in folders, made once a session."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import torch
from tiny_models import TAGS, bert_config, save
from transformers import BertForSequenceClassification, BertForTokenClassification, BertModel

from modelaudit.subject.opened import OpenedModel, OpenOptions
from modelaudit.subject.source import open_model
from modelaudit.subject.subject import Subject, build_subject


@pytest.fixture(scope="session")
def folders(tmp_path_factory: pytest.TempPathFactory) -> Path:
    torch.manual_seed(7)
    root = tmp_path_factory.mktemp("models")
    save(BertForSequenceClassification(bert_config(("negative", "positive"))), root / "classifier")
    save(BertForSequenceClassification(bert_config(("LABEL_0", "LABEL_1"))), root / "generic")
    save(BertForTokenClassification(bert_config(TAGS)), root / "tagger")
    save(BertModel(bert_config(("LABEL_0", "LABEL_1"))), root / "encoder")
    return root


@pytest.fixture(scope="session")
def classifier(folders: Path) -> OpenedModel:
    return open_model(folders / "classifier")


@pytest.fixture(scope="session")
def tagger(folders: Path) -> OpenedModel:
    return open_model(folders / "tagger")


@pytest.fixture
def copied(folders: Path, tmp_path: Path) -> Callable[[str], Path]:
    """Copy a model's folder so that a test may break it."""

    def copy(name: str) -> Path:
        return Path(shutil.copytree(folders / name, tmp_path / name))

    return copy


@pytest.fixture(scope="session")
def subject_of() -> Callable[..., Subject]:
    def build(source: Any, data: Any, **choices: Any) -> Subject:
        opened = source if isinstance(source, OpenedModel) else open_model(source, OpenOptions())
        return build_subject(opened, data=data, device="cpu", **choices)

    return build
