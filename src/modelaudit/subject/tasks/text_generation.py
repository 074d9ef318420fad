"""Text generation by a causal language model: how probable is one answer to a prompt?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from modelaudit.checker import Losses, Predictions
from modelaudit.errors import DataInputError
from modelaudit.rows import Row
from modelaudit.subject.columns import Tiers, find_column
from modelaudit.subject.continuation import continuations
from modelaudit.subject.encoding import Encoder, Encoding, Segments
from modelaudit.subject.tables import Table
from modelaudit.subject.task import ColumnChoice, RowBatch
from modelaudit.subject.tasks.judged_tokens import JudgedTokens, answer_in, apart
from modelaudit.subject.tasks.whole_text import text_column_of, text_rows, truths_in

PROMPT_COLUMNS: Tiers = (
    ("prompt", "prompts", "question", "instruction", "query"),
    ("text", "input", "inputs", "sentence", "content", "source", "context"),
    ("sent_more",),
)
ANSWER_COLUMNS: Tiers = (
    ("answer", "answers", "completion", "response", "output", "outputs"),
    ("target", "targets", "label", "labels", "reference"),
)


class TextGeneration(JudgedTokens):
    """A prompt and an answer that is fixed: the row's own, or one that the model was asked for before.

    Prompts are put to the model as they stand in the table, without a chat template.
    """

    name: str = "text-generation"
    suffixes: tuple[str, ...] = ("ForCausalLM", "LMHeadModel")
    auto_class: str = "AutoModelForCausalLM"
    peft_type: str = "CAUSAL_LM"
    verbs: frozenset[str] = frozenset({"predict", "loss", "players", "predict_masked", "generate", "token_statistics"})

    def fits(self, config: Any) -> bool:
        """Whether the model reads one way: one that has an encoder as well is of another task."""
        return not config.is_encoder_decoder

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
            read=lambda cells: [{"answer": answer_in(cell, place=truths.place)} for cell in cells],
        )
        return replace(batch, rows=tuple(map(apart, batch.rows)))

    def encode(self, contents: Sequence[Any], encoder: Encoder) -> list[Encoding]:
        """Return the encodings of prompts with their answers."""
        return [each.encoding() for each in continuations(contents, encoder)]

    def segment(self, contents: Sequence[Any], encoder: Encoder) -> list[Segments]:
        """Return the words of the prompts; the answers always stay."""
        return [each.segments(encoder) for each in continuations(contents, encoder)]

    def losses(self, rows: Sequence[Row], predictions: Predictions) -> Losses:
        """Return each answer's mean negative log-probability a token, in nats; DataInputError for a row without one."""
        unanswered = next((row.id for row in rows if row.answer is None), None)
        if unanswered is not None:
            raise DataInputError(
                f"row {unanswered} has no answer, so it has no loss; ask for the loss of answered rows"
            )
        return super().losses(rows, predictions)
