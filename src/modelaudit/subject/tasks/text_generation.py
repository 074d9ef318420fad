"""Text generation by a causal language model: how probable is one answer to a prompt?"""

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
from modelaudit.subject.columns import Tiers, find_column
from modelaudit.subject.continuation import continuations
from modelaudit.subject.encoding import Encoder, Encoding, Segments
from modelaudit.subject.tables import Table
from modelaudit.subject.task import ColumnChoice, RowBatch
from modelaudit.subject.tasks.whole_text import text_column_of, text_rows, truths_in

if TYPE_CHECKING:
    from transformers import PreTrainedModel

PROMPT_COLUMNS: Tiers = (
    ("prompt", "prompts", "question", "instruction", "query"),
    ("text", "input", "inputs", "sentence", "content", "source", "context"),
)
ANSWER_COLUMNS: Tiers = (
    ("answer", "answers", "completion", "response", "output", "outputs"),
    ("target", "targets", "label", "labels", "reference"),
)


class TextGeneration:
    """A prompt and an answer that is fixed: the row's own, or one that the model was asked for before.

    Prompts are put to the model as they stand in the table, without a chat template.
    """

    name: str = "text-generation"
    suffixes: tuple[str, ...] = ("ForCausalLM", "LMHeadModel")
    auto_class: str = "AutoModelForCausalLM"
    peft_type: str = "CAUSAL_LM"
    verbs: frozenset[str] = frozenset({"predict", "loss", "players", "predict_masked", "generate", "token_statistics"})
    per_word: bool = False
    argmax: bool = False
    asks: Want = "log_probs"

    def fits(self, config: Any) -> bool:
        """Whether the model reads one way: one that has an encoder as well is of another task."""
        return not config.is_encoder_decoder

    def labels(self, model: PreTrainedModel) -> tuple[str, ...]:
        """Return no names: answers are text."""
        return ()

    def rows(self, table: Table, labels: Sequence[str], columns: ColumnChoice) -> RowBatch:
        """Return the prompts of a table, with their answers where it has a column of them.

        An answer is set apart from its prompt by one space where neither has white space there.
        """
        prompt_column = text_column_of(table, columns, known=PROMPT_COLUMNS)
        answer_column = find_column(
            table,
            columns.label,
            ANSWER_COLUMNS,
            what="answer",
            flag="--label-column",
            fits=lambda cell: isinstance(cell, str),
            taken=[name for name in (prompt_column, columns.group) if name],
        )
        truths = truths_in(table, answer_column, named=columns.label is not None)
        batch = text_rows(
            table,
            columns,
            text_column=prompt_column,
            label_columns=truths.columns,
            truths=truths.cells,
            read=lambda cells: [{"answer": _answer(cell, place=truths.place)} for cell in cells],
        )
        return replace(batch, rows=tuple(map(_apart, batch.rows)))

    def content(self, row: Row) -> Any:
        """Return the row's prompt and answer."""
        return row.text, row.answer

    def encode(self, contents: Sequence[Any], encoder: Encoder) -> list[Encoding]:
        """Return the encodings of prompts with their answers."""
        return [each.encoding() for each in continuations(contents, encoder)]

    def segment(self, contents: Sequence[Any], encoder: Encoder) -> list[Segments]:
        """Return the words of the prompts; the answers always stay."""
        return [each.segments(encoder) for each in continuations(contents, encoder)]

    def predictions(
        self, encodings: Sequence[Encoding], logits: Sequence[NDArray[np.float32]], *, classes: int
    ) -> Predictions:
        """Return (tokens of all answers, 1) log-probabilities as logits, and probabilities."""
        offsets = np.concatenate([[0], np.cumsum([e.words for e in encodings], dtype=np.int64)]).astype(np.int64)
        flat = np.concatenate(logits).astype(np.float64)[:, None] if len(logits) else np.zeros((0, 1))
        truncated = np.array([e.tokens_lost > 0 for e in encodings], dtype=np.bool_)
        return Predictions(flat, np.exp(flat), truncated, offsets)

    def losses(self, rows: Sequence[Row], predictions: Predictions) -> Losses:
        """Return each answer's mean negative log-probability a token, in nats; DataInputError for a row without one."""
        unanswered = next((row.id for row in rows if row.answer is None), None)
        if unanswered is not None or predictions.offsets is None:
            raise DataInputError(
                f"row {unanswered} has no answer, so it has no loss; ask for the loss of answered rows"
            )
        per_token = -predictions.logits[:, 0]
        counts = np.diff(predictions.offsets)
        total = np.bincount(np.repeat(np.arange(len(rows)), counts), per_token, minlength=len(rows))
        per_row = np.divide(total, counts, out=np.full(len(rows), np.nan), where=counts > 0)
        return Losses(per_row, per_token, predictions.offsets)

    def label_counts(self, rows: Sequence[Row], labels: Sequence[str]) -> dict[str, int]:
        """Return nothing: there are no classes to count."""
        return {}


def _answer(cell: Any, *, place: str) -> str:
    if not isinstance(cell, str):
        raise DataInputError(f"{place}: an answer is text, not a {type(cell).__name__}; name a column of texts")
    return cell


def _apart(row: Row) -> Row:
    joined = row.answer is None or row.text[-1:].isspace() or row.answer[:1].isspace()
    return row if joined else replace(row, answer=f" {row.answer}")
