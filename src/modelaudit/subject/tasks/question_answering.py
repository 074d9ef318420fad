"""Extractive question answering: the part of a context that answers a question, or that there is none."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from modelaudit.checker import Answers, Losses, Predictions
from modelaudit.errors import DataInputError, ModelInputError
from modelaudit.rows import Row
from modelaudit.subject.best_spans import best_answer
from modelaudit.subject.encoding import Encoder, Encoding, Segments
from modelaudit.subject.tables import Table
from modelaudit.subject.task import ColumnChoice, RowBatch
from modelaudit.subject.tasks.judged_tokens import JudgedTokens
from modelaudit.subject.tasks.question_rows import question_rows
from modelaudit.subject.windows import QuestionReader, Span

if TYPE_CHECKING:
    from transformers import PreTrainedModel

    from modelaudit.inference.engine import Engine
    from modelaudit.subject.opened import OpenedModel

NOTHING: Span = (0, 0)


class QuestionAnswering(JudgedTokens):
    """A span of the context, judged by the probabilities of its start and of its end (Devlin et al. 2019).

    Answers are cut out of the context by their characters, so nothing of them is spelled anew. Judged are the start and
    the end of the row's first answer in the window that holds it most centrally, or, where the context holds no answer,
    the place that the model is trained to name then.
    """

    name: str = "question-answering"
    suffixes: tuple[str, ...] = ("ForQuestionAnswering",)
    auto_class: str = "AutoModelForQuestionAnswering"
    peft_type: str = "QUESTION_ANS"
    verbs: frozenset[str] = frozenset({"predict", "loss", "players", "predict_masked", "answers"})

    def fits(self, config: Any) -> bool:
        """Whether the head marks spans; every one of this kind does, but for those that `labels` refuses."""
        return True

    def labels(self, model: PreTrainedModel) -> tuple[str, ...]:
        """Return no names: answers are text. Raises ModelInputError for a head that searches spans itself."""
        if getattr(model.config, "start_n_top", None) is not None:
            name = type(model).__name__
            raise ModelInputError(
                f"a {name} searches spans itself and gives no probability of each start and end; what can be audited "
                "is a model that gives a start and an end logit for each token"
            )
        return ()

    def encoder(self, opened: OpenedModel, *, length: int) -> QuestionReader:
        """Return what reads questions and contexts for a model that takes so many tokens."""
        return QuestionReader.of(opened.tokenizer, length=length, name=opened.name)

    def settled(
        self, reader: Encoder, rows: Sequence[Row], *, opened: OpenedModel
    ) -> tuple[QuestionReader, tuple[str, ...]]:
        """Return the reader as these rows want it: the model may leave a question open where one of them is.

        No configuration says whether a model was trained to leave questions open; a table of such questions does.
        """
        return replace(_as_reader(reader), leaves_open=any(row.answers == () for row in rows)), ()

    def rows(self, table: Table, labels: Sequence[str], columns: ColumnChoice) -> RowBatch:
        """Return the questions and contexts of a table, with the right answers where it has a column of them.

        Answers are as in SQuAD (`text` and `answer_start`), lists of texts, or plain texts; a column `answer_start`
        says where a plain one begins, a column `is_impossible` that there is none.
        """
        return question_rows(table, columns)

    def content(self, row: Row) -> Any:
        """Return the question, the context and the span that is judged: an empty one for no answer, None if unknown."""
        span = row.spans[0] if row.spans else NOTHING if row.answers == () else None
        return row.companion or "", row.text, span

    def encode(self, contents: Sequence[Any], encoder: Encoder) -> list[Encoding]:
        """Return the windows that hold the spans, their starts and ends to be judged."""
        readings = _as_reader(encoder).readings([(question, context) for question, context, _ in contents])
        return [reading.encoding(span) for reading, (_, _, span) in zip(readings, contents, strict=True)]

    def segment(self, contents: Sequence[Any], encoder: Encoder) -> list[Segments]:
        """Return the words of the questions and of the contexts' windows; the spans always stay."""
        readings = _as_reader(encoder).readings([(question, context) for question, context, _ in contents])
        return [reading.segments(span, encoder) for reading, (_, _, span) in zip(readings, contents, strict=True)]

    def losses(self, rows: Sequence[Row], predictions: Predictions) -> Losses:
        """Return the mean negative log-probability of start and end, in nats; DataInputError for an unanswered row.

        NaN where the answer does not stand in the context, or no window holds it whole.
        """
        unanswered = next((row.id for row in rows if row.answers is None), None)
        if unanswered is not None:
            raise DataInputError(
                f"row {unanswered} has no right answer, so it has no loss; ask for the loss of rows that have one"
            )
        return super().losses(rows, predictions)

    def answers(
        self, rows: Sequence[Row], encoder: Encoder, engine: Engine, *, opened: OpenedModel, most: int
    ) -> Answers:
        """Return the best span of each context, of all its windows; `most` has no say, a span has 30 tokens at most."""
        reader = _as_reader(encoder)
        readings = reader.readings([(row.companion or "", row.text) for row in rows])
        inputs = [window.input for reading in readings for window in reading.windows]
        told = iter(engine.ask("logits", inputs, [0] * len(inputs)))
        found = [
            best_answer(reading, [next(told) for _ in reading.windows], leaves_open=reader.leaves_open)
            for reading in readings
        ]
        return Answers(
            tuple(answer.text for answer in found),
            np.array([answer.log_prob for answer in found], dtype=np.float64),
            np.ones(len(found), dtype=np.bool_),
            np.array([reading.lost > 0 for reading in readings], dtype=np.bool_),
        )


def _as_reader(encoder: Encoder) -> QuestionReader:
    assert isinstance(encoder, QuestionReader)
    return encoder
