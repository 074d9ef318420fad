"""Shapley explanation: are the model's answers explained, truthfully, by a list of words, patches or segments?"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from modelaudit.audit_report import SubjectInfo
from modelaudit.checker import Budget, CheckerInfo, Context, Cost, Risk
from modelaudit.checkers.opacity.answering import new_tokens
from modelaudit.checkers.opacity.baseline import other_baseline
from modelaudit.checkers.opacity.best_order import search_evaluations
from modelaudit.checkers.opacity.choosing import Choice, candidates, choose
from modelaudit.checkers.opacity.explanation import Effort, Explanation, explain
from modelaudit.checkers.opacity.findings import GOOD_RELIABILITY, findings_of
from modelaudit.checkers.opacity.method_card import Setup, method_card
from modelaudit.checkers.opacity.parts import PATCHES, SEGMENTS, WORDS, Parts
from modelaudit.checkers.opacity.players import MOST_UNITS
from modelaudit.checkers.opacity.randomised import Randomised, against_random
from modelaudit.checkers.opacity.self_check import self_check
from modelaudit.checkers.opacity.shap_bridge import cross_check
from modelaudit.checkers.opacity.solving import Solved, of_first_rows
from modelaudit.checkers.opacity.stability import edited
from modelaudit.checkers.opacity.targets import SCALES, Scale
from modelaudit.checkers.opacity.validity import GOOD_ERROR, MOST_DEVIATION, MOST_GAP, MOST_RANDOM, Beside
from modelaudit.errors import CapabilityError, NotAssessable
from modelaudit.media.patches import MOST_PATCHES
from modelaudit.media.segments import MOST_SEGMENTS
from modelaudit.results import Finding

FIRST_PAIRS = 4
"""Permutation pairs of the first round: the fewest that can be split in halves of two."""

COMPARED_PAIRS = 8
"""Permutation pairs on which a row is explained again, after an edit or with words hidden otherwise."""

CHOOSING = frozenset({"text-classification", "token-classification", "image-classification", "audio-classification"})
"""Tasks whose answer is one of several labels."""

REACTING = 0.1
"""Share of the rows whose output has to react to hidden words: one shortcut word may be all that a model reads."""

LEARNT = 3.0
"""How many times the spread under random weights such an output has to have."""

CROSS_CHECKED = 5_000
"""Evaluations that shap takes for the rows that it explains as well, about."""

MOST_PARTS = {PATCHES: MOST_PATCHES, SEGMENTS: MOST_SEGMENTS}
"""Players of a picture or a sound, for the cost; of a text they are its words."""

EDITS_A_ROW = 1
"""Kinds of edit that a row's stability is measured by: more rows tell more than more edits of one."""


class ShapleyExplanation:
    """Explains predictions by Shapley values of words, patches or segments and measures whether these hold.

    Args:
        rows: rows to explain; by default 20, 60 or 200 with the preset, of pictures and sounds 8, 30 or 100.
        pairs: antithetic permutation pairs a row at the most; by default 4, 16 or 32, of pictures and sounds twice as
            many. At least 2. Every row begins with
            4, and one that has not settled gets twice as many as before.
        cross_check: "shap" lets that library's own explainers explain a few of the rows as well.
    """

    info = CheckerInfo(
        id="modelaudit/shapley-explanation",
        version="2.1",
        risk=Risk.OPACITY,
        title="Shapley explanations and their faithfulness",
        question=(
            "Can a person be told, truthfully, which words, or which parts of a picture or a sound, made the model "
            "answer as it did?"
        ),
        summary=(
            "Words of a row (patches of a picture, segments of a sound) are hidden from the model in many "
            "combinations, and each is credited with its Shapley value: its average effect on the log-odds of the "
            "predicted class (of each label or entity found), on the output of a regression, or on the log-probability "
            "of a fixed answer. Then they are hidden in the order that the explanation names, and in random orders: an "
            "explanation is faithful as far as its order moves the answer more. How much of the output's variation the "
            "sum of the values accounts for says how much of the answer such a list can show at all."
        ),
        needs=("predict", "predict_masked"),
        means=(
            "People who are told why they were refused or flagged could be given reasons that are not the model's. "
            "They may then contest the wrong point or change the wrong thing, and whoever reviews the decision may "
            "miss what really decided it. It depends on whether such explanations are shown to anyone or relied on."
        ),
        not_shown=(
            "An explanation says what the model reacted to, not whether the answer is right or fair.",
            "Hiding a word puts a mask token in its place (without one nothing attends to the word; a function's texts "
            "lose it, or get a mask word); answers to such text are part of what is measured.",
            "A hidden patch has the picture's mean colour, a hidden segment is silent; answers to such pictures and "
            "sounds are part of what is measured.",
            "A list of words can't show how words work together; the least additive row is among the examples.",
            "It can help to document how the system answers; whether it explains enough is for people to judge.",
        ),
        remedies=(
            "Do not show word-by-word explanations to affected persons where they are not faithful.",
            "Read the rows with few decisive words for shortcuts (names, punctuation, artefacts of the data).",
            "Look at pictures and listen to sounds with few decisive parts for shortcuts (backgrounds, marks, hums).",
            "Fine-tune with randomly masked words, so that masked text is nothing new to the model.",
            "Prefer a simpler model where decisions must be explained one by one.",
        ),
        references=(
            "Shapley 1953, A value for n-person games",
            "Lundberg and Lee 2017, A unified approach to interpreting model predictions",
            "Mitchell et al. 2022, Sampling permutations for Shapley value estimation",
            "Adebayo et al. 2018, Sanity checks for saliency maps",
            "DeYoung et al. 2020, ERASER: a benchmark to evaluate rationalized NLP models",
            "Edin et al. 2025, Normalized AOPC",
        ),
    )

    def __init__(self, *, rows: int | None = None, pairs: int | None = None, cross_check: str | None = None) -> None:
        for name, value, least in (("rows", rows, "an interval"), ("pairs", pairs, "a standard error")):
            if value is not None and (type(value) is not int or value < 2):
                raise ValueError(f"the option {name} is {value!r}; {least} needs a whole number of 2 or more")
        if cross_check not in {None, "shap"}:
            raise ValueError(f"the option cross_check is {cross_check!r}; only shap is known")
        self.rows = rows
        self.pairs = pairs
        self.cross_check = cross_check

    def applies(self, subject: SubjectInfo) -> str | None:
        """Return why there is nothing to explain, or None."""
        if subject.task == "fill-mask":
            return "a masked language model is asked for one word after the other and gives no answer to explain"
        if subject.task not in SCALES:
            return f"explains {', '.join(SCALES)}, not {subject.task}"
        if subject.task in CHOOSING and len(subject.model.labels) < 2:
            return "the model has a single label, so there is no decision to explain"
        return None

    def cost(self, subject: SubjectInfo) -> Cost:
        """Return the masked variants of all rows that will be explained, about."""
        budget = Budget(subject.preset)
        parts = SCALES[subject.task].parts
        words = MOST_PARTS.get(parts) or min(max(round(subject.evaluation.mean_words), 1), MOST_UNITS)
        rows = min(self._sample_size(budget, parts), subject.evaluation.rows)
        effort, (searched, spelt, again) = self._effort(budget, parts), _subsamples(budget)
        written = 0 if subject.evaluation.labelled else new_tokens(subject.task)
        evaluations = (
            candidates(rows, subject.task) * (1 + written)
            + rows * effort.evaluations(words)
            + (min(spelt, rows) + 2 * min(again, rows)) * min(effort.evaluations(words), 2 * words * COMPARED_PAIRS)
            + rows * 4 * (1 + effort.random_orders)
            + min(searched, rows) * (search_evaluations(words) + 4)
            + (CROSS_CHECKED if self.cross_check else 0)
        )
        return Cost(evaluations, round(evaluations * (subject.evaluation.mean_tokens + 2)))

    def run(self, ctx: Context) -> Iterable[Finding]:
        """Explain a sample of the evaluation rows. Raises NotAssessable where no row has words to choose from."""
        parts = SCALES[ctx.subject.task].parts
        choice = choose(ctx, self._sample_size(ctx.budget, parts))
        games, scale, left_out = choice.games, choice.scale, dict(choice.left_out)
        if choice.rows < 2:
            reasons = "; ".join(f"{count} rows: {reason}" for reason, count in sorted(left_out.items())) or "no rows"
            raise NotAssessable(
                f"{choice.rows} rows could be explained, and an interval needs two ({reasons}); "
                f"provide evaluation rows of at least two {parts.many}"
            )
        searched, spelt, again = _subsamples(ctx.budget)
        explanations = explain(ctx.model, games, self._effort(ctx.budget, parts), seed=ctx.seed, searched=searched)
        explanations = _reacting(explanations, choice)
        still = choice.rows - len({each.game.row.id for each in explanations})
        first = [each.solved.first(COMPARED_PAIRS) for each in explanations]
        games = [one.game for one in first]
        first, solved = first[: of_first_rows(games, spelt)], first[: of_first_rows(games, again)]
        beside = Beside(
            edits=edited(ctx.model, first, task=ctx.subject.task, seed=ctx.seed, kinds=EDITS_A_ROW),
            other=other_baseline(ctx.model, solved),
            randomised=_against_random(ctx, solved),
            check=self_check(ctx.model, games),
            crossed=cross_check(ctx.model, [each.solved for each in explanations]) if self.cross_check else None,
        )
        _require_learning(solved, beside.randomised, choice)
        if still:
            left_out[f"the output hardly reacts to hidden {parts.many}, spread under {scale.least}"] = still
            ctx.note(
                f"In {still} of {choice.rows} rows the output hardly reacts to hidden {parts.many} (spread under "
                f"{scale.least}); they are left out, since there is nothing to explain."
            )
        if beside.other is None:
            ctx.note("Whether values hold when words are hidden in another way was not asked: this model has no other.")
        card = method_card(self._setup(ctx, scale, left_out), explanations, beside)
        return list(findings_of(explanations, beside, scale, card=card))

    def _setup(self, ctx: Context, scale: Scale, left_out: Mapping[str, int]) -> Setup:
        return Setup(
            version=self.info.version,
            seed=ctx.seed,
            output=scale.output,
            unit=scale.unit,
            parts=scale.parts,
            hidden=ctx.subject.model.hidden_words,
            effort=self._effort(ctx.budget, scale.parts),
            left_out=left_out,
            limits=(
                f"median relative standard error at most {GOOD_ERROR:.0%}",
                f"agreement of halves of the pairs at least {GOOD_RELIABILITY}",
                f"a tenth of the rows or more with a spread of the output of {scale.least}",
                f"additivity gap at most {MOST_GAP} {scale.sized}",
                f"deviation from brute force at most {MOST_DEVIATION} {scale.sized}",
                f"rank correlation with values of random weights not surely above {MOST_RANDOM}",
            ),
        )

    def _sample_size(self, budget: Budget, parts: Parts = WORDS) -> int:
        if self.rows is not None:
            return self.rows
        return budget.pick(20, 60, 200) if parts is WORDS else budget.pick(8, 30, 100)

    def _effort(self, budget: Budget, parts: Parts) -> Effort:
        # Of pictures and sounds fewer rows are explained, and each has more players than most texts.
        most = budget.pick(4, 16, 32) * (1 if parts is WORDS else 2) if self.pairs is None else self.pairs
        return Effort(
            exact_players=budget.pick(8, 10, 10),
            pairs=min(FIRST_PAIRS, most),
            most_pairs=most,
            settled=GOOD_ERROR if budget.preset != "full" else GOOD_ERROR * 2 / 3,
            random_orders=budget.pick(10, 20, 20),
        )


def _subsamples(budget: Budget) -> tuple[int, int, int]:
    """Return for how many rows the best order is searched, how many are explained again after an edit, and how many
    with words hidden otherwise and under random weights.
    """
    return budget.pick(10, 30, 60), budget.pick(10, 30, 60), budget.pick(5, 15, 40)


def _against_random(ctx: Context, solved: Sequence[Solved]) -> Randomised | None:
    try:
        return against_random(ctx.randomised(), solved, hide=ctx.model.hidings[0])
    except CapabilityError as error:
        ctx.note(f"Whether explanations hang on what the model learnt was not asked: {error}.")
        return None


def _reacting(explanations: Sequence[Explanation], choice: Choice) -> list[Explanation]:
    """Return the explanations of rows whose output reacts to hidden words.

    Raises:
        NotAssessable: so few react that there is nothing to explain.
    """
    spreads: dict[str, list[float]] = {}
    for each in explanations:
        spreads.setdefault(each.game.row.id, []).append(each.shapley.spread)
    reacting = {row for row, found in spreads.items() if max(found) >= choice.reacts}
    if len(reacting) < max(2, REACTING * len(spreads)):
        middle = float(np.median([max(found) for found in spreads.values()]))
        whole = (
            ", or whether it reads what no patch holds alone, as the colour of the whole"
            if choice.scale.parts is PATCHES
            else ""
        )
        raise NotAssessable(
            f"the output does not react to removing {choice.scale.parts.many}: in {len(reacting)} of {len(spreads)} "
            f"rows its spread is {choice.scale.least} or more (median {middle:.3g} {choice.scale.unit}); check that "
            f"the model was fine-tuned and reads these rows{whole}"
        )
    return [each for each in explanations if each.game.row.id in reacting and each.shapley.spread > 0.0]


def _require_learning(solved: Sequence[Solved], randomised: Randomised | None, choice: Choice) -> None:
    """Raise NotAssessable for a number that is nearly the same for every row, as that of a model without training is.

    The unit is the model's own, so a small output is no sign; one that hardly varies beside its size, and no more than
    the output of random weights does, is.
    """
    spread = float(np.median([one.shapley.spread for one in solved]))
    if choice.steady and randomised is not None and spread < LEARNT * randomised.spread:
        raise NotAssessable(
            "the output reacts to removing words hardly more than that of the same model with random weights: its "
            f"median spread over {len(solved)} explanations is {spread:.3g} against {randomised.spread:.3g}; check "
            "that the model was fine-tuned"
        )
