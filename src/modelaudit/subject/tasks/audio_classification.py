"""Audio classification with one label a sound."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from modelaudit.rows import Row
from modelaudit.subject.encoding import Encoding, Segments
from modelaudit.subject.readers.sounds import SoundReader
from modelaudit.subject.tables import Table
from modelaudit.subject.task import ColumnChoice, Medium, RowBatch
from modelaudit.subject.tasks.media_rows import SOUNDS, labelled_media, no_words
from modelaudit.subject.tasks.text_classification import TextClassification

if TYPE_CHECKING:
    from modelaudit.subject.opened import OpenedModel


class AudioClassification(TextClassification):
    """One class for a whole sound; answers are those of text classification."""

    name: str = "audio-classification"
    suffixes: tuple[str, ...] = ("ForSequenceClassification", "ForAudioClassification")
    auto_class: str = "AutoModelForAudioClassification"
    peft_type: str = ""
    verbs: frozenset[str] = frozenset({"predict", "loss", "players", "predict_masked"})
    medium: Medium = "sound"
    reads: frozenset[str] = frozenset({"input_values", "input_features"})

    def encoder(self, opened: OpenedModel, *, length: int) -> Any:
        """Return the reader of sounds, which knows itself what the model takes."""
        return SoundReader.of(opened.model, opened.processor, name=opened.name)

    def rows(self, table: Table, labels: Sequence[str], columns: ColumnChoice) -> RowBatch:
        """Return the sounds of a table that can be read, with class indices where it has a label column."""
        return labelled_media(table, labels, columns, SOUNDS)

    def content(self, row: Row) -> Any:
        """Return the row's sound."""
        return row.sound

    def encode(self, contents: Sequence[Any], encoder: Any) -> list[Encoding]:
        """Return the encodings of sounds."""
        assert isinstance(encoder, SoundReader)
        return encoder.sounds(contents)

    def segment(self, contents: Sequence[Any], encoder: Any) -> list[Segments]:
        """Raise CapabilityError: a sound has no words."""
        raise no_words(self.name)
