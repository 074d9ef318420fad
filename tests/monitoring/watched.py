"""A small audit to watch against: its report, its rows, and live rows that are drawn as they were."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from modelaudit import Audit
from modelaudit.audit_report import AuditReport
from modelaudit.monitoring.profile import WatchProfile, make_profile
from modelaudit.monitoring.row_key import RowKey
from modelaudit.plugins import Plugins
from modelaudit.subject.opened import OpenOptions
from modelaudit.testing.planted import planted_rows

WORDS = {"good": 2.0, "kind": 1.5, "fine": 1.0, "bad": -2.0, "slow": -1.5, "poor": -1.0}
LABELS = ("negative", "positive")
KEY = RowKey(b"a key for these tests, 32 bytes.")


def ask(texts: list[str]) -> np.ndarray:
    """Answer texts as the planted classifier does, by the words they hold."""
    said = [sum(WORDS.get(word.strip(".,").lower(), 0.0) for word in text.split()) for text in texts]
    positive = 1.0 / (1.0 + np.exp(-np.array(said, dtype=np.float64)))
    return np.column_stack([1.0 - positive, positive])


@dataclass(frozen=True)
class Watched:
    """The audit, its rows, and the profile of them with the answers that they bring."""

    report: AuditReport
    rows: list[dict[str, Any]]
    profile: WatchProfile


@cache
def watched() -> Watched:
    """Return an audit of a function, since that takes no second."""
    rows = answered(planted_rows(400, seed=100, words=WORDS, numbered=True))
    audit = Audit(ask, rows, labels=LABELS, model_name="desk 1", plugins=Plugins(installed=False))
    report = audit.run(only="performance").report
    return Watched(report, rows, make_profile(report, rows, key=KEY))


def options() -> OpenOptions:
    """Return what opens the function."""
    return OpenOptions(labels=LABELS, model_name="desk 1")


def answered(rows: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return rows with the model's prediction and confidence, as production logs them."""
    said = ask([row["text"] for row in rows])
    return [
        {**row, "prediction": LABELS[int(each.argmax())], "confidence": float(each.max())}
        for row, each in zip(rows, said, strict=True)
    ]


def live(n: int, seed: int, **change: Any) -> list[dict[str, Any]]:
    """Return n live rows with ids and answers and no label, drawn as the audit's were."""
    rows = answered(planted_rows(n, seed=100 + seed, words=change.get("words", WORDS), numbered=True))
    return [{"id": f"{seed}-{at}", **{k: v for k, v in row.items() if k != "label"}} for at, row in enumerate(rows)]
