"""The engine of a user's function: everything that the engine of a model does, but for packing and the device."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from modelaudit.errors import ModelInputError
from modelaudit.inference import numerics
from modelaudit.inference.callables import CallableExecutor, TextFunction, text_of
from modelaudit.inference.engine import Engine
from modelaudit.inference.inputs import ModelInput
from modelaudit.inference.journal import Journal
from modelaudit.inference.memo import Key
from modelaudit.inference.probabilities import FLOOR
from modelaudit.inference.records import digest
from modelaudit.inference.sharing import SharedCalls
from modelaudit.inference.units import Layout, Unit, Want

__all__ = ["CallableEngine", "Company"]

Floats = NDArray[np.float32]

ROWS_A_CALL = 64
"""Texts a call at the most: few enough for what services take in one request, enough to share its overhead."""

CHARACTERS_A_CALL = 65_536
"""Texts a call times characters of the longest, by default: 64 texts of a thousand characters."""

PROBED = 16
"""Rows that are asked twice at the start, and ALONE of them once more by themselves: 20 texts beyond those that the
audit asks anyway, in 6 calls. What differs in one row of four is missed by 16 rows once in a hundred times."""

ALONE = 4

ROUNDING = 1e-6
"""Largest difference of a probability that counts as rounding: float32 carries 6e-8, a sum of some dozen terms less."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Calls(Layout):
    """How texts become calls: the longest first, so that a function that pads them to one length wastes little."""

    def units(self, want: Want, inputs: Sequence[ModelInput], classes: Sequence[int]) -> Iterator[Unit]:
        """Yield calls that hold every row once."""
        order = sorted(range(len(inputs)), key=lambda place: -len(inputs[place]))
        start = 0
        while start < len(order):
            longest = len(inputs[order[start]])
            most = 1 if self.single else min(ROWS_A_CALL, max(1, self.batch_tokens // longest))
            places = order[start : start + most]
            rows = tuple(inputs[place] for place in places)
            asked = tuple(classes[place] for place in places)
            yield Unit(want, tuple(places), rows, asked, sum(map(len, rows)), len(rows), packed=False)
            start += most

    def describe(self) -> str:
        """Return the rule in a few words, for the numerics of the report."""
        if self.single:
            return "1 text a call"
        return f"at most {ROWS_A_CALL} texts a call, and {self.batch_tokens} characters with all as long as the longest"


@dataclass(frozen=True, slots=True)
class Company:
    """What became of rows that were asked in different company at the start.

    Attributes:
        rows: how many were asked.
        difference: largest difference of a probability between two answers to one row.
        repeatable: whether a row alone got the same answer each time.
        dependent: whether answers depend on the rows beside them, so that each is asked alone.
        texts, calls: what the asking took.
    """

    rows: int
    difference: float
    repeatable: bool
    dependent: bool
    texts: int
    calls: int

    def describe(self) -> str:
        """Return the outcome in a few words, for the numerics of the report."""
        tried = f"({self.rows} texts tried)"
        if not self.repeatable:
            return f"not repeatable: the same text got different answers {tried}"
        if self.dependent:
            return f"dependent on the texts asked beside them, so each is asked alone {tried}"
        if self.difference:
            return f"the same whatever is asked beside them, up to rounding of {ROUNDING:g} {tried}"
        return f"the same to the last bit whatever is asked beside them {tried}"

    @property
    def events(self) -> tuple[str, ...]:
        """Sentences for the report."""
        first = (
            f"Before the checks, the function was asked {self.texts} texts in {self.calls} calls, to see whether its "
            "answers depend on what is asked beside them; the largest difference of a probability was "
            f"{self.difference:.2g}."
        )
        if not self.repeatable:
            return first, (
                "The function gives different answers to the same text. Each text was asked once in this audit, and "
                "another run will give other numbers: what looks like an effect of a change may be this noise."
            )
        if self.dependent:
            return first, "Answers depend on the texts of the same call, so each text was asked in a call of its own."
        if self.difference:
            return first, "Rows in another order, or a resumed run, may differ in the last digits."
        return (first,)


class CallableEngine(Engine):
    """Answers for one function. Rows are inputs that `callables.input_of` made; there are logits only.

    Logits are the logarithms of the function's probabilities. A row's answer depends on the row and the function
    alone as far as the function keeps that up: `meet` asks it, and says.

    Args:
        function: the user's function.
        model_id: identity that the user gave it; empty where they gave none, and then no journal can be kept.
        hidden_words: how words are hidden from it, for the numerics of the report.
        batch_tokens: characters a call; see `CHARACTERS_A_CALL`.

    Attributes:
        company: what `meet` found, None before.
    """

    def __init__(
        self, function: TextFunction, *, model_id: str, hidden_words: str, batch_tokens: int | None = None
    ) -> None:
        self._begin(model_id, "function")
        # A function that failed is not asked again, and a call of two threads would be.
        self._shared = SharedCalls(self._lock, self._answer, together=False)
        self._function = function
        self._executor = CallableExecutor(function)
        self._layout: Layout = Calls(batch_tokens=batch_tokens or CHARACTERS_A_CALL)
        self._hidden_words = hidden_words
        self._met: dict[Key, Floats] = {}
        self.company: Company | None = None
        self._name_numerics()
        self.keep_in(None)

    def meet(self, inputs: Sequence[ModelInput]) -> None:
        """Ask some of the audit's own rows in different company, before anything else is asked.

        The rows are chosen by what they say, so that their order in a table changes nothing. Their answers count for
        the audit: what is asked twice is the price of knowing.

        Raises:
            ModelInputError: the function failed, or gave no probabilities.
        """
        rows = sorted({row.key: row for row in inputs}.values(), key=lambda row: row.key)[:PROBED]
        if not rows:
            return
        with self._lock:
            self.company, answers = _company(self._function, rows)
            if self.company.dependent:
                self._layout = replace(self._layout, single=True)
            self.events += self.company.events
            self._name_numerics()
            self._met = {(row.key, "logits", None): answer for row, answer in zip(rows, answers, strict=False)}
            for key, answer in self._met.items():
                self._memo.put(key, answer)

    def keep_in(self, journal: Journal | None) -> None:
        """Look answers up in this journal, and write new ones to it; None for no journal.

        Raises:
            InputError: the journal can't be read.
            ModelInputError: it holds other answers than the function gives now.
        """
        super().keep_in(journal)
        records = self._records
        if records is None or self.company is None:
            return
        kept = {key: records.get(digest(key)) for key in self._met}
        stored = [(self._met[key], answer) for key, answer in kept.items() if answer is not None]
        if self.company.repeatable and any(_apart(now, then) > ROUNDING for now, then in stored):
            raise ModelInputError(
                f"{self._function.name} gives other answers than those in the journal, though it has the same name; "
                "run without resume, and give each version of the function a name of its own (model_name=)"
            )
        new = [key for key, answer in kept.items() if answer is None]
        if new:
            records.append([digest(key) for key in new], [self._met[key] for key in new])

    def _name_numerics(self) -> None:
        self.numerics = {
            "device_class": "function; where and in which precision it computes is not known",
            "shape": self._layout.describe(),
            "probabilities": f"divided by their sum; below {FLOOR:g} as {FLOOR:g}; logits are their logarithms",
            "hidden_words": self._hidden_words,
            "rows": "not asked" if self.company is None else self.company.describe(),
        }
        # How a row is asked stands in the shape. What the probe saw may change in a last bit from run to run, and a
        # journal is held against it by itself.
        self.numerics_id = numerics.identify({key: self.numerics[key] for key in self.numerics if key != "rows"})


def _company(function: TextFunction, rows: Sequence[ModelInput]) -> tuple[Company, list[Floats]]:
    """Return what was found, and answers to the first rows: in company, or alone where company matters."""
    texts = [text_of(row) for row in rows]
    order = np.random.default_rng(1).permutation(len(texts)).tolist()
    together = list(function.ask(texts))
    again = function.ask([texts[place] for place in order])
    alone = [function.ask([text])[0] for text in texts[:ALONE]]
    asked, calls = 2 * len(texts) + len(alone), 2 + len(alone)
    difference = max(
        *(_apart(together[place], answer) for place, answer in zip(order, again, strict=True)),
        *(_apart(one, other) for one, other in zip(together, alone, strict=False)),
    )
    repeatable = True
    if difference > ROUNDING:
        # Is it the company, or does the function not keep to an answer at all?
        repeats = [function.ask([text])[0] for text in texts[:ALONE]]
        asked, calls = asked + len(repeats), calls + len(repeats)
        repeatable = max(_apart(one, other) for one, other in zip(alone, repeats, strict=True)) <= ROUNDING
    dependent = repeatable and difference > ROUNDING
    found = Company(len(texts), difference, repeatable, dependent, asked, calls)
    return found, alone if dependent else together


def _apart(one: Floats, other: Floats) -> float:
    """Return the largest difference of a probability; 0 where every bit is the same."""
    if one.tobytes() == other.tobytes():
        return 0.0
    # Logarithms that differ in a bit may belong to equal probabilities; that is still a difference.
    difference = np.abs(np.exp(one.astype(np.float64)) - np.exp(other.astype(np.float64))).max()
    return float(max(difference, np.finfo(np.float64).tiny))
