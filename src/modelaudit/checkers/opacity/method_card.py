"""The method card: of what the values are, how they were estimated, and what the result was held against."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from modelaudit.checkers.opacity.baseline import IN_THEIR_PLACE, OtherBaseline
from modelaudit.checkers.opacity.explanation import Effort, Explanation
from modelaudit.checkers.opacity.parts import WORDS, Parts
from modelaudit.checkers.opacity.players import MOST_UNITS
from modelaudit.checkers.opacity.randomised import Randomised
from modelaudit.checkers.opacity.self_check import SelfCheck
from modelaudit.checkers.opacity.validity import Beside
from modelaudit.evidence import Table


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """What the checker was set to.

    Attributes:
        version: the checker's.
        output: what is explained of a row, in words.
        unit: of the values.
        parts: what is hidden of a row.
        hidden: what the model reads in the place of a hidden word, in words; None where nobody said.
        left_out: rows that were drawn and not explained, by reason.
        limits: what each guard asks for, in words.
    """

    version: str
    seed: int
    output: str
    unit: str
    parts: Parts
    hidden: str | None
    effort: Effort
    left_out: Mapping[str, int]
    limits: Sequence[str]


def method_card(setup: Setup, explanations: Sequence[Explanation], beside: Beside) -> Table:
    """Return the method as a table of two columns."""
    effort, parts = setup.effort, setup.parts
    searched = _rows(each for each in explanations if each.faithfulness.best is not None)
    rows = (
        ("Players", _players(explanations, parts)),
        (f"Value of a set of {parts.many}", f"{setup.unit} of {setup.output}, with only these {parts.many} in sight"),
        (f"Hidden {parts.many}", setup.hidden or "as the model hides them; it does not say how"),
        ("Shapley value", f"mean effect of a {parts.one} over all orders in which {parts.many} could be uncovered"),
        ("Base", f"{setup.unit} with all {parts.many} hidden; base and values add up to the output"),
        ("Estimator", _estimator(effort)),
        ("Stopping rule", _stopping(effort)),
        ("Intervals", "95%, Student's t over permutation pairs; none where values are exact"),
        ("Rows explained", _explained(explanations)),
        ("Rows left out", _left_out(setup.left_out)),
        ("Random orders", f"{effort.random_orders} a row, to hold the order of the values against"),
        ("Best order", f"greedy search, {searched} rows" if searched else "not searched"),
        ("Edited rows", _edited(len(beside.edits), parts)),
        ("Another way to hide", _other(beside.other)),
        ("Random weights", _random(beside.randomised)),
        ("Self-check", _self_check(beside.check, setup.unit, parts)),
        ("Thresholds", f"{'; '.join(setup.limits)} (those of version {setup.version})"),
        ("Seed", str(setup.seed)),
        ("Checker version", setup.version),
    )
    return Table(title="Method card", columns=("What", "How"), rows=rows)


def _rows(explanations: Iterable[Explanation]) -> int:
    return len({each.game.row.id for each in explanations})


def _players(explanations: Sequence[Explanation], parts: Parts) -> str:
    grouped = _rows(each for each in explanations if each.game.units.grouped)
    longer = f"; in {grouped} longer rows, {MOST_UNITS} groups of neighbouring {parts.many}"
    return f"{parts.read}{longer}" if grouped else parts.read


def _edited(edits: int, parts: Parts) -> str:
    if parts is WORDS:
        return f"{edits} edits that changed no word and no prediction"
    return f"{edits} changes of a {parts.whole} that nobody notices and that changed no prediction"


def _estimator(effort: Effort) -> str:
    return (
        f"all coalitions of up to {effort.exact_players} players (exact); of more, random permutations, each with its "
        "reverse (antithetic pairs)"
    )


def _stopping(effort: Effort) -> str:
    first = f"{effort.pairs} pairs"
    if effort.most_pairs == effort.pairs:
        return f"{first} a row"
    return (
        f"{first} first; twice as many, up to {effort.most_pairs}, while the standard errors of a row add up to more "
        f"than {effort.settled:.0%} of its attribution"
    )


def _explained(explanations: Sequence[Explanation]) -> str:
    exact = sum(each.shapley.errors is None for each in explanations)
    return f"{_rows(explanations)} rows, {len(explanations)} explanations, {exact} of them exact"


def _left_out(left_out: Mapping[str, int]) -> str:
    return "; ".join(f"{count}: {reason}" for reason, count in sorted(left_out.items())) or "none of those drawn"


def _other(other: OtherBaseline | None) -> str:
    return "not asked" if other is None else f"{IN_THEIR_PLACE[other.hide]}, {len(other.agreements)} rows"


def _random(randomised: Randomised | None) -> str:
    return "not asked" if randomised is None else f"drawn once, {len(randomised.agreements)} rows explained again"


def _self_check(check: SelfCheck, unit: str, parts: Parts) -> str:
    return (
        f"values against brute force on {check.rows} rows ({check.words} {parts.many}): largest deviation "
        f"{check.deviation:.1g} {unit}"
    )
