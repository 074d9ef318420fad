"""Evidence: the closed union of things that a checker may show beside a number.

Plugins return these values and never markup, so every renderer can show every plugin's evidence. What comes from the
audited data stands under names that say so (`before`, `after`, `words`, `png`, `wav`), and is dropped by `redacted`
unless the user asked for text.
"""

from __future__ import annotations

import base64
import itertools
import struct
from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from modelaudit.encoded_media import LONGEST_SIDE, MOST_ENCODED, Png, Wav

__all__ = [
    "LONGEST_SIDE",
    "MAX_ITEMS",
    "MOST_ENCODED",
    "Attribution",
    "Bars",
    "Curve",
    "Envelope",
    "Evidence",
    "Example",
    "Examples",
    "Explained",
    "Histogram",
    "Note",
    "Part",
    "PictureEvidence",
    "Series",
    "Shares",
    "SoundEvidence",
    "Table",
    "distinct_names",
    "redacted",
    "storable",
]

MAX_ITEMS = 1_000
"""The most examples, table rows, curve points or bins that one piece of evidence may hold."""


_SURROGATES = dict.fromkeys(range(55296, 57344), "�")


def storable(text: Any) -> Any:
    """Return a string with lone surrogates, which UTF-8 can't carry, replaced by U+FFFD; leave the rest alone."""
    return text.translate(_SURROGATES) if isinstance(text, str) and not text.isascii() else text


def distinct_names(names: Sequence[str]) -> tuple[str, ...]:
    """Return names as a report shows them, those that came before with a number: two long cells may be cut to one."""
    taken: set[str] = set()
    found = []
    for name in names:
        number, own = 1, name
        while own in taken:
            number += 1
            own = f"{name} ({number})"
        taken.add(own)
        found.append(own)
    return tuple(found)


Text = Annotated[str, BeforeValidator(storable)]
Number = Annotated[float, Field(allow_inf_nan=False)]
Cell = Text | bool | int | Number | None


class Frozen(BaseModel):
    """A value: immutable, closed to unknown fields, and without NaN."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


class Example(Frozen):
    """One row, by id, with what was done to it and what came of it.

    `before` and `after` are the row's text; `change` and `outcome` are the checker's own words (no row text).
    """

    row: Text
    before: Text | None = None
    after: Text | None = None
    change: Text | None = None
    outcome: Text | None = None
    before_score: float | None = None
    after_score: float | None = None


class Examples(Frozen):
    """Rows shown as examples. `selection` says how they were picked, so that extremes don't pass for typical."""

    kind: Literal["examples"] = "examples"
    title: Text
    selection: Text
    items: tuple[Example, ...] = Field(max_length=MAX_ITEMS)
    private: bool = False


class Table(Frozen):
    """A small table. `holds_text` marks cells with text of the audited rows (words, names)."""

    kind: Literal["table"] = "table"
    title: Text
    columns: tuple[Text, ...]
    rows: tuple[tuple[Cell, ...], ...] = Field(max_length=MAX_ITEMS)
    holds_text: bool = False

    @model_validator(mode="after")
    def _rectangular(self) -> Table:
        if any(len(row) != len(self.columns) for row in self.rows):
            raise ValueError(f"table {self.title!r}: every row needs {len(self.columns)} cells")
        return self


class Series(Frozen):
    """One line of a curve; `low` and `high` are a band around y where there is one."""

    name: Text
    x: tuple[float, ...] = Field(max_length=MAX_ITEMS)
    y: tuple[float, ...]
    low: tuple[float, ...] | None = None
    high: tuple[float, ...] | None = None
    reference: bool = False

    @model_validator(mode="after")
    def _aligned(self) -> Series:
        if any(other is not None and len(other) != len(self.x) for other in (self.y, self.low, self.high)):
            raise ValueError(f"series {self.name!r}: x, y, low and high need one length")
        return self


class Curve(Frozen):
    """Lines over a common axis (ROC, deletion curve, reliability diagram).

    `x_log` and `y_log` ask for logarithmic axes; zero stands at the lower end of one.
    """

    kind: Literal["curve"] = "curve"
    title: Text
    x_label: Text
    y_label: Text
    series: tuple[Series, ...]
    x_log: bool = False
    y_log: bool = False


class Bars(Frozen):
    """Counts of one group of a histogram, one a bin."""

    name: Text
    counts: tuple[int, ...]


class Histogram(Frozen):
    """Counts over common bins; `edges` has one element more than each group has counts."""

    kind: Literal["histogram"] = "histogram"
    title: Text
    x_label: Text
    edges: tuple[float, ...] = Field(min_length=2, max_length=MAX_ITEMS)
    groups: tuple[Bars, ...]

    @model_validator(mode="after")
    def _aligned(self) -> Histogram:
        if any(len(group.counts) != len(self.edges) - 1 for group in self.groups):
            raise ValueError(f"histogram {self.title!r}: a group needs {len(self.edges) - 1} counts")
        return self


class Attribution(Frozen):
    """What each word of one row adds to one output, on the scale named by `unit`.

    Attributes:
        errors: standard errors of the values; None where these are exact.
        degrees_of_freedom: those of the errors, for the width of an interval; None where they are many.
        steadiness: 0 to 1 for each word: 1 where it adds the same whatever the words around it, near 0 where what it
            adds hangs on them; None where this was not measured.
        answer: the text whose probability is explained, where that is one; text of the row, as `words` are.
    """

    kind: Literal["attribution"] = "attribution"
    title: Text
    row: Text
    target: Text
    unit: Text
    words: tuple[Text, ...] | None = Field(max_length=MAX_ITEMS)
    values: tuple[float, ...] = Field(max_length=MAX_ITEMS)
    errors: tuple[float, ...] | None = None
    degrees_of_freedom: int | None = Field(default=None, ge=1)
    steadiness: tuple[Annotated[float, Field(ge=0.0, le=1.0)], ...] | None = None
    answer: Text | None = None
    base: float
    output: float
    private: bool = False

    @model_validator(mode="after")
    def _aligned(self) -> Attribution:
        given = (self.words, self.errors, self.steadiness)
        if any(other is not None and len(other) != len(self.values) for other in given):
            raise ValueError(f"attribution of row {self.row!r}: words, values, errors and steadiness need one length")
        return self


class Explained(Frozen):
    """What the parts of a picture or a sound add to one output, on the scale named by `unit`.

    Attributes:
        errors, degrees_of_freedom: as those of `Attribution`.
    """

    target: Text
    unit: Text
    values: tuple[float, ...] = Field(min_length=1, max_length=MAX_ITEMS)
    errors: tuple[Annotated[float, Field(ge=0.0)], ...] | None = None
    degrees_of_freedom: int | None = Field(default=None, ge=1)
    base: float
    output: float

    @model_validator(mode="after")
    def _aligned(self) -> Explained:
        if self.errors is not None and len(self.errors) != len(self.values):
            raise ValueError(f"explanation of {self.target!r}: values and errors need one length")
        return self


class PictureEvidence(Frozen):
    """A picture of the audited data, or what was made of it, and what its parts add to an output.

    Attributes:
        caption: what is seen, in the checker's own words.
        png: a PNG file in base64, `LONGEST_SIDE` pixels a side and `MOST_ENCODED` characters at the most.
        grid: the picture is divided into so many rows and columns of equal size, which `explained` gives values, row by
            row from the top left.
    """

    kind: Literal["picture"] = "picture"
    title: Text
    row: Text
    caption: Text
    png: Png | None = None
    grid: tuple[Annotated[int, Field(ge=1, le=100)], Annotated[int, Field(ge=1, le=100)]] | None = None
    explained: Explained | None = None
    private: bool = False

    @model_validator(mode="after")
    def _aligned(self) -> PictureEvidence:
        if (self.grid is None) != (self.explained is None):
            raise ValueError(f"picture of row {self.row!r}: a grid and what explains it come together")
        if self.grid and self.explained and self.grid[0] * self.grid[1] != len(self.explained.values):
            raise ValueError(
                f"picture of row {self.row!r}: {self.grid[0]} x {self.grid[1]} patches need as many values"
            )
        return self

    @property
    def size(self) -> tuple[int, int] | None:
        """Height and width of the picture in pixels, where it is shown."""
        if self.png is None:
            return None
        width, height = struct.unpack(">II", base64.b64decode(self.png[:32])[16:24])
        return height, width


class Envelope(Frozen):
    """The lowest and highest sample in each of so many stretches of equal length, from -1 to 1."""

    low: tuple[Annotated[float, Field(ge=-1.0, le=1.0)], ...] = Field(min_length=1, max_length=MAX_ITEMS)
    high: tuple[Annotated[float, Field(ge=-1.0, le=1.0)], ...]

    @model_validator(mode="after")
    def _aligned(self) -> Envelope:
        if len(self.low) != len(self.high) or any(a > b for a, b in zip(self.low, self.high, strict=True)):
            raise ValueError("an envelope needs as many highs as lows, and none below its low")
        return self


class SoundEvidence(Frozen):
    """A sound of the audited data, or what was made of it, and what its segments add to an output.

    Attributes:
        caption: what is heard, in the checker's own words.
        seconds: how long it is.
        envelope: how loud it is along its length.
        wav: a WAV file in base64, `MOST_ENCODED` characters at the most (9 s of 16 bits at 16 kHz).
        edges: where segments begin and end in seconds, one more than `explained` has values.
    """

    kind: Literal["sound"] = "sound"
    title: Text
    row: Text
    caption: Text
    seconds: float = Field(gt=0.0)
    envelope: Envelope | None = None
    wav: Wav | None = None
    edges: tuple[float, ...] | None = Field(default=None, min_length=2, max_length=MAX_ITEMS + 1)
    explained: Explained | None = None
    private: bool = False

    @model_validator(mode="after")
    def _aligned(self) -> SoundEvidence:
        if (self.edges is None) != (self.explained is None):
            raise ValueError(f"sound of row {self.row!r}: edges and what explains the segments come together")
        if self.edges and self.explained:
            rising = all(one < other for one, other in itertools.pairwise(self.edges))
            if not rising or len(self.edges) != len(self.explained.values) + 1:
                raise ValueError(f"sound of row {self.row!r}: n segments need n values and n + 1 rising edges")
        return self


class Part(Frozen):
    """One part of a whole."""

    name: Text
    share: float = Field(ge=0.0, le=1.0)


class Shares(Frozen):
    """The parts of one whole, as a bar; their shares add up to 1."""

    kind: Literal["shares"] = "shares"
    title: Text
    whole: Text
    parts: tuple[Part, ...] = Field(min_length=1, max_length=8)

    @model_validator(mode="after")
    def _whole(self) -> Shares:
        total = sum(part.share for part in self.parts)
        if abs(total - 1.0) > 1e-6:
            raise ValueError(f"shares {self.title!r}: they add up to {total:g} and not to 1")
        return self


class Note(Frozen):
    """A sentence or two that the reader needs beside the number."""

    kind: Literal["note"] = "note"
    title: Text
    text: Text


Evidence = Annotated[
    Examples | Table | Curve | Histogram | Attribution | PictureEvidence | SoundEvidence | Shares | Note,
    Field(discriminator="kind"),
]


def redacted(item: Evidence, *, show_text: bool) -> Evidence:
    """Return the evidence without text, pictures or sounds of the audited rows, unless the user asked for them.

    Evidence marked `private` (suspected training text, personal data) stays without them in either case.
    """
    if isinstance(item, Examples) and (item.private or not show_text):
        bare = tuple(example.model_copy(update={"before": None, "after": None}) for example in item.items)
        return item.model_copy(update={"items": bare})
    if isinstance(item, Attribution) and (item.private or not show_text):
        return item.model_copy(update={"words": None, "answer": None})
    if isinstance(item, PictureEvidence) and (item.private or not show_text):
        if item.explained is None:
            return Note(title=item.title, text="Not shown: it is a picture of the audited rows.")
        return item.model_copy(update={"png": None})
    if isinstance(item, SoundEvidence) and (item.private or not show_text):
        if item.explained is None:
            return Note(title=item.title, text="Not shown: it is a sound of the audited rows.")
        return item.model_copy(update={"envelope": None, "wav": None})
    if isinstance(item, Table) and item.holds_text and not show_text:
        return Note(title=item.title, text="Not shown: the table holds text of the audited rows.")
    return item
