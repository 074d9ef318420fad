"""Shapley explanation: are the model's answers explained, truthfully, by a list of words?"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np

from modelaudit.audit_report import SubjectInfo
from modelaudit.checker import Budget, CheckerInfo, Context, Cost, Risk, Row
from modelaudit.checkers.opacity.exhibits import chosen_attributions, concentration_histogram, removal_curve
from modelaudit.checkers.opacity.explanation import Effort, Explanation, Game, explain
from modelaudit.checkers.opacity.median import median
from modelaudit.checkers.opacity.players import MOST_UNITS, in_drawn_order, units_of
from modelaudit.checkers.opacity.targets import targets_of
from modelaudit.errors import NotAssessable
from modelaudit.evidence import Note
from modelaudit.results import Finding, Metric
from modelaudit.statistics import Estimate, mean_difference

LEAST_SPREAD = 0.1
"""Median standard deviation of the output, in log-odds, below which it counts as not reacting to hidden words."""

MOST_GAP = 0.01
"""Log-odds by which masked and plain answers may differ before the explanation is of another function."""

GOOD_ERROR = 0.15
"""Relative standard error up to which the values of a row count as settled."""


class ShapleyExplanation:
    """Explains predictions by Shapley values of their words and measures whether the explanations hold.

    Args:
        rows: rows to explain; by default 20, 60 or 200 with the preset.
        pairs: antithetic permutation pairs a row; by default 4, 10 or 24. At least 2.
    """

    info = CheckerInfo(
        id="modelaudit/shapley-explanation",
        version="1.1",
        risk=Risk.OPACITY,
        title="Shapley explanations and their faithfulness",
        question="Can a person be told, truthfully, which words made the model answer as it did?",
        summary=(
            "Words of a row are hidden from the model in many combinations, and each word is credited with its Shapley "
            "value: its average effect on the log-odds of the predicted class (of the first entity found, for token "
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

    def __init__(self, *, rows: int | None = None, pairs: int | None = None) -> None:
        self.rows = rows
        self.pairs = pairs

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
        evaluations = rows * self._effort(budget).evaluations(words) + _candidates(rows, subject.task)
        return Cost(evaluations, round(evaluations * (subject.evaluation.mean_tokens + 2)))

    def run(self, ctx: Context) -> Iterable[Finding]:
        """Explain a sample of the evaluation rows. Raises NotAssessable where no row has words to choose from."""
        games, left_out = self._games(ctx)
        if len(games) < 2:
            reasons = "; ".join(f"{count} rows: {reason}" for reason, count in sorted(left_out.items())) or "no rows"
            raise NotAssessable(
                f"{len(games)} rows could be explained, and an interval needs two ({reasons}); "
                "provide evaluation rows of at least two words"
            )
        explanations = explain(ctx.model, games, self._effort(ctx.budget), seed=ctx.seed)
        _require_reaction(explanations)
        for reason, count in sorted(left_out.items()):
            ctx.note(f"{count} of the rows drawn were left out: {reason}.")
        grouped = sum(game.units.grouped for game in games)
        if grouped:
            ctx.note(f"{grouped} rows have more than {MOST_UNITS} words; neighbouring words share one value there.")
        return list(_findings(explanations))

    def _sample_size(self, budget: Budget) -> int:
        if self.rows is not None and self.rows < 2:
            raise ValueError(f"the option rows is {self.rows}; an interval needs 2 or more")
        return budget.pick(20, 60, 200) if self.rows is None else self.rows

    def _effort(self, budget: Budget) -> Effort:
        if self.pairs is not None and self.pairs < 2:
            raise ValueError(f"the option pairs is {self.pairs}; a standard error needs 2 or more")
        return Effort(
            exact_players=budget.pick(8, 8, 10),
            pairs=budget.pick(4, 10, 24) if self.pairs is None else self.pairs,
            random_orders=budget.pick(10, 20, 20),
        )

    def _games(self, ctx: Context) -> tuple[list[Game], Counter[str]]:
        """Return the rows to explain, in drawn order, and why others before them were left out."""
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
        for row, words, target in zip(candidates, players, targets, strict=True):
            if len(games) == size:
                break
            if len(words) < 2:
                left_out["fewer than two words, so there is nothing to share out"] += 1
            elif target is None:
                left_out["the model finds no entity in them"] += 1
            else:
                games.append(Game(row, units_of(words), target))
        chosen = {game.row.id for game in games}
        cut = sum(bool(long) for row, long in zip(candidates, predictions.truncated, strict=True) if row.id in chosen)
        if cut:
            ctx.note(f"{cut} explained rows are longer than the model reads; only what it reads is explained.")
        return games, left_out


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


def _findings(explanations: Sequence[Explanation]) -> Iterable[Finding]:
    gap = max(each.additivity_gap for each in explanations)
    error = median([each.shapley.relative_error for each in explanations], least=0.0, most=_largest_error(explanations))
    yield _faithfulness(explanations, gap=gap, error=error)
    yield _additivity(explanations)
    yield _concentration(explanations)
    yield Finding(
        metric=Metric(
            id="additivity_gap",
            title="Largest additivity gap",
            value=gap,
            unit="log-odds",
            better="neither",
            n=len(explanations),
            method="maximum over rows of |base + sum of values - output on the unmasked row|",
            reason="a maximum over the rows at hand has no interval",
        ),
        statement=f"Base and values of a row add up to the model's own output to within {gap:.2g} log-odds.",
        caveats=(
            "The sum holds by construction: a gap shows a fault or an output that is not repeatable, and no gap does "
            "not show that the values have settled.",
        ),
    )
    exact = sum(each.shapley.errors is None for each in explanations)
    yield Finding(
        metric=Metric.of(
            error,
            id="sampling_error",
            title="Sampling error of the values",
            unit="share of the attribution",
            better="neither",
        ),
        statement=(
            f"In the median row the standard errors add up to {error.value or 0.0:.0%} of the attribution; "
            f"{exact} of {len(explanations)} rows were computed exactly."
        ),
    )


def _faithfulness(explanations: Sequence[Explanation], *, gap: float, error: Estimate) -> Finding:
    gains = mean_difference([each.faithfulness.gain for each in explanations], clusters=_clusters(explanations))
    low, high = gains.interval()
    confounded = None
    if gap > MOST_GAP:
        confounded = (
            f"answers to the same row differ by up to {gap:.2g} log-odds between the plain and the masked path, so the "
            "explained function is not the audited one"
        )
    settled = "have settled" if (error.value or 0.0) <= GOOD_ERROR else "have not settled; more pairs would help"
    return Finding(
        metric=Metric.of(
            gains,
            id="faithfulness_gain",
            title="Faithfulness of explanations above chance",
            unit="fall of probability",
            better="higher",
            primary=True,
        ),
        statement=(
            "Hiding the words that the explanation names first lowers the explained probability by "
            f"{gains.value or 0.0:.3f} more than hiding random words "
            f"(95% interval {low:.3f} to {high:.3f}, {gains.n} rows)."
        ),
        evidence=(
            removal_curve(explanations),
            *chosen_attributions(explanations),
            Note(
                title="Convergence",
                text=f"The median relative standard error is {error.value or 0.0:.0%}: the values {settled}. "
                "On average, noise in the values lowers the faithfulness that is measured.",
            ),
        ),
        confounded=confounded,
        caveats=("The gain depends on how sure the model is, so it does not rank one model against another.",),
    )


def _additivity(explanations: Sequence[Explanation]) -> Finding:
    residuals = [each.shapley.residual_share for each in explanations]
    shares = [1.0 - residual for residual in residuals if residual is not None]
    found = median(shares, least=min(0.0, *shares), most=1.0)
    low, high = found.interval()
    return Finding(
        metric=Metric.of(
            found,
            id="additive_share",
            title="Share of the answer's variation that the list of words accounts for",
            unit="share of variation",
            better="higher",
            primary=True,
        ),
        statement=(
            f"In the median row, the sum of the words' values gives back {found.value or 0.0:.0%} of how the output "
            f"varies as words are hidden (95% interval {low:.0%} to {high:.0%}, {found.n} rows); the rest is words "
            "acting together, which no list of words can show."
        ),
        caveats=(
            "Below 0% the list says less than the mean output alone would.",
            "Masked text is unusual text: part of the rest may be how the model takes mask tokens.",
        ),
    )


def _concentration(explanations: Sequence[Explanation]) -> Finding:
    most = max(len(each.game.units) for each in explanations)
    words = median([each.concentration for each in explanations], least=1.0, most=float(most))
    return Finding(
        metric=Metric.of(
            words, id="words_for_80pct", title="Words that carry 80% of the attribution", unit="words", better="neither"
        ),
        statement=f"In the median row {_words(words.value or 0.0)} 80% of the attribution.",
        evidence=(concentration_histogram(explanations),),
        caveats=("Longer rows need more words, and a model that leans on one shortcut word is the most concentrated.",),
    )


def _words(count: float) -> str:
    return "one word carries" if count == 1 else f"{count:g} words carry"


def _largest_error(explanations: Sequence[Explanation]) -> float:
    return max(1.0, *(each.shapley.relative_error for each in explanations))


def _clusters(explanations: Sequence[Explanation]) -> list[str] | None:
    rows: list[Row] = [each.game.row for each in explanations]
    if all(row.group is None for row in rows):
        return None
    return [f"row {row.id}" if row.group is None else f"group {row.group}" for row in rows]
