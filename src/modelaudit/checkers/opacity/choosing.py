"""Choosing: the rows that are explained, and what of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from modelaudit.checker import Context
from modelaudit.checkers.opacity.players import MOST_UNITS, in_drawn_order, units_of
from modelaudit.checkers.opacity.solving import Game
from modelaudit.checkers.opacity.targets import SCALES, SEVERAL_OUTPUTS, Scale, Target, targets_of
from modelaudit.rows import Row

MOST_TARGETS = 5
"""Entities, labels or outputs of a row that are explained, the first ones."""

NEW_TOKENS = 8
"""Tokens of an answer that a language model is asked for, where the rows have none."""

ROUNDING = 1e-6
"""Spread, by one more than the size of the output, that may be rounding."""

STEADY = 0.02
"""Variation of a regression's output from row to row, by the size of its mean, below which it may be of no training."""

NO_TARGET = {
    "token-classification": "the model finds no entity in them",
    "text-generation": "the model answers them with nothing",
}


@dataclass(frozen=True, slots=True)
class Choice:
    """What is explained.

    Attributes:
        games: in drawn order; the targets of one row stand together.
        left_out: rows that were drawn and are not explained, by reason.
        scale: of the values.
        reacts: spread of the values from which on a row's output counts as reacting to hidden words.
        steady: whether the outputs of a regression hardly vary from row to row beside their size.
    """

    games: Sequence[Game]
    left_out: Mapping[str, int]
    scale: Scale
    reacts: float
    steady: bool

    @property
    def rows(self) -> int:
        """Rows that are explained."""
        return len({game.row.id for game in self.games})


def candidates(size: int, task: str) -> int:
    """Return how many rows are drawn to find so many that can be explained; entities are rarer than words."""
    return size * (8 if task == "token-classification" else 2)


def choose(ctx: Context, size: int) -> Choice:
    """Choose up to so many evaluation rows, and say in notes what was passed over."""
    task = ctx.subject.task
    distinct, repeated = in_drawn_order(ctx.data.evaluation, seed=ctx.seed)
    rows = _answered(ctx, distinct[: candidates(size, task)])
    players, predictions = ctx.model.players(rows), ctx.model.predict(rows)
    targets = targets_of(predictions, ctx.model.labels, task)
    outputs = predictions.logits if len(predictions.logits) else np.zeros((1, 1))
    varies, centre = np.nanstd(outputs, axis=0), np.abs(np.nanmean(outputs, axis=0))
    rounding = ROUNDING * (1.0 + centre)
    scale = SCALES[task]
    least = max(scale.reacts * (float(varies[0]) if scale.relative else 1.0), float(rounding[0]))
    if task == "text-regression" and len(varies) > 1:
        scale, least = SEVERAL_OUTPUTS, SEVERAL_OUTPUTS.reacts
        targets = [tuple(_sized(found, np.where(varies > rounding, varies, 0.0))) for found in targets]
    games: list[Game] = []
    left_out: Counter[str] = Counter()
    taken = 0
    for row, words, found in zip(rows, players, targets, strict=True):
        if taken == size:
            break
        if len(words) < 2:
            left_out["fewer than two words, so there is nothing to share out"] += 1
        elif not found:
            left_out[NO_TARGET.get(task, "the model gives no answer to them")] += 1
        else:
            # All targets of a row share its coalitions, whose answers the engine has then.
            games += [Game(row, units_of(words), target) for target in found[:MOST_TARGETS]]
            taken += 1
    chosen = {game.row.id for game in games}
    cut = sum(bool(long) for row, long in zip(rows, predictions.truncated, strict=True) if row.id in chosen)
    grouped = len({game.row.id for game in games if game.units.grouped})
    if repeated:
        ctx.note(f"{repeated} evaluation rows repeat the words of another; each text is explained once.")
    if cut:
        ctx.note(f"{cut} explained rows are longer than the model reads; only what it reads is explained.")
    if grouped:
        ctx.note(f"{grouped} rows have more than {MOST_UNITS} words; neighbouring words share one value there.")
    for reason, count in sorted(left_out.items()):
        ctx.note(f"{count} of the rows drawn were left out: {reason}.")
    steady = task == "text-regression" and bool((varies < STEADY * centre).all())
    return Choice(games, left_out, scale, least, steady)


def _sized(targets: Sequence[Target], varies: NDArray[np.float64]) -> Iterator[Target]:
    """Yield the targets of a regression in standard deviations of their output; one that never varies has none."""
    for target in targets:
        (output,) = target.classes
        if varies[output] > 0.0:
            yield replace(target, size=float(varies[output]))


def _answered(ctx: Context, rows: Sequence[Row]) -> Sequence[Row]:
    """Return the rows with an answer to explain: a language model is asked for one where the data has none."""
    if ctx.subject.task != "text-generation" or all(row.answer is not None for row in rows):
        return rows
    open_ = [place for place, row in enumerate(rows) if row.answer is None]
    said = ctx.model.generate([rows[place] for place in open_], max_new_tokens=NEW_TOKENS)
    given = dict(zip(open_, said, strict=True))
    ctx.note(f"The rows have no answers; the model's own were explained, chosen greedily, {NEW_TOKENS} tokens at most.")
    return [replace(row, answer=given.get(place, row.answer)) for place, row in enumerate(rows)]
