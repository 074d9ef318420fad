"""What an attribute is: words of the text that speak of a person's group, and the groups that are compared."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Protocol, TypeVar

from modelaudit.checkers.bias.name_design import TokenCounter
from modelaudit.checkers.bias.source import Source
from modelaudit.checkers.bias.variant import Variant
from modelaudit.text import Edit, Span

ALL_OTHERS = "all others"
TOPICS = ("gender", "ethnicity", "intersection", "religion", "nationality", "age", "region", "hukou")
"""What the user can choose by the option `attributes`."""


@dataclass(frozen=True, slots=True)
class Planned:
    """One comparison that is decided on before anything is asked: `focus` against `reference`.

    Attributes:
        attribute: as the report names it.
        fixed: whether the words of a group are a fixed list, so that rows alone are the sample; otherwise names (or
            ages, or nationalities) are a sample as well.
        flips: whether decisions are compared too.
    """

    attribute: str
    focus: str
    reference: str
    fixed: bool = False
    flips: bool = True

    @property
    def title(self) -> str:
        """The comparison as the report names it, "first names, gender: female - male"."""
        return f"{self.attribute}: {self.focus} - {self.reference}"


@dataclass(frozen=True, slots=True)
class Design:
    """What the arms of all attributes are built with.

    Attributes:
        labels: the model's.
        count: how many tokens each of some words has inside a sentence.
        names_per_group: names that stand for a group.
        names_per_row: of these, those that each row is given.
    """

    seed: int
    labels: tuple[str, ...]
    count: TokenCounter
    names_per_group: int = 40
    names_per_row: int = 4


class Editable(Protocol):
    """A row in which an attribute can be changed.

    `second_choice` is true where it should be used only if other rows are too few.
    """

    @property
    def source(self) -> Source:
        """The row."""
        ...

    @property
    def second_choice(self) -> bool:
        """Whether other rows come first."""
        ...

    @property
    def places(self) -> Sequence[Span]:
        """The characters of the document that arms put other words for."""
        ...


Row_ = TypeVar("Row_", bound=Editable)


class Attribute(Protocol[Row_]):
    """One kind of words that can be exchanged.

    Attributes:
        title: the kind, as counts of rows name it.
        language: of the rows that it is looked for in.
        topic: one of `TOPICS`.
        planned: the comparisons.
        arms: at most how many variants a row has, by the default design.
        of_names: whether it exchanges names of persons.
        expected: whether its absence from the data is a finding of its own, since what was not assessed must not pass
            for a good result; of the others a note says so.
    """

    title: str
    language: str
    topic: str
    planned: tuple[Planned, ...]
    arms: int
    of_names: bool
    expected: bool

    def examine(self, source: Source, labels: Sequence[str]) -> Row_ | str | None:
        """Return how the row can be changed; why it is left alone; or None where it does not speak of the attribute."""
        ...

    def variants(self, rows: Sequence[Row_], design: Design) -> Iterator[Variant]:
        """Yield the variants of the rows that `examine` returned, in their order."""
        ...

    def names_used(self, design: Design) -> frozenset[str]:
        """Return the names that stand in the variants of a design; none where its words are no sample of names."""
        ...

    def another(
        self, row: Row_, turns: Counter[str], *, barred: frozenset[str], seed: int
    ) -> tuple[str, tuple[Edit, ...]] | str:
        """Return another group than the row's own with the edits that put its words, or why there are none.

        Groups take turns, which are counted in `turns`; no barred name is put in.
        """
        ...


def next_turn(turns: Counter[str], key: str) -> int:
    """Return whose turn it is, counting from 0, and count on."""
    turns[key] += 1
    return turns[key] - 1
