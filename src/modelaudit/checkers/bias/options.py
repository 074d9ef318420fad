"""What the user can choose for the checks of substitution."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from modelaudit.checkers.bias.attributes.attribute import TOPICS
from modelaudit.errors import InputError
from modelaudit.text import LANGUAGES

LEAST_NAMES, MOST_NAMES = 20, 46
"""Names of a group: the smallest cell of gender and ethnicity has 23, and a group has two of these."""
MOST_NAMES_A_ROW = 20


@dataclass(frozen=True, slots=True)
class Options:
    """The choices.

    Attributes:
        attributes: which of `TOPICS` are tested.
        language: "en" or "zh" for all rows; None to tell each row's.
        favourable: the class to follow; None for the second of two, or each.
        names_per_group: names that stand for a group, 20 to 46.
        names_per_row: of these, those that each row is given, 2 to 20; of gender as many from each ethnic group.

    Raises:
        ValueError: a choice that can't be used; the message names what can.
    """

    attributes: tuple[str, ...] = TOPICS
    language: str | None = None
    favourable: str | None = None
    names_per_group: int = 40
    names_per_row: int = 4

    def __post_init__(self) -> None:
        unknown = [each for each in self.attributes if each not in TOPICS]
        if unknown or not self.attributes:
            raise ValueError(f"the option attributes has {unknown or 'nothing'}; choose from {', '.join(TOPICS)}")
        if self.language is not None and self.language not in LANGUAGES:
            raise ValueError(f"the option language is {self.language!r}; choose from {', '.join(LANGUAGES)}")
        if self.favourable is not None and not isinstance(self.favourable, str):
            raise ValueError(f"the option favourable is {self.favourable!r}; give the name of a label")
        _within("names_per_group", self.names_per_group, LEAST_NAMES, MOST_NAMES)
        _within("names_per_row", self.names_per_row, 2, MOST_NAMES_A_ROW)

    def check_label(self, labels: Sequence[str]) -> None:
        """Raise InputError where the favourable class is none of the model's."""
        if self.favourable is not None and self.favourable not in labels:
            raise InputError(
                f"the option favourable is {self.favourable!r}, but the model's labels are {', '.join(labels[:20])}"
            )


def listed(name: str, value: Any) -> tuple[str, ...]:
    """Return an option that is a list of words, or one word, as a tuple; ValueError for anything else."""
    words = (value,) if isinstance(value, str) else value
    if not isinstance(words, list | tuple) or not all(isinstance(word, str) for word in words):
        raise ValueError(f"the option {name} is {value!r}; give a list of words")
    return tuple(words)


def _within(name: str, value: Any, least: int, most: int) -> None:
    if isinstance(value, bool) or not isinstance(value, int) or not least <= value <= most:
        raise ValueError(f"the option {name} is {value!r}; give a whole number from {least} to {most}")
