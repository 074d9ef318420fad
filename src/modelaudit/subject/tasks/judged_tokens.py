"""What the tasks share whose answers are single tokens of a text, judged one by one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from modelaudit.checker import Losses, Predictions
from modelaudit.errors import DataInputError
from modelaudit.inference.units import Want
from modelaudit.rows import Row
from modelaudit.subject.encoding import Encoding
from modelaudit.subject.task import ReadsText

if TYPE_CHECKING:
    from transformers import PreTrainedModel


class JudgedTokens(ReadsText):
    """Texts and answers of which single tokens are judged, by the log-probability that the model gives them."""

    per_word: bool = False
    argmax: bool = False
    asks: Want = "log_probs"
    masks: bool = False

    def labels(self, model: PreTrainedModel) -> tuple[str, ...]:
        """Return no names: answers are text."""
        return ()

    def content(self, row: Row) -> Any:
        """Return the row's text and answer."""
        return row.text, row.answer

    def predictions(
        self, encodings: Sequence[Encoding], logits: Sequence[NDArray[np.float32]], *, classes: int
    ) -> Predictions:
        """Return (judged tokens of all rows, 1) log-probabilities as logits, and probabilities."""
        offsets = np.concatenate([[0], np.cumsum([e.words for e in encodings], dtype=np.int64)]).astype(np.int64)
        flat = np.concatenate(logits).astype(np.float64)[:, None] if len(logits) else np.zeros((0, 1))
        truncated = np.array([e.tokens_lost > 0 for e in encodings], dtype=np.bool_)
        return Predictions(flat, np.exp(flat), truncated, offsets)

    def losses(self, rows: Sequence[Row], predictions: Predictions) -> Losses:
        """Return each row's mean negative log-probability a judged token, in nats; NaN where a row has none."""
        assert predictions.offsets is not None
        per_token = -predictions.logits[:, 0]
        counts = np.diff(predictions.offsets)
        total = np.bincount(np.repeat(np.arange(len(rows)), counts), per_token, minlength=len(rows))
        per_row = np.divide(total, counts, out=np.full(len(rows), np.nan), where=counts > 0)
        return Losses(per_row, per_token, predictions.offsets)

    def label_counts(self, rows: Sequence[Row], labels: Sequence[str]) -> dict[str, int]:
        """Return nothing: there are no classes to count."""
        return {}


def answer_in(cell: Any, *, place: str) -> str:
    """Return a cell that holds an answer; raise DataInputError where it is no text."""
    if not isinstance(cell, str):
        raise DataInputError(f"{place}: an answer is text, not a {type(cell).__name__}; name a column of texts")
    return cell


def apart(row: Row) -> Row:
    """Return the row with one space before its answer where neither text nor answer has white space there."""
    joined = row.answer is None or row.text[-1:].isspace() or row.answer[:1].isspace()
    return row if joined else replace(row, answer=f" {row.answer}")
