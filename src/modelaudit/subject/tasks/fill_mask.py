"""Masked language models: how probable is each token of a text, from all that stands around it?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from modelaudit.subject.columns import Tiers, find_column
from modelaudit.subject.continuation import surrounded
from modelaudit.subject.encoding import Encoder, Encoding, Segments
from modelaudit.subject.tables import Table
from modelaudit.subject.task import ColumnChoice, RowBatch
from modelaudit.subject.tasks.judged_tokens import JudgedTokens, answer_in, apart
from modelaudit.subject.tasks.whole_text import TEXT_COLUMNS, text_column_of, text_rows, truths_in

KNOWN_COLUMNS: Tiers = (*TEXT_COLUMNS, ("sent_more",))


class FillMask(JudgedTokens):
    """A text whose tokens are masked one at a time, each judged at its place (Salazar et al. 2020, arXiv 1910.14659).

    The sum over the tokens is the pseudo-log-likelihood. Judged are the tokens of the row's answer, which stands behind
    its text, or all tokens of a text without an answer. So `predict` gives (judged tokens of all rows, 1)
    log-probabilities, and the loss is their negative mean over the row, in nats a token.
    """

    name: str = "fill-mask"
    suffixes: tuple[str, ...] = ("ForMaskedLM",)
    auto_class: str = "AutoModelForMaskedLM"
    peft_type: str = ""
    verbs: frozenset[str] = frozenset({"predict", "loss", "token_statistics"})
    masks: bool = True

    def fits(self, config: Any) -> bool:
        """Whether the model sees both sides of a mask: neither a decoder nor a model that has one."""
        return not (config.is_encoder_decoder or getattr(config, "is_decoder", False))

    def rows(self, table: Table, labels: Sequence[str], columns: ColumnChoice) -> RowBatch:
        """Return the texts of a table, with the answers behind them where the user names a column of answers."""
        text_column = text_column_of(table, columns, known=KNOWN_COLUMNS)
        answer_column = find_column(
            table, columns.label, (), what="answer", flag="--label-column", fits=lambda cell: isinstance(cell, str)
        )
        truths = truths_in(table, answer_column, named=columns.label is not None)
        batch = text_rows(
            table,
            columns,
            text_column=text_column,
            label_columns=truths.columns,
            truths=truths.cells,
            read=lambda cells: [{"answer": answer_in(cell, place=truths.place)} for cell in cells],
        )
        return replace(batch, rows=tuple(map(apart, batch.rows)))

    def encode(self, contents: Sequence[Any], encoder: Encoder) -> list[Encoding]:
        """Return the encodings of texts with their answers; each judged token is gathered at its own place."""
        return surrounded(contents, encoder)

    def segment(self, contents: Sequence[Any], encoder: Encoder) -> list[Segments]:
        """Return the words of the texts."""
        return encoder.text_segments([text for text, _ in contents])
