"""Taking a window: its rows answered and counted, which is all that a look needs of them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from modelaudit.audit_report import AuditReport
from modelaudit.monitoring.live_rows import LiveRows
from modelaudit.monitoring.live_window import LiveWindow
from modelaudit.monitoring.profile import EMBEDDED, WatchProfile, projected
from modelaudit.monitoring.row_key import RowKey
from modelaudit.monitoring.tally import accuracy_tally, answer_tally, language, length_bin, text_tally
from modelaudit.monitoring.watch_log import LogLine
from modelaudit.monitoring.watched_model import Answers, ModelSource, changed_parts, live_answers


@dataclass(frozen=True, slots=True, eq=False)
class Taken:
    """A window with its answers, as counts.

    Attributes:
        predictions, confidences: of each new row, the model's where one was asked and else its own.
        embeddings: (drawn rows, width), None where they can't be compared with the baseline's.
        labelled: rows whose label and prediction are known since this look.
    """

    live: LiveRows
    window: LiveWindow
    answers: Answers | None
    predictions: tuple[int | None, ...]
    confidences: tuple[float | None, ...]
    tally: dict[str, dict[str, int]]
    embeddings: NDArray[np.float64] | None
    labelled: int


def take(
    live: LiveRows,
    window: LiveWindow,
    baseline: AuditReport,
    profile: WatchProfile,
    *,
    key: RowKey,
    model: ModelSource | None,
) -> Taken:
    """Ask the model, where there is one, and count. ModelInputError where it can't answer for the audited one."""
    texts = window.texts
    drawn = range(min(EMBEDDED, len(texts))) if profile.embeddings is not None else range(0)
    answers = None if model is None or not texts else live_answers(model, texts, drawn, baseline)
    predictions: Sequence[int | None] = [row.live.prediction for row in window.new]
    confidences: Sequence[float | None] = [row.live.confidence for row in window.new]
    if answers is not None and answers.predictions is not None and answers.confidences is not None:
        predictions, confidences = answers.predictions.tolist(), answers.confidences.tolist()
    pairs = [(late.prediction, late.label) for late in window.late]
    for row, predicted in zip(window.new, predictions, strict=True):
        if predicted is not None and row.live.label is not None:
            pairs.append((predicted, row.live.label))
    tally = {name: dict(counts) for name, counts in text_tally(texts, profile.known, key).items()}
    tally |= answer_tally(predictions, confidences, profile.labels) | accuracy_tally(pairs)
    vectors = None
    if answers is not None and not changed_parts(answers.info, baseline.subject.model):
        vectors = answers.embeddings
    return Taken(
        live,
        window,
        answers,
        tuple(predictions),
        tuple(confidences),
        tally,
        None if vectors is None else projected(vectors, key),
        len(pairs),
    )


def log_lines(taken: Taken, key: RowKey, *, look: int, day: dt.date) -> list[LogLine]:
    """Return what the log keeps of a window."""
    weights = None if taken.answers is None else taken.answers.info.weights_sha256
    said = zip(taken.window.new, taken.predictions, taken.confidences, strict=True)
    new = [
        LogLine(
            key=key.id,
            look=look,
            day=day,
            name=row.name,
            row=row.row,
            model=weights,
            language=language(row.text),
            length=length_bin(len(row.text)),
            prediction=predicted,
            confidence=None if confidence is None else round(confidence, 3),
            label=row.live.label,
        )
        for row, predicted, confidence in said
    ]
    return [
        *new,
        *(LogLine(key=key.id, look=look, day=day, name=each.name, label=each.label) for each in taken.window.late),
    ]
