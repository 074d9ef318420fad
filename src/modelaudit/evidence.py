"""Evidence: the closed union of things that a checker may show beside a number.

Plugins return these values and never markup, so every renderer can show every plugin's evidence. Strings of the
audited data stand under names that say so (`before`, `after`, `words`), and are dropped by `redacted` unless the
user asked for text.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, model_validator

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
    Examples | Table | Curve | Histogram | Attribution | Shares | Note,
    Field(discriminator="kind"),
]


def redacted(item: Evidence, *, show_text: bool) -> Evidence:
    """Return the evidence without text of the audited rows, unless the user asked for it.

    Evidence marked `private` (suspected training text, personal data) stays without text in either case.
    """
    if isinstance(item, Examples) and (item.private or not show_text):
        bare = tuple(example.model_copy(update={"before": None, "after": None}) for example in item.items)
        return item.model_copy(update={"items": bare})
    if isinstance(item, Attribution) and (item.private or not show_text):
        return item.model_copy(update={"words": None, "answer": None})
    if isinstance(item, Table) and item.holds_text and not show_text:
        return Note(title=item.title, text="Not shown: the table holds text of the audited rows.")
    return item
