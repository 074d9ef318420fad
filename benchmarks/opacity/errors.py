"""How far explanations are from exact values on short rows, and how long each takes to come as near.

Both sides are held against the game that they explain: shap's default the probability of a class, ours its log-odds,
and each against the other's as well. Words are one token each, so that words and tokens are the same players.
"""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from engine.turns import Arm, ratio, take_turns
from engine.work import Task
from numpy.typing import NDArray
from study import Figure, at_most

from modelaudit.checkers.opacity.shapley_values import all_coalitions, permutation_pairs
from modelaudit.checkers.opacity.solving import Game, ask
from opacity.explaining import Pairs
from opacity.explaining import at_most as pairs_within
from opacity.shap_arms import BUDGET
from opacity.speed import FASTER, Bench
from opacity.texts import Texts

Floats = NDArray[np.float64]

DRAWS = 50
"""Draws of permutations by which our mean error on a row is known."""

BATCH = 64
SAME_GAME = 1e-3
"""Largest difference of a value between shap's strings and our token ids before they count as two games."""


@dataclass(frozen=True, eq=False)
class Exact:
    """A row with the output of every coalition of its words.

    Attributes:
        outputs: by name of the output, (2^n,) in the order of bit masks.
    """

    game: Game
    text: str
    outputs: dict[str, Floats]

    def values(self, output: str) -> Floats:
        """Return the exact Shapley values."""
        return all_coalitions(len(self.game.units)).solve(self.outputs[output]).values

    def ours(self, output: str, pairs: int) -> float:
        """Return the mean error of so many permutation pairs."""
        n, known, truth = len(self.game.units), self.outputs[output], self.values(output)
        found = []
        for seed in range(DRAWS):
            drawn = permutation_pairs(n, pairs, rng=np.random.default_rng(seed))
            found.append(_error(drawn.solve(known[drawn.keep @ (1 << np.arange(n))]).values, truth))
        return statistics.fmean(found)

    def theirs(self, output: str, found: Any) -> float:
        """Return the error of a row of shap's answer; the special tokens stand at its ends."""
        class_ = self.game.target.classes[0]
        base, values = float(found.base_values[class_]), found.values[:, class_]
        known = self.outputs[output]
        # Where shap stops early, it gives a share to the special tokens as well.
        if abs(base - known[0]) > SAME_GAME or abs(base + values.sum() - known[-1]) > SAME_GAME:
            raise RuntimeError(f"shap explains another game of {output}, so errors can't be compared")
        return _error(values[1:-1], self.values(output))


def errors(bench: Bench, texts: Texts, *, each: int, turns: int) -> list[Figure]:
    """Compare errors at equal evaluations, and times at equal error."""
    short = [text for rows in texts.short.values() for text in rows[:each]]
    with bench.clock.running():
        rows = _enumerated(bench, short)
        budgets = {budget: _budget(bench, rows, budget) for budget in (100, BUDGET)}
    head = f"{len(rows)} rows of {min(texts.short)} to {max(texts.short)} words"
    figures: list[Figure] = []
    for budget, found in budgets.items():
        wanted = bench.targets.error if budget == BUDGET else None
        figures += found.figures(f"error, {head}, shap at max_evals={budget}", wanted)
    figures += _whole_budget(head, rows, budgets[BUDGET])
    return figures + _at_equal_error(bench, head, rows, budgets[BUDGET], turns)


@dataclass(frozen=True)
class _Budget:
    """Errors of all rows, by output, at one budget of shap."""

    asked: list[int]
    theirs: dict[str, list[float]]
    own: dict[str, list[float]]
    asked_of_ours: list[int]

    def figures(self, head: str, target: float | None) -> list[Figure]:
        """Return the medians, and their ratio with its target."""
        unit = "L1 by exact L1, median of the rows"
        figures = []
        for output, theirs in self.theirs.items():
            own = self.own[output]
            ratio_ = statistics.median(own) / statistics.median(theirs)
            name = f"{head}, {output}: ours by shap's"
            figures += [
                Figure(name, ratio_, "ratio") if target is None else at_most(name, ratio_, target, unit="ratio"),
                Figure(f"{head}, {output}: shap's", statistics.median(theirs), unit),
                Figure(f"{head}, {output}: ours", statistics.median(own), unit),
            ]
        return [
            *figures,
            Figure(f"{head}: evaluations of shap", statistics.fmean(self.asked), "a row"),
            Figure(f"{head}: evaluations of ours", statistics.fmean(self.asked_of_ours), "a row"),
        ]


def _enumerated(bench: Bench, texts: Sequence[str]) -> list[Exact]:
    bench.ours.ours.forget()
    games = bench.ours.games(texts)
    answers = ask(bench.ours.ours.model, games, [all_coalitions(len(game.units)).keep for game in games])
    return [
        Exact(game, text, {"probability": game.target.level(one), "log-odds": game.target.value(one)})
        for game, text, one in zip(games, texts, answers, strict=True)
    ]


def _budget(bench: Bench, rows: Sequence[Exact], budget: int) -> _Budget:
    found = _Budget([], {"probability": [], "log-odds": []}, {"probability": [], "log-odds": []}, [])
    arms: dict[str, Callable[[str], Any]] = {
        "log-odds": lambda text: bench.shap.batched([text], BATCH, max_evals=budget),
        "probability": lambda text: bench.shap.documented([text], max_evals=budget),
    }
    for row in rows:
        for output, explain in arms.items():
            before = bench.shap.evaluations
            found.theirs[output].append(row.theirs(output, explain(row.text)[0]))
            asked = bench.shap.evaluations - before
        n = len(row.game.units)
        pairs = pairs_within(asked)(n)
        found.asked.append(asked)
        found.asked_of_ours.append(2 * n * pairs)
        for output, own in found.own.items():
            own.append(row.ours(output, pairs))
    return found


def _whole_budget(head: str, rows: Sequence[Exact], default: _Budget) -> list[Figure]:
    """Return our errors where we use up the budget, which shap's tree of phrases has no use for on short rows."""
    figures = []
    for output, theirs in default.theirs.items():
        own = statistics.median(row.ours(output, pairs_within(BUDGET)(len(row.game.units))) for row in rows)
        name = f"error, {head}, {output}, ours with all of {BUDGET} evaluations"
        figures += [
            Figure(name, own, "L1 by exact L1, median of the rows"),
            Figure(f"{name}, by shap's default", own / statistics.median(theirs), "ratio"),
        ]
    return figures


def _at_equal_error(bench: Bench, head: str, rows: Sequence[Exact], default: _Budget, turns: int) -> list[Figure]:
    """Return how long shap's default takes against as many pairs of ours as come at least as near, on the same rows."""
    figures = []
    for output, wanted in (("probability", bench.targets.equal_error), ("log-odds", None)):
        reached = statistics.median(default.theirs[output])
        pairs = next(n for n in range(1, 257) if statistics.median(row.ours(output, n) for row in rows) <= reached)
        name = f"at shap's error, {head}, {output}"
        figures += [
            *_timed(bench, name, rows, lambda _, pairs=pairs: pairs, turns, wanted),
            Figure(f"{name}: permutation pairs of ours", pairs, "pairs"),
            Figure(
                f"{name}: error of ours", statistics.median(row.ours(output, pairs) for row in rows), "L1 by exact L1"
            ),
        ]
    return figures


def _timed(
    bench: Bench, name: str, rows: Sequence[Exact], pairs: Pairs, turns: int, wanted: float | None
) -> list[Figure]:
    documented = Arm("shap.Explainer(pipeline)", lambda task: bench.shap.documented(task.texts))
    own = Arm("ours", lambda task: bench.ours.explain(task.texts, pairs), ready=bench.ours.ours.forget)
    # Every turn has rows of each length.
    tasks = [Task([row.text for row in rows[turn::turns]], [], rows=[]) for turn in range(turns)]
    take_turns([documented, own], tasks, bench.clock, check=lambda *_: None, seed=0)
    return [
        ratio(documented, own).figure(f"{name}: ours / {documented.name}", least=wanted, unit=FASTER),
        *(
            Figure(f"{name}: {arm.name}", statistics.median(arm.seconds), f"{bench.clock.mode} a row")
            for arm in (documented, own)
        ),
    ]


def _error(values: Floats, truth: Floats) -> float:
    return float(np.abs(np.asarray(values) - truth).sum() / np.abs(truth).sum())
