"""Target: one row under attack, with what was asked about it and what its budget has left."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from modelaudit.checker import ModelHandle
from modelaudit.checkers.robustness.attack.goal import Goal
from modelaudit.checkers.robustness.attack.likeness import Likeness
from modelaudit.checkers.robustness.attack.plan import Plan
from modelaudit.checkers.robustness.attack.site import Choice, Sites
from modelaudit.rows import Row

OUT_OF_REACH = float("inf")
"""Score of a text that was not asked about: too unlike the original, or beyond the budget."""

MADE_PER_QUERY = 4
"""Texts that may be made for each query: where the tokenizer undoes nearly all edits, making them has to end."""


@dataclass(slots=True)
class Spent:
    """What became of the edited texts that a search made.

    Attributes:
        queries: distinct inputs that the model was asked about, masked ones among them.
        edited: of these, edited texts.
        undone: texts that the model reads as it reads the original, since its tokenizer undoes the edits, or does not
            get as far. repeated: texts that it reads as it read another one. unlike: texts below the least likeness.
    """

    queries: int = 0
    edited: int = 0
    undone: int = 0
    repeated: int = 0
    unlike: int = 0


@dataclass(slots=True, eq=False)
class Target:
    """One row under attack.

    Attributes:
        own: what the model reads of the original. start: the margin by which its answer holds.
        most: the most words that may be edited.
        found: the first choice of edits that reached the goal. found_at: the number of the query that found it.
    """

    model: ModelHandle
    sites: Sites
    goal: Goal
    plan: Plan
    own: str
    start: float
    most: int
    spent: Spent = field(default_factory=Spent)
    found: Choice | None = None
    found_at: int | None = None
    _tried: dict[Choice, float] = field(default_factory=dict)
    _known: dict[str, float] = field(default_factory=dict)
    _likeness: Likeness = field(init=False)

    def __post_init__(self) -> None:
        self._likeness = Likeness(self.sites.row.text)
        self._known[self.own] = self.start

    @property
    def left(self) -> int:
        """Queries that may still be asked."""
        return self.plan.queries - self.spent.queries

    @property
    def done(self) -> bool:
        """Whether the search is over: a flip was found, the budget is spent, or far more texts than it were made."""
        return self.found is not None or self.left <= 0 or len(self._tried) >= MADE_PER_QUERY * self.plan.queries

    def ask(self, choices: Sequence[Choice]) -> list[float]:
        """Return the margin of each choice of edits, in one call to the model for those that are new.

        Each distinct input is asked once, within the budget, in the order given; the first that reaches the goal is
        kept as found. Choices that can't be asked are `OUT_OF_REACH`.
        """
        new = [choice for choice in dict.fromkeys(choices) if choice not in self._tried]
        rows = {choice: row for choice in new if self._alike(row := self.sites.edited(choice))}
        self.spent.unlike += len(new) - len(rows)
        self._tried.update((choice, OUT_OF_REACH) for choice in new if choice not in rows)
        prints = dict(zip(rows, self.model.fingerprints(list(rows.values())), strict=True)) if rows else {}
        fresh: dict[str, Choice] = {}
        for choice, read in prints.items():
            if read not in self._known:
                fresh.setdefault(read, choice)
        self._answer(list(fresh)[: self.left], [rows[choice] for choice in list(fresh.values())[: self.left]], fresh)
        for choice, read in prints.items():
            if read in self._known:
                self._tried[choice] = self._known[read]
                self.spent.undone += read == self.own
                self.spent.repeated += read != self.own and fresh.get(read) != choice
        return [self._tried.get(choice, OUT_OF_REACH) for choice in choices]

    def mask(self, keep: NDArray[np.bool_]) -> NDArray[np.float64]:
        """Return the margin of each variant (variants, players) of the original with words hidden."""
        self.spent.queries += len(keep)
        margins, _ = self.goal.scores(self.model.predict_masked([self.sites.row], [keep])[0])
        return margins

    def _answer(self, prints: Sequence[str], rows: Sequence[Row], choices: Mapping[str, Choice]) -> None:
        """Ask the model about new inputs, and keep the first that reaches the goal."""
        if not rows:
            return
        margins, reached = self.goal.scores(self.model.predict(rows))
        self._known.update(zip(prints, margins.tolist(), strict=True))
        if self.found is None and reached.any():
            first = int(reached.argmax())
            self.found, self.found_at = choices[prints[first]], self.spent.queries + first + 1
        self.spent.queries += len(rows)
        self.spent.edited += len(rows)

    def _alike(self, row: Row) -> bool:
        return self._likeness.of(row.text) >= self.plan.similarity
