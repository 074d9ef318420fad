"""Text to text: a text that an encoder-decoder writes from another one, such as a summary or a translation."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from modelaudit.checker import Answers, Losses, Predictions
from modelaudit.errors import DataInputError
from modelaudit.rows import Row
from modelaudit.subject.answering import decoded
from modelaudit.subject.cells import shown_cell
from modelaudit.subject.columns import Tiers, find_column
from modelaudit.subject.encoding import Encoder, Encoding, Segments
from modelaudit.subject.tables import Table
from modelaudit.subject.targets import TargetEncoder, opening_input
from modelaudit.subject.task import ColumnChoice, RowBatch
from modelaudit.subject.tasks.judged_tokens import JudgedTokens, answer_in
from modelaudit.subject.tasks.translations import with_languages
from modelaudit.subject.tasks.whole_text import text_column_of, text_rows, truths_in
from modelaudit.subject.tokenizer_lock import lock_of

if TYPE_CHECKING:
    from modelaudit.inference.engine import Engine
    from modelaudit.subject.opened import OpenedModel

SOURCE_COLUMNS: Tiers = (
    ("source", "document", "article", "dialogue", "input_text", "source_text", "src"),
    ("text", "input", "inputs", "prompt", "question", "sentence", "content", "report", "body"),
)
TARGET_COLUMNS: Tiers = (
    ("target", "targets", "summary", "highlights", "target_text", "translation", "tgt"),
    ("abstract", "headline", "answer", "output", "outputs", "response", "completion", "reference", "label", "labels"),
)


class Text2TextGeneration(JudgedTokens):
    """A source and a target that is fixed: the row's own, or one that the model was asked for before.

    Judged are the target's tokens and the token that ends it. Nothing is put before a source: where a model was trained
    with a prefix (`summarize: `), the rows have it.
    """

    name: str = "text2text-generation"
    suffixes: tuple[str, ...] = ("ForConditionalGeneration", "MTModel", "ForSeq2SeqLM")
    auto_class: str = "AutoModelForSeq2SeqLM"
    peft_type: str = "SEQ_2_SEQ_LM"
    verbs: frozenset[str] = frozenset({"predict", "loss", "players", "predict_masked", "token_statistics", "answers"})

    def fits(self, config: Any) -> bool:
        """Whether the model has an encoder for what it reads and a decoder for what it writes."""
        return bool(config.is_encoder_decoder)

    def encoder(self, opened: OpenedModel, *, length: int) -> TargetEncoder:
        """Return what reads sources and targets for a model that takes so many tokens of a source."""
        return TargetEncoder.of(opened, length=length)

    def settled(
        self, reader: Encoder, rows: Sequence[Row], *, opened: OpenedModel
    ) -> tuple[TargetEncoder, tuple[str, ...]]:
        """Return the reader, and a sentence where the configuration names prefixes and the rows have none of them."""
        prefixes = _prefixes(opened.model.config)
        if not prefixes or not rows or any(row.text.startswith(prefixes) for row in rows):
            return _as_reader(reader), ()
        named = ", ".join(map(shown_cell, prefixes[:4]))
        said = f"The model's configuration names {named} to be put before a text; no row begins so, and none was added."
        return _as_reader(reader), (said,)

    def rows(self, table: Table, labels: Sequence[str], columns: ColumnChoice) -> RowBatch:
        """Return the sources of a table, with their targets where it has a column of them.

        A column `translation` holds texts by language, of which the user names the one that the model reads.
        """
        table, columns = with_languages(table, columns)
        source_column = text_column_of(table, columns, known=SOURCE_COLUMNS)
        target_column = find_column(
            table,
            columns.label,
            TARGET_COLUMNS,
            what="target",
            flag="--label-column",
            fits=lambda cell: isinstance(cell, str),
            taken=[name for name in (source_column, columns.group) if name],
        )
        truths = truths_in(table, target_column, named=columns.label is not None)
        return text_rows(
            table,
            columns,
            text_column=source_column,
            label_columns=truths.columns,
            truths=truths.cells,
            read=lambda cells: [{"answer": answer_in(cell, place=truths.place)} for cell in cells],
        )

    def encode(self, contents: Sequence[Any], encoder: Encoder) -> list[Encoding]:
        """Return the encodings of sources with their targets."""
        return _as_reader(encoder).pairs(contents)

    def segment(self, contents: Sequence[Any], encoder: Encoder) -> list[Segments]:
        """Return the words of the sources; the targets always stay."""
        return encoder.text_segments([source for source, _ in contents])

    def losses(self, rows: Sequence[Row], predictions: Predictions) -> Losses:
        """Return each target's mean negative log-probability a token, in nats; DataInputError for a row without one."""
        untold = next((row.id for row in rows if row.answer is None), None)
        if untold is not None:
            raise DataInputError(f"row {untold} has no target, so it has no loss; ask for the loss of rows with one")
        return super().losses(rows, predictions)

    def answers(
        self, rows: Sequence[Row], encoder: Encoder, engine: Engine, *, opened: OpenedModel, most: int
    ) -> Answers:
        """Return what the model writes from each source, greedily and as its own settings say."""
        reader = _as_reader(encoder)
        with lock_of(reader.tokenizer):
            sources = reader.texts([row.text for row in rows])
        return decoded(
            sources,
            [opening_input(source.input, reader) for source in sources],
            engine,
            opened=opened,
            spelled=reader.spelled,
            most=min(most, max(1, reader.most - len(reader.opening))),
        )


def _as_reader(encoder: Encoder) -> TargetEncoder:
    assert isinstance(encoder, TargetEncoder)
    return encoder


def _prefixes(config: Any) -> tuple[str, ...]:
    """What a configuration names to be put before texts, for all of them or for some tasks, each once."""
    tasks = getattr(config, "task_specific_params", None)
    settings = tasks.values() if isinstance(tasks, dict) else ()
    named = [getattr(config, "prefix", None)]
    named += [setting.get("prefix") for setting in settings if isinstance(setting, dict)]
    return tuple(dict.fromkeys(prefix for prefix in named if isinstance(prefix, str) and prefix.strip()))
