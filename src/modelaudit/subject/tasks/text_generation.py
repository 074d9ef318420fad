"""Text generation by a causal language model: how probable is one answer to a prompt?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from modelaudit.checker import Answers, Losses, Predictions
from modelaudit.errors import DataInputError
from modelaudit.rows import Row
from modelaudit.subject.answering import continued
from modelaudit.subject.chat import message_column, shows_message
from modelaudit.subject.columns import Tiers, find_column
from modelaudit.subject.continuation import continuations
from modelaudit.subject.encoding import Encoder, Encoding, Segments
from modelaudit.subject.tables import Table
from modelaudit.subject.task import ColumnChoice, RowBatch
from modelaudit.subject.tasks.chat_rows import chat_rows
from modelaudit.subject.tasks.judged_tokens import JudgedTokens, answer_in, apart
from modelaudit.subject.tasks.whole_text import text_column_of, text_rows, truths_in

if TYPE_CHECKING:
    from modelaudit.inference.engine import Engine
    from modelaudit.subject.opened import OpenedModel

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

    Prompts are put to the model as they stand in the table. Messages of a chat are put to it by its chat template, and
    so are prompts where the user says that they are chats.
    """

    name: str = "text-generation"
    suffixes: tuple[str, ...] = ("ForCausalLM", "LMHeadModel")
    auto_class: str = "AutoModelForCausalLM"
    peft_type: str = "CAUSAL_LM"
    verbs: frozenset[str] = frozenset(
        {"predict", "loss", "players", "predict_masked", "generate", "token_statistics", "answers"}
    )

    def fits(self, config: Any) -> bool:
        """Whether the model reads one way: one that has an encoder as well is of another task."""
        return not config.is_encoder_decoder

    def rows(self, table: Table, labels: Sequence[str], columns: ColumnChoice) -> RowBatch:
        """Return the prompts of a table, with their answers where it has a column of them.

        An answer is set apart from its prompt by one space where neither has white space there; in a chat the template
        does so.
        """
        messages = None if columns.chat is False else message_column(table, columns.text)
        if messages is not None:
            return chat_rows(table, columns, messages, ANSWER_COLUMNS)
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
        return replace(batch, rows=tuple(replace(row, turns=()) if columns.chat else apart(row) for row in batch.rows))

    def settled(self, reader: Encoder, rows: Sequence[Row], *, opened: OpenedModel) -> tuple[Encoder, tuple[str, ...]]:
        """Return the reader, and a sentence where the chat template does not show what users say."""
        chats = [row for row in rows if row.turns is not None and row.text.strip()]
        unseen = sum(not shows_message(row.turns or (), row.text, reader) for row in chats)
        said = (
            f"In {unseen:,} of {len(chats):,} chats the chat template does not show the user's message as it stands, "
            "so no word of it can be hidden or explained."
        )
        return reader, (said,) if unseen else ()

    def content(self, row: Row) -> Any:
        """Return the row's text and answer, and for a chat the turns before these."""
        return (row.text, row.answer) if row.turns is None else (row.text, row.answer, row.turns)

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

    def answers(
        self, rows: Sequence[Row], encoder: Encoder, engine: Engine, *, opened: OpenedModel, most: int
    ) -> Answers:
        """Return what the model goes on with behind each prompt, greedily."""
        prompts = [self.content(replace(row, answer=None)) for row in rows]
        return continued(prompts, self.encode, encoder, engine, opened=opened, most=most)
