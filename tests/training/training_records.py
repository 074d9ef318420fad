"""Records of trainings that nobody made, for what reads them."""

from __future__ import annotations

from typing import Any

from modelaudit.training.record import SourceInfo, TrainingRecord


def source_of(**more: Any) -> SourceInfo:
    given = {"name": "train.csv", "rows": 3, "rows_sha256": "0" * 64, "text_column": "text", "label_column": "label"}
    return SourceInfo(**given | more)


def record_of(**more: Any) -> TrainingRecord:
    given: dict[str, Any] = {
        "package_version": "0",
        "versions": {"torch": "2"},
        "task": "text-classification",
        "labels": ("a", "b"),
        "base_model": "owner/name",
        "base_made": False,
        "recipe": {},
        "train": source_of(),
        "examples": 3,
        "updates": 1,
        "epochs": 1.0,
        "device": "cpu",
        "precision": "float32",
        "seconds": 1.0,
    }
    return TrainingRecord(**given | more)
