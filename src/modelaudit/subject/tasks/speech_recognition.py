"""Speech recognition: what is said in a sound, whichever way the model writes it down."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from modelaudit.checker import Losses, Predictions
from modelaudit.errors import DataInputError
from modelaudit.rows import Row
from modelaudit.subject.columns import Tiers, find_column
from modelaudit.subject.encoding import Segments
from modelaudit.subject.tables import Table
from modelaudit.subject.task import ColumnChoice, Medium, RowBatch
from modelaudit.subject.tasks.judged_tokens import JudgedTokens, answer_in
from modelaudit.subject.tasks.media_rows import SOUNDS, medium_column_of, medium_rows, no_words
from modelaudit.subject.tasks.whole_text import truths_in

TRANSCRIPTS: Tiers = (
    ("text", "sentence", "transcription", "transcript", "transcriptions", "transcripts"),
    ("normalized_text", "normalised_text", "raw_transcription", "raw_text", "answer", "target", "label", "labels"),
)


class SpeechRecognition(JudgedTokens):
    """A sound and a transcript that is fixed, the row's own, which is judged by its probability."""

    name: str = "automatic-speech-recognition"
    peft_type: str = ""
    medium: Medium = "sound"
    reads: frozenset[str] = frozenset({"input_values", "input_features"})

    def rows(self, table: Table, labels: Sequence[str], columns: ColumnChoice) -> RowBatch:
        """Return the sounds of a table that can be read, with their transcripts where it has a column of them."""
        medium_column = medium_column_of(table, columns, SOUNDS)
        column = find_column(
            table,
            columns.label,
            TRANSCRIPTS,
            what="transcript",
            flag="--label-column",
            fits=lambda cell: isinstance(cell, str),
            taken=[name for name in (medium_column, columns.group) if name],
        )
        truths = truths_in(table, column, named=columns.label is not None)
        return medium_rows(
            table,
            columns,
            SOUNDS,
            medium_column=medium_column,
            label_columns=truths.columns,
            truths=truths.cells,
            read=lambda cells: [{"answer": answer_in(cell, place=truths.place)} for cell in cells],
        )

    def content(self, row: Row) -> Any:
        """Return the row's sound and transcript."""
        return row.sound, row.answer

    def segment(self, contents: Sequence[Any], encoder: Any) -> list[Segments]:
        """Raise CapabilityError: a sound has no words."""
        raise no_words(self.name)

    def losses(self, rows: Sequence[Row], predictions: Predictions) -> Losses:
        """Return each transcript's mean negative log-probability a judged part, in nats.

        Raises DataInputError for a row without a transcript.
        """
        untold = next((row.id for row in rows if row.answer is None), None)
        if untold is not None:
            raise DataInputError(
                f"row {untold} has no transcript, so it has no loss; ask for the loss of rows with one"
            )
        return super().losses(rows, predictions)
