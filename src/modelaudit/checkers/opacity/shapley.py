"""Shapley explanation: are the model's answers explained, truthfully, by a list of words?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

from modelaudit.audit_report import SubjectInfo
from modelaudit.checker import Budget, CheckerInfo, Context, Cost, Risk
from modelaudit.checkers.opacity.baseline import other_baseline
from modelaudit.checkers.opacity.best_order import search_evaluations
from modelaudit.checkers.opacity.explanation import Effort, Explanation, Game, explain
from modelaudit.checkers.opacity.findings import (
    GOOD_ERROR,
    GOOD_RELIABILITY,
    MOST_DEVIATION,
    MOST_GAP,
    Beside,
    findings_of,
)
from modelaudit.checkers.opacity.method_card import Setup, method_card
from modelaudit.checkers.opacity.players import MOST_UNITS, in_drawn_order, units_of
from modelaudit.checkers.opacity.self_check import self_check
from modelaudit.checkers.opacity.shap_bridge import cross_check
from modelaudit.checkers.opacity.stability import edited
from modelaudit.checkers.opacity.targets import targets_of
from modelaudit.errors import NotAssessable
from modelaudit.results import Finding

UNIT = "log-odds"

LEAST_SPREAD = 0.1
"""Median standard deviation of the output, in log-odds, below which it counts as not reacting to hidden words."""

FIRST_PAIRS = 4
"""Permutation pairs of the first round: the fewest that can be split in halves of two."""

MOST_TARGETS = 5
"""Entities of a row that are explained, the first ones."""

COMPARED_PAIRS = 8
"""Permutation pairs on which a row is explained again, after an edit or with words hidden otherwise."""

EDITS_A_ROW = 1
"""Kinds of edit that a row's stability is measured by: more rows tell more than more edits of one."""


class ShapleyExplanation:
    """Explains predictions by Shapley values of their words and measures whether the explanations hold.

    Args:
        rows: rows to explain; by default 20, 60 or 200 with the preset.
        pairs: antithetic permutation pairs a row at the most; by default 4, 12 or 32. At least 2. Every row begins with
            4, and one that has not settled gets twice as many as before.
        cross_check: "shap" lets that library's own explainers explain a few of the rows as well.
    """

    info = CheckerInfo(
        id="modelaudit/shapley-explanation",
        version="2.0",
        risk=Risk.OPACITY,
        title="Shapley explanations and their faithfulness",
        question="Can a person be told, truthfully, which words made the model answer as it did?",
        summary=(
            "Words of a row are hidden from the model in many combinations, and each word is credited with its Shapley "
            "value: its average effect on the log-odds of the predicted class (of each entity found, for token "
            "classification). Then the words are hidden in the order that the explanation names, and in random orders: "
            "an explanation is faithful as far as its order moves the answer more. How much of the output's variation "
            "the sum of the values accounts for says how much of the answer such a list can show at all."
        ),
        needs=("predict", "predict_masked"),
        not_shown=(
            "An explanation says what the model reacted to, not whether the answer is right or fair.",
            "Hiding a word puts a mask token in its place (a function's texts lose the word, or get a mask word); "
            "answers to masked text are part of what is measured.",
            "A list of words can't show how words work together; the least additive row is among the examples.",
            "Supports documentation of how the system answers; no law names this method as sufficient.",
        ),
        remedies=(
            "Do not show word-by-word explanations to affected persons where they are not faithful.",
            "Read the rows with few decisive words for shortcuts (names, punctuation, artefacts of the data).",
            "Fine-tune with randomly masked words, so that masked text is nothing new to the model.",
            "Prefer a simpler model where decisions must be explained one by one.",
        ),
        references=(
            "Shapley 1953, A value for n-person games",
            "Lundberg and Lee 2017, A unified approach to interpreting model predictions",
            "Mitchell et al. 2022, Sampling permutations for Shapley value estimation",
            "DeYoung et al. 2020, ERASER: a benchmark to evaluate rationalized NLP models",
            "Edin et al. 2025, Normalized AOPC",
        ),
    )

    def __init__(self, *, rows: int | None = None, pairs: int | None = None, cross_check: str | None = None) -> None:
        self.rows = rows
        self.pairs = pairs
        self.cross_check = cross_check

    def applies(self, subject: SubjectInfo) -> str | None:
        """Return why there is nothing to explain, or None: text and token classification are explained."""
        if subject.task not in {"text-classification", "token-classification"}:
            return f"explains text and token classification, not {subject.task}"
        if len(subject.model.labels) < 2:
            return "the model has a single label, so there is no decision to explain"
        return None

    def cost(self, subject: SubjectInfo) -> Cost:
        """Return the masked variants of all rows that will be explained, about."""
        budget = Budget(subject.preset)
        words = min(max(round(subject.evaluation.mean_words), 1), MOST_UNITS)
        rows = min(self._sample_size(budget), subject.evaluation.rows)
        effort, (searched, spelt) = self._effort(budget), _subsamples(budget)
        evaluations = (
            _candidates(rows, subject.task)
            + rows * effort.evaluations(words)
            + (EDITS_A_ROW + 1) * min(spelt, rows) * min(effort.evaluations(words), 2 * words * COMPARED_PAIRS)
            + rows * 4 * (1 + effort.random_orders)
            + min(searched, rows) * (search_evaluations(words) + 4)
        )
        return Cost(evaluations, round(evaluations * (subject.evaluation.mean_tokens + 2)))

    def run(self, ctx: Context) -> Iterable[Finding]:
        """Explain a sample of the evaluation rows. Raises NotAssessable where no row has words to choose from."""
        games, left_out = self._games(ctx)
        explained = len({game.row.id for game in games})
        if explained < 2:
            reasons = "; ".join(f"{count} rows: {reason}" for reason, count in sorted(left_out.items())) or "no rows"
            raise NotAssessable(
                f"{explained} rows could be explained, and an interval needs two ({reasons}); "
                "provide evaluation rows of at least two words"
            )
        searched, spelt = _subsamples(ctx.budget)
        explanations = explain(ctx.model, games, self._effort(ctx.budget), seed=ctx.seed, searched=searched)
        _require_reaction(explanations)
        solved = [each.solved.first(COMPARED_PAIRS) for each in explanations[:spelt]]
        edits = edited(ctx.model, solved, seed=ctx.seed, kinds=EDITS_A_ROW)
        other = other_baseline(ctx.model, solved)
        if other is None:
            ctx.note("Whether values hold when words are hidden in another way was not asked: this model has no other.")
        check = self_check(ctx.model, games)
        crossed = cross_check(ctx.model, [each.solved for each in explanations]) if self.cross_check else None
        for reason, count in sorted(left_out.items()):
            ctx.note(f"{count} of the rows drawn were left out: {reason}.")
        grouped = len({game.row.id for game in games if game.units.grouped})
        if grouped:
            ctx.note(f"{grouped} rows have more than {MOST_UNITS} words; neighbouring words share one value there.")
        card = method_card(self._setup(ctx, left_out), explanations, edits=edits, other=other, check=check)
        return list(findings_of(explanations, Beside(edits, other, check, crossed, card)))

    def _setup(self, ctx: Context, left_out: Counter[str]) -> Setup:
        per_word = ctx.subject.task == "token-classification"
        return Setup(
            version=self.info.version,
            seed=ctx.seed,
            output="an entity's tags, mean over its words" if per_word else "the predicted class",
            unit=UNIT,
            hidden=ctx.subject.model.hidden_words,
            effort=self._effort(ctx.budget),
            left_out=left_out,
            limits=(
                f"median relative standard error at most {GOOD_ERROR:.0%}",
                f"agreement of halves of the pairs at least {GOOD_RELIABILITY}",
                f"median spread of the output at least {LEAST_SPREAD} {UNIT}",
                f"additivity gap at most {MOST_GAP} {UNIT}",
                f"deviation from brute force at most {MOST_DEVIATION} {UNIT}",
            ),
        )

    def _sample_size(self, budget: Budget) -> int:
        if self.rows is not None and self.rows < 2:
            raise ValueError(f"the option rows is {self.rows}; an interval needs 2 or more")
        return budget.pick(20, 60, 200) if self.rows is None else self.rows

    def _effort(self, budget: Budget) -> Effort:
        if self.pairs is not None and self.pairs < 2:
            raise ValueError(f"the option pairs is {self.pairs}; a standard error needs 2 or more")
        most = budget.pick(4, 12, 32) if self.pairs is None else self.pairs
        return Effort(
            exact_players=budget.pick(8, 8, 10),
            pairs=min(FIRST_PAIRS, most),
            most_pairs=most,
            settled=GOOD_ERROR if budget.preset != "full" else GOOD_ERROR * 2 / 3,
            random_orders=budget.pick(10, 20, 20),
        )

    def _games(self, ctx: Context) -> tuple[list[Game], Counter[str]]:
        """Return the rows to explain, in drawn order, and why others before them were left out."""
        if self.cross_check not in {None, "shap"}:
            raise ValueError(f"the option cross_check is {self.cross_check!r}; only shap is known")
        size = self._sample_size(ctx.budget)
        distinct, repeated = in_drawn_order(ctx.data.evaluation, seed=ctx.seed)
        candidates = distinct[: _candidates(size, ctx.subject.task)]
        players = ctx.model.players(candidates)
        predictions = ctx.model.predict(candidates)
        targets = targets_of(predictions, ctx.model.labels)
        games: list[Game] = []
        left_out: Counter[str] = Counter()
        if repeated:
            ctx.note(f"{repeated} evaluation rows repeat the words of another; each text is explained once.")
        taken = 0
        for row, words, found in zip(candidates, players, targets, strict=True):
            if taken == size:
                break
            if len(words) < 2:
                left_out["fewer than two words, so there is nothing to share out"] += 1
            elif not found:
                left_out["the model finds no entity in them"] += 1
            else:
                # All targets of a row share its coalitions, whose answers the engine has then.
                games += [Game(row, units_of(words), target) for target in found[:MOST_TARGETS]]
                taken += 1
        chosen = {game.row.id for game in games}
        cut = sum(bool(long) for row, long in zip(candidates, predictions.truncated, strict=True) if row.id in chosen)
        if cut:
            ctx.note(f"{cut} explained rows are longer than the model reads; only what it reads is explained.")
        return games, left_out


def _subsamples(budget: Budget) -> tuple[int, int]:
    """Return for how many rows the best order is searched, and how many are explained again after edits."""
    return budget.pick(10, 30, 60), budget.pick(5, 15, 40)


def _candidates(size: int, task: str) -> int:
    """Return how many rows are drawn to find so many that can be explained; entities are rarer than words."""
    return size * (8 if task == "token-classification" else 2)


def _require_reaction(explanations: Sequence[Explanation]) -> None:
    spread = float(np.median([each.shapley.spread for each in explanations]))
    if spread < LEAST_SPREAD:
        raise NotAssessable(
            f"the output does not react to removing words: its median spread over {len(explanations)} rows is "
            f"{spread:.3g} log-odds, under {LEAST_SPREAD}; check that the model was fine-tuned and reads these rows"
        )
