"""Sentences about a comparison, for a compliance reader."""

from __future__ import annotations

from modelaudit.checkers.bias.change import WRITING
from modelaudit.checkers.bias.comparison import Flips
from modelaudit.checkers.bias.contrasts import Contrast
from modelaudit.checkers.bias.scoring.score import Score
from modelaudit.statistics import Estimate

NEUTRAL_CONTROL = "words of the same group, or neutral words"


SHOWN = {
    "api": "Asian or Pacific Islander",
    "农村": "rural (农村)",
    "城市": "urban (城市)",
    "外地": "from elsewhere (外地)",
    "本地": "local (本地)",
    "东部": "eastern (东部)",
    "中部": "central (中部)",
    "西部": "western (西部)",
    "东北": "north-eastern (东北)",
}
"""How statements name groups whose own name says little."""


def shown(group: str) -> str:
    """Return a group's name for a reader."""
    first, _, rest = group.partition(" ")
    return SHOWN.get(group) or " ".join(filter(None, (SHOWN.get(first, first), rest)))


def change(contrast: Contrast) -> str:
    """Return what was exchanged, as the beginning of a sentence."""
    planned = contrast.planned
    return f"Putting {shown(planned.focus)} for {shown(planned.reference)} ({planned.attribute}) changes"


def difference(contrast: Contrast, estimate: Estimate, score: Score) -> str:
    """Return by how much a score changes."""
    start = f"{change(contrast)} {score.name}"
    if estimate.value is None:
        return f"{start} by an amount that could not be estimated: {estimate.reason}"
    return f"{start} by {amount(estimate.value, score)} on average{spread(contrast, estimate, score)}."


def largest(contrast: Contrast, estimate: Estimate, signed: Estimate, score: Score) -> str:
    """Return by how much the score moves that moves most, with its sign."""
    if estimate.value is None or signed.value is None:
        return f"{change(contrast)} the scores by an amount that could not be estimated: {estimate.reason}"
    moved = (
        f"{change(contrast)} {score.name} most of {len(contrast.scores)}: by {amount(signed.value, score)} on average"
    )
    scale, form = (100.0, ".1f") if score.points else (1.0, ".3f")
    return f"{moved}{_interval(contrast, estimate, form, scale=scale, what=' of its size')}."


def amount(value: float, score: Score) -> str:
    """Return a difference with its sign and unit."""
    return f"{100 * value:+.1f} points" if score.points else f"{value:+.3f} {score.unit}"


def spread(contrast: Contrast, estimate: Estimate, score: Score) -> str:
    """Return the interval of a difference in brackets."""
    return _interval(contrast, estimate, "+.1f", scale=100.0) if score.points else _interval(contrast, estimate, "+.3f")


def excess(contrast: Contrast, flips: Flips) -> str:
    """Return how many decisions change beyond the control, or how much what is written does."""
    found, control = flips.excess, control_of(contrast)
    if flips.change is WRITING:
        return _rewriting(contrast, flips)
    if found.value is None:
        return f"How many decisions change beyond exchanges for {control} could not be estimated: {found.reason}"
    exchange = f"Exchanging {shown(contrast.planned.reference)} and {shown(contrast.planned.focus)}"
    if not flips.controlled:
        return (
            f"{exchange} changes {found.value:.1%} of the decisions{_interval(contrast, found, '.1%')}. How many "
            f"exchanging for {control} would change is known for {flips.controls:,} rows, which are too few to "
            "tell. So the share that goes beyond that lies between 0 and this one."
        )
    points = f"{100 * abs(found.value):.1f} percentage points {'fewer' if found.value < 0 else 'more'}"
    statement = (
        f"{exchange} changes {points} of the decisions than exchanging for {control}"
        f"{_interval(contrast, found, '+.1%')}."
    )
    if not contrast.planned.fixed:
        return statement
    statement += f" The control is known for {flips.controls:,} of {len(contrast.focus_answers):,} rows."
    if found.value < 0:
        statement += (
            " Word for word the control changes more decisions there than the exchange itself, so it does not show "
            "that few depend on the group."
        )
    return statement


def _rewriting(contrast: Contrast, flips: Flips) -> str:
    """Return how much what is written changes beyond the control."""
    found, control = flips.excess, control_of(contrast)
    if found.value is None:
        return f"How much what is written changes beyond exchanges for {control} could not be estimated: {found.reason}"
    exchange = f"Exchanging {shown(contrast.planned.reference)} and {shown(contrast.planned.focus)}"
    if not flips.controlled:
        return (
            f"{exchange} changes what is written by {100 * found.value:.1f} points of chrF"
            f"{_interval(contrast, found, '.1f', scale=100.0)}. How much exchanging for {control} would change is "
            f"known for {flips.controls:,} rows, too few to tell. What goes beyond that lies between 0 and this."
        )
    points = f"{100 * abs(found.value):.1f} points of chrF {'less' if found.value < 0 else 'more'}"
    known = f" The control is known for {flips.controls:,} of {len(contrast.focus_answers):,} rows."
    return (
        f"{exchange} changes what is written by {points} than exchanging for {control}"
        f"{_interval(contrast, found, '+.1f', scale=100.0)}.{known if contrast.planned.fixed else ''}"
    )


def rates(contrast: Contrast, flips: Flips) -> tuple[str, str]:
    """Return how often, or by how much, the answer changes across the groups, and within one."""
    across, within = share(flips.across), share(flips.within)
    control = f"Exchanged for {control_of(contrast)}"
    if flips.change is WRITING:
        return (
            f"What is written changes by {across} between the groups, as chrF sees it.",
            f"{control}, what is written changes by {within}.",
        )
    return (
        f"The decision changes between the groups in {across} of exchanges.",
        f"{control}, the decision changes in {within} of exchanges.",
    )


def control_of(contrast: Contrast) -> str:
    """Return what the control exchanges."""
    return NEUTRAL_CONTROL if contrast.planned.fixed else "another of the same group"


def share(estimate: Estimate) -> str:
    """Return a share in percent."""
    return "an unknown share" if estimate.value is None else f"{estimate.value:.1%}"


def _interval(contrast: Contrast, estimate: Estimate, form: str, *, scale: float = 1.0, what: str = "") -> str:
    rows = f"{len(contrast.focus_answers):,} rows"
    if contrast.n_unit == "documents":
        rows += f" in {estimate.n:,} documents"
    if not estimate.bounds:
        return f" (no interval, {rows})"
    low, high = (scale * bound for bound in estimate.interval())
    return f" (95% interval{what} {low:{form}} to {high:{form}}, {rows})"
