"""Image classification with one label a picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from modelaudit.rows import Row
from modelaudit.subject.encoding import Encoding, Segments
from modelaudit.subject.readers.pictures import PictureReader
from modelaudit.subject.tables import Table
from modelaudit.subject.task import ColumnChoice, Medium, RowBatch
from modelaudit.subject.tasks.media_rows import PICTURES, labelled_media, no_words
from modelaudit.subject.tasks.text_classification import TextClassification

if TYPE_CHECKING:
    from modelaudit.subject.opened import OpenedModel


class ImageClassification(TextClassification):
    """One class for a whole picture; answers are those of text classification."""

    name: str = "image-classification"
    suffixes: tuple[str, ...] = ("ForImageClassification", "ForImageClassificationWithTeacher")
    auto_class: str = "AutoModelForImageClassification"
    peft_type: str = ""
    verbs: frozenset[str] = frozenset({"predict", "loss", "players", "predict_masked"})
    medium: Medium = "picture"
    reads: frozenset[str] = frozenset({"pixel_values"})

    def encoder(self, opened: OpenedModel, *, length: int) -> Any:
        """Return the reader of pictures; a picture has no length to be cut to."""
        return PictureReader(opened.processor, channels=int(getattr(opened.model.config, "num_channels", 3) or 3))

    def rows(self, table: Table, labels: Sequence[str], columns: ColumnChoice) -> RowBatch:
        """Return the pictures of a table that can be read, with class indices where it has a label column."""
        return labelled_media(table, labels, columns, PICTURES)

    def content(self, row: Row) -> Any:
        """Return the row's picture."""
        return row.picture

    def encode(self, contents: Sequence[Any], encoder: Any) -> list[Encoding]:
        """Return the encodings of pictures."""
        assert isinstance(encoder, PictureReader)
        return encoder.pictures(contents)

    def segment(self, contents: Sequence[Any], encoder: Any) -> list[Segments]:
        """Raise CapabilityError: a picture has no words."""
        raise no_words(self.name)
