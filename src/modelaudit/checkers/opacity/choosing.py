"""Choosing: the rows that are explained, and what of each."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from modelaudit.checker import Context
from modelaudit.checkers.opacity.answering import answered
from modelaudit.checkers.opacity.parts import WORDS
from modelaudit.checkers.opacity.players import MOST_UNITS, in_drawn_order, units_of
from modelaudit.checkers.opacity.solving import Game
from modelaudit.checkers.opacity.targets import (
    SCALES,
    SEVERAL_OUTPUTS,
    WHOLE_TRANSCRIPT,
    Scale,
    Target,
    targets_of,
)
from modelaudit.media.shrunk import shrunk
from modelaudit.rows import Row

MOST_TARGETS = 5
"""Entities, labels or outputs of a row that are explained, the first ones."""

ROUNDING = 1e-6
"""Spread, by one more than the size of the output, that may be rounding."""

STEADY = 0.02
"""Variation of a regression's output from row to row, by the size of its mean, below which it may be of no training."""

LONGEST_SIDE = 640
"""Pixels of the longest side of a picture that is explained; of a larger one a smaller copy is."""

NO_TARGET = {
    "token-classification": "the model finds no entity in them",
    "text-generation": "the model answers them with nothing",
    "text2text-generation": "the model answers them with nothing",
    "question-answering": "their answer does not stand in what the model reads of the context",
    "automatic-speech-recognition": "the model understands nothing in them, or no transcript as long as theirs",
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
    rows, open_ended = answered(ctx, [_bearable(row) for row in distinct[: candidates(size, task)]])
    players, predictions = ctx.model.players(rows), ctx.model.predict(rows)
    targets = [
        tuple(each.without_end for each in found if len(each.classes) > 1) if row.id in open_ended else found
        for row, found in zip(rows, targets_of(predictions, ctx.model.labels, task), strict=True)
    ]
    known = predictions.logits[np.isfinite(predictions.logits).all(axis=1)]
    outputs = known if len(known) else np.zeros((1, 1))
    varies, centre = outputs.std(axis=0), np.abs(outputs.mean(axis=0))
    rounding = ROUNDING * (1.0 + centre)
    scale = SCALES[task]
    least = max(scale.reacts * (float(varies[0]) if scale.relative else 1.0), float(rounding[0]))
    if task == "text-regression" and len(varies) > 1:
        scale, least = SEVERAL_OUTPUTS, SEVERAL_OUTPUTS.reacts
        targets = [tuple(_sized(found, np.where(varies > rounding, varies, 0.0))) for found in targets]
    if task == "automatic-speech-recognition" and "token_statistics" not in ctx.model.capabilities:
        # Of a model that writes no tokens one by one (CTC) a transcript has a single probability.
        scale = WHOLE_TRANSCRIPT
        targets = [tuple(_by_character(row, found)) for row, found in zip(rows, targets, strict=True)]
    games: list[Game] = []
    left_out: Counter[str] = Counter()
    taken = 0
    for row, words, found in zip(rows, players, targets, strict=True):
        if taken == size:
            break
        if len(words) < 2:
            left_out[f"fewer than two {scale.parts.many}, so there is nothing to share out"] += 1
        elif not found:
            left_out[NO_TARGET.get(task, "the model gives no answer to them")] += 1
        else:
            # All targets of a row share its coalitions, whose answers the engine has then.
            games += [Game(row, units_of(words), target) for target in found[:MOST_TARGETS]]
            taken += 1
    chosen = {game.row.id for game in games}
    cut = sum(bool(long) for row, long in zip(rows, predictions.truncated, strict=True) if row.id in chosen)
    small = sum(
        row.picture is not None and max(row.picture.size) > LONGEST_SIDE for row in distinct if row.id in chosen
    )
    grouped = len({game.row.id for game in games if game.units.grouped})
    if repeated:
        whole = scale.parts.whole
        same = "words" if scale.parts is WORDS else whole
        ctx.note(f"{repeated} evaluation rows repeat the {same} of another; each {whole} is explained once.")
    if small:
        ctx.note(
            f"{small} explained pictures are larger than {LONGEST_SIDE} pixels; copies of that size are explained."
        )
    if cut:
        ctx.note(f"{cut} explained rows are longer than the model reads; only what it reads is explained.")
    if grouped:
        ctx.note(f"{grouped} rows have more than {MOST_UNITS} words; neighbouring words share one value there.")
    for reason, count in sorted(left_out.items()):
        ctx.note(f"{count} of the rows drawn were left out: {reason}.")
    steady = task == "text-regression" and bool((varies < STEADY * centre).all())
    return Choice(games, left_out, scale, least, steady)


def _bearable(row: Row) -> Row:
    """Return the row with a picture that can be changed thousands of times."""
    return row if row.picture is None else replace(row, picture=shrunk(row.picture, longest=LONGEST_SIDE))


def _sized(targets: Sequence[Target], varies: NDArray[np.float64]) -> Iterator[Target]:
    """Yield the targets of a regression in standard deviations of their output; one that never varies has none."""
    for target in targets:
        (output,) = target.classes
        if varies[output] > 0.0:
            yield replace(target, size=float(varies[output]))


def _by_character(row: Row, targets: Sequence[Target]) -> Iterator[Target]:
    """Yield the targets of a transcript by the number of its characters, so that long ones count like short ones."""
    for target in targets:
        yield replace(target, size=float(max(len(row.answer or ""), 1)))
