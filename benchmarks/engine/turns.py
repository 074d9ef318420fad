"""Arms take turns, so that a slow spell of the machine meets all of them; one whose answers disagree is void."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from study import Figure

from engine.clock import Clock, Spent
from engine.work import Floats, Task

DIFFERENCE = 1e-4
"""Largest difference of a probability, and largest margin at which a label may differ, before an arm is void."""

RESAMPLES = 2000


def whole(task: Task) -> Task:
    """The part of a task that fast arms do."""
    return task


def sampled(task: Task) -> Task:
    """The first rows of a task with all that is asked of them; seconds are counted by the answer."""
    return task.sample


def few(task: Task) -> Task:
    """Strings from all over the sample."""
    return task.few


@dataclass(eq=False)
class Arm:
    """One way of doing the work.

    Attributes:
        run: does it, on the clock.
        read: makes probabilities of class 1 from what `run` returned, off the clock; None for an arm without answers.
        part: what of a task it is given; ready: done before the clock starts.
        seconds, walls: of each turn, for one answer; tokens: distinct tokens of its parts, done in `spent` seconds.
        fault: why it is void, or None.
    """

    name: str
    run: Callable[[Task], Any]
    read: Callable[[Any], Any] | None = None
    part: Callable[[Task], Task] = whole
    ready: Callable[[], None] | None = None
    seconds: list[float] = field(default_factory=list)
    walls: list[float] = field(default_factory=list)
    tokens: float = 0.0
    spent: float = 0.0
    fault: str | None = None


Check = Callable[[Task, Any], str | None]


def take_turns(arms: Sequence[Arm], tasks: Sequence[Task], clock: Clock, *, check: Check, seed: int) -> None:
    """Let every arm do its part of every task, in an order drawn anew for each.

    A card is warmed up by the first sample; on a CPU choosing batch sizes and shapes has done that.
    """
    draw = np.random.default_rng(seed)
    with clock.running():
        for arm in arms if clock.device != "cpu" else ():
            _do(arm, arm.part(tasks[0]), clock)
        for task in tasks:
            for place in draw.permutation(len(arms)):
                arm = arms[place]
                part = arm.part(task)
                answer, spent = _do(arm, part, clock)
                arm.seconds.append(clock.seconds(spent) / len(part))
                arm.walls.append(spent.wall / len(part))
                arm.spent += clock.seconds(spent)
                arm.tokens += _tokens(arm, task)
                if arm.read is not None:
                    arm.fault = arm.fault or check(part, arm.read(answer))


def _tokens(arm: Arm, task: Task) -> float:
    """Return the distinct tokens of an arm's part; strings from all over the sample stand for their share of it."""
    if arm.part is few:
        return task.sample.tokens * len(task.few) / len(task.sample)
    return float(arm.part(task).tokens)


def _do(arm: Arm, part: Task, clock: Clock) -> tuple[Any, Spent]:
    if arm.ready is not None:
        arm.ready()
    return clock.time(lambda: arm.run(part))


def disagreement(found: Floats, expected: Floats) -> str | None:
    """Return how probabilities differ from what the plain model answers, or None where they agree."""
    if len(found) < len(expected) or not np.isfinite(found).all():
        return f"{len(found)} answers for {len(expected)} rows, or answers that are no numbers"
    found = found[: len(expected)]
    flipped = ((found > 0.5) != (expected > 0.5)) & (np.abs(2.0 * expected - 1.0) > DIFFERENCE)
    difference = float(np.abs(found - expected).max())
    if flipped.any():
        return f"{int(flipped.sum())} of {len(expected)} labels differ"
    return f"probabilities differ by up to {difference:.2g}" if difference > DIFFERENCE else None


@dataclass(frozen=True)
class Ratio:
    """How many times as fast: the median over turns with its 95% interval, or why there is none."""

    value: float | None
    low: float = 0.0
    high: float = 0.0
    fault: str | None = None

    def figure(self, name: str, *, least: float | None = None, most: float | None = None, unit: str) -> Figure:
        """Return it as a figure with the interval beside the unit; a void arm meets no target."""
        target = f">= {least:g}" if least is not None else f"<= {most:g}" if most is not None else None
        if self.value is None:
            return Figure(f"{name}: void, {self.fault}", None, unit, target, None if target is None else False)
        met = None
        if least is not None:
            met = self.value >= least
        elif most is not None:
            met = self.value <= most
        return Figure(name, self.value, f"{unit}, 95% [{self.low:.3f}, {self.high:.3f}]", target, met)


def ratio(slow: Arm, fast: Arm) -> Ratio:
    """Return the median over turns of the slow arm's seconds by the fast one's, or why one of them is void."""
    fault = next((f"{arm.name}: {arm.fault}" for arm in (slow, fast) if arm.fault), None)
    if fault:
        return Ratio(None, fault=fault)
    return ratio_of([a / b for a, b in zip(slow.seconds, fast.seconds, strict=True)])


def ratio_of(ratios: Sequence[float]) -> Ratio:
    """Return the median of ratios with the percentile bootstrap interval of it."""
    draws = np.random.default_rng(0).choice(ratios, (RESAMPLES, len(ratios)))
    low, high = np.quantile(np.median(draws, axis=1), [0.025, 0.975])
    return Ratio(statistics.median(ratios), float(low), float(high))
